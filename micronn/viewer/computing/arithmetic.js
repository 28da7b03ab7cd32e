/* global data, fmt, number, repr, rounded, scale, shade, wire */
/* exported computed, filled, readTapes, MARK */
// The arithmetic of a graph: every operation's tape runs on the machine, which gives its number
// and its local derivatives; then comes the chain rule.  And how a number is put into a text
// that Python wrote for any numbers.

const NONE = new Float64Array(0);
const graph = data.computing;  // see computing.py
const light = (graph ?? data.levels)?.light;
const choices = {cases: data.levels?.cases};  // see cases() of computing.py
const programs = new Map();

function readTapes(machine) {
  for (const [name, tape] of Object.entries(graph.tapes)) programs.set(name, machine.program(tape));
}

// All numbers, from those that are given, by row.
//
// Returns data, of each row; what is not computed is undefined.  at: each number by the name of
// its place, see graph/templates.py.  errors: by row, what Python would say where it refuses.
// terms: what a number is the sum of, by its place.  out: the result.
function computed(given) {
  const found = {data: [], at: new Map(), errors: new Map(), terms: new Map()}, slopes = [];
  const {at, errors, terms} = found;
  graph.rows.forEach(([tape, operands], k) => {
    const read = operands.map(j => found.data[j]);
    const known = tape && !read.includes(undefined);
    const run = known ? programs.get(tape).run(Float64Array.from(read), NONE) : {};
    if (run.refused) errors.set(k, refusal(k, at));
    slopes.push(run.slopes);
    found.data.push(tape ? run.values?.[0] : given.get(k));
    if (found.data[k] !== undefined) at.set(`d${k}`, found.data[k]);
    terms.set(`d${k}`, read.map((x, j) => run.slopes?.[j] * x));
  });
  found.out = found.data.at(-1);
  if (found.out !== undefined) backward(found, slopes);
  return found;
}

// The messages, added in the order of the engine: one_pass() of graph/steps.py.
function backward({at, terms}, slopes) {
  const last = graph.rows.length - 1, grads = graph.rows.map((_, k) => k === last ? 1 : 0);
  for (let k = last; k >= 0; k--) {
    const [, operands, leavesOut] = graph.rows[k], upstream = grads[k];
    operands.forEach((to, j) => {
      const local = slopes[k][j], place = `${k}_${j}`;
      const size = leavesOut && local === 0 ? 0 : local * upstream;
      at.set("l" + place, local).set("m" + place, size).set("b" + place, grads[to]);
      grads[to] += size;
      at.set("a" + place, grads[to]);
      terms.set(`g${to}`, [...terms.get(`g${to}`) ?? [], size]);
    });
  }
  grads.forEach((grad, k) => at.set(`g${k}`, grad));
  at.set("Z", 0).set("M", scale(grads.filter((_, k) => graph.rows[k][3] !== "const")));
}

// What Python says where it refuses; a power has several reasons.
function refusal(k, at) {
  const known = graph.refusals[k], [a, b] = graph.rows[k][1].map(j => at.get(`d${j}`));
  const tooLarge = Math.abs(a) ** (b ?? graph.powers[k]) === Infinity;
  const kind = a === 0 ? "ZeroDivisionError" : tooLarge ? "OverflowError" : "DomainError";
  const text = Object.keys(known).length === 1 ? Object.values(known)[0] : known[kind];
  return text.replace(MARK, (_, form, place) => repr(at.get(place)));
}

// Marks, and how each is filled: see Place in support/text.py

const MARK = /\ue000(.)([^\ue001]*)\ue001/g;
const FORMS = {
  f: x => fmt(x), s: x => fmt(x, true), n: x => number(x), r: x => repr(x),
  v: x => repr(x).startsWith("-") ? `Value(${repr(x)})` : repr(x),
  t: (x, _, m) => shade(x, m), z: x => Number.isFinite(x) ? "zero" : "bad",
  b: x => Number.isFinite(x) ? "card" : "bad",
  y: (x, found, m, at, [limits, none]) =>
    x ? limits.replace("{low}", fmt(rounded(x / 30, 2))).replace("{high}", fmt(rounded(x / 3, 2))) : none,
  l: (x, {terms}, m, at) => repr(bound(x, terms.get(at) ?? [], -1)),
  h: (x, {terms}, m, at) => repr(bound(x, terms.get(at) ?? [], 1)),
  // In whole pictures: with few digits, from where to where, as a share, and whose is the largest;
  2: x => fmt(x, false, 2), "±": x => fmt(x, true, 2), 3: x => fmt(x, false, 3), "+": x => fmt(x, true, 3),
  m: x => span([x].flat(), false), M: x => span([x].flat(), true),
  "%": x => Number.isFinite(x) ? `${tenths(100 * x)}%`.padStart(6) : "",
  a: (x, found, m, at, [told, ...names]) => {
    const top = x.indexOf(Math.max(...x)), share = found.at.get(`%d${at.slice(1).split(",d")[top]},${at}`);
    return x.every(Number.isFinite) ? told.replace("{name}", names[top]).replace("{share}", FORMS["%"](share).trim()) : "";
  },
  A: (x, found, m, at, [k, one, other]) => x.every(Number.isFinite) && x.indexOf(Math.max(...x)) === +k ? one : other,
  // frames; wires, and the lines and strokes of a network; the parts of a census
  e: (x, found, m, at, [fine]) => [x].flat().every(Number.isFinite) ? fine : "bad",
  o: (x, _, m) => wire(x, m)[0], u: (x, _, m) => wire(x, m)[0].replace("epos", "rule"), i: (x, _, m) => wire(x, m)[1], j: (x, _, m) => wire(x, m)[2] || "none",
  W: (x, _, m) => breadth(x, m, 3.5), V: (x, _, m) => breadth(x, m, 2),
  O: (x, _, m) => Number.isFinite(x) ? tenths(0.18 + 0.82 * (m && Math.abs(x) / m)) : 1,
  _: x => x < 0 ? light.ink : "none",
  "[": (x, found, m, at, [bar]) => census(x, bar)[0], "]": (x, found, m, at, [bar]) => census(x, bar)[1],
};
const NOTHING = {t: "card", z: "card", b: "card", o: "rule", u: "rule", i: 1.7, j: "none", W: 0.5, V: 0.5, O: 1, _: "none", "[": 0, "]": 0, "%": "", a: "", y: ""};

// Of some numbers the least and the most; the width of a network's line; where a part of a bar
// begins, and how wide it is: as pictures/ has them.
function span(numbers, sign) {
  if (numbers.some(Number.isNaN)) return "NaN";
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map(x => fmt(x, sign, 3));
  return low === high ? low : `${low} … ${high}`;
}
const tenths = x => (x % 1 === 0.25 ? x - 0.01 : x).toFixed(1);  // of a half the even one, as in Python
const breadth = (x, m, most) => Number.isFinite(x) ? tenths(0.5 + most * (m && Math.abs(x) / m)) : 3;
function census(numbers, bar) {
  const [part, left, wide] = bar.split(",").map(Number), m = scale(numbers);
  const tokens = numbers.map(x => ["neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3", "bad"].indexOf(shade(x, m)));
  const share = test => wide * tokens.filter(test).length / tokens.length;
  return [left + share(k => k < part), share(k => k === part)];
}

function filled(form, mark, found) {
  if (form === "c") return light[filled(mark[0], mark.slice(1), found)];
  if (form === "k") return filled(mark[0], mark.slice(1), found) === "bad" ? "badink" : "ink";
  const [names, ...words] = mark.split("\ue002"), [at, by = "M"] = names.split("|"), x = found.at.get(at);
  if (x === undefined) {
    const refused = at[0] === "d" && found.errors.has(+at.slice(1));
    if ("tzbe".includes(form) && refused) return "bad";
    return form === "e" ? words[0] : form === "A" ? words[2] : NOTHING[form] ?? (refused ? data.say.no : "·");
  }
  if (form !== "w") return FORMS[form](x, found, found.at.get(by), at, words);
  const reasons = choices.cases[at.slice(1).split("_")[0]];
  return reasons[String(x)] ?? reasons.other;
}

// The least and the most that counts as right, as in allowed() of quiz.py.
function bound(x, terms, side) {
  if (!Number.isFinite(x)) return x;
  const size = terms.filter(Number.isFinite).map(Math.abs).reduce((a, b) => a + b, 0);
  const most = Number.MAX_VALUE, limit = x + side * (0.01 * Math.abs(x) + 0.002 * size);
  return Math.max(-most, Math.min(most, limit));
}
