/* exported fmt, number, repr, rounded, typedNumber, scale, shade, wire */
// How a page writes a number that it has computed, and how strongly it colours it: exactly as
// Python does, in support/text.py and pictures/paint/palette.py, where each is explained.

// The digits of a size above 0 and the power of ten of the first: ["1234", 3] for 1234.  All
// that are needed to find the number again, or so many, rounded half to even as in Python.
function digitsOf(size, most = Infinity) {
  let [text, power] = size.toExponential().split("e");
  if (text.replace(".", "").length > most) {
    const exact = size.toExponential(100), down = exact.slice(0, most + 1);
    const half = /^50*e/.test(exact.slice(most + 1)) && "02468".includes(down.at(-1));
    [text, power] = half ? [down, power] : size.toExponential(most - 1).split("e");
  }
  return [text.replace(".", ""), +power];
}

function plain(digits, power) {  // without a power of ten
  if (power < 0) return "0." + "0".repeat(-power - 1) + digits;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0"), rest = digits.slice(power + 1);
  return rest ? `${whole}.${rest}` : whole;
}

function fmt(x, sign = false, most = 4) {
  if (Number.isNaN(x)) return "NaN";
  if (x === 0) return "0";
  const before = x < 0 ? "−" : sign || x === Infinity ? "+" : "";
  if (!Number.isFinite(x)) return before + "∞";
  const [digits, power] = digitsOf(Math.abs(x), most);
  if (-3 <= power && power < most) return before + plain(digits, power);
  const rest = digits.slice(1);
  return `${before}${digits[0]}${rest && "."}${rest}e${String(power).replace("-", "−")}`;
}

// A number inside a formula.
function number(x) {
  return x < 0 ? `(${fmt(x)})` : fmt(x);
}

// A number as Python types it, with all its digits.
function repr(x) {
  if (Number.isNaN(x)) return "nan";
  const before = x < 0 || Object.is(x, -0) ? "-" : "";
  if (x === 0) return before + "0.0";
  if (!Number.isFinite(x)) return before + "inf";
  const [digits, power] = digitsOf(Math.abs(x)), rest = digits.slice(1);
  if (-4 <= power && power < 16) {
    return before + plain(digits, power) + (digits.length <= power + 1 ? ".0" : "");
  }
  const size = String(Math.abs(power)).padStart(2, "0");
  return `${before}${digits[0]}${rest && "."}${rest}e${power < 0 ? "-" : "+"}${size}`;
}

// The number that so many digits of a number spell.
function rounded(x, most) {
  if (x === 0 || !Number.isFinite(x)) return x;
  const [digits, power] = digitsOf(Math.abs(x), most);
  return Math.sign(x) * `${digits}e${power - digits.length + 1}`;
}

// A typed number, or null; − and a decimal comma are understood, and ∞ and a fraction.
function typedNumber(typed) {
  const parts = typed.split("/").map(plainDigits);
  if (parts.length === 2) {
    const [above, below] = parts.map(ofDigits);
    return above === null || !below ? null : above / below;
  }
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/.exec(parts.join("/")) ?? [];
  if (word) return word === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
  return ofDigits(parts.join("/"));
}

function plainDigits(typed) {
  return typed.trim().toLowerCase().replaceAll("−", "-").replaceAll("∞", "inf").replaceAll(",", ".");
}

function ofDigits(text) {
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/.test(text) ? +text : null;
}

// Colours

function scale(numbers) {
  return Math.max(0, ...numbers.filter(Number.isFinite).map(Math.abs));
}

function shade(g, m) {
  if (!Number.isFinite(g)) return "bad";
  if (g === 0) return "zero";
  const size = Math.abs(g), strength = size >= m / 3 ? 3 : size >= m / 30 ? 2 : 1;
  return (g > 0 ? "pos" : "neg") + strength;
}

// Colour token, width and dash pattern of the wire that carries a message back.
function wire(message, m) {
  const token = shade(message, m), width = {1: 1.0, 2: 1.7, 3: 2.6}[token.at(-1)];
  if (token === "bad") return ["bad", 3.0, ""];
  if (token === "zero") return ["ezero", 1.2, "1.5 3"];
  return message > 0 ? ["epos", width, ""] : ["eneg", width, "6 3"];
}
