/* global cases, data, fmt, number, repr, rounded, scale, shade */
/* exported computed, filled, readTapes, MARK */
// The arithmetic of a graph: every operation's tape runs on the machine, which gives its number
// and its local derivatives; then comes the chain rule.  And how a number is put into a text
// that Python wrote for any numbers.

const NONE = new Float64Array(0);
const graph = data.computing;  // see computing.py
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
  t: (x, {at}) => shade(x, at.get("M")), z: x => Number.isFinite(x) ? "zero" : "bad",
  b: x => Number.isFinite(x) ? "card" : "bad",
  p: x => fmt(rounded(x / 30, 2)), q: x => fmt(rounded(x / 3, 2)),
  l: (x, {terms}, at) => repr(bound(x, terms.get(at) ?? [], -1)),
  h: (x, {terms}, at) => repr(bound(x, terms.get(at) ?? [], 1)),
};

function filled(form, at, found) {
  const x = found.at.get(at);
  if (x === undefined) {
    const refused = at[0] === "d" && found.errors.has(+at.slice(1));
    return "tzb".includes(form) ? refused ? "bad" : "card" : refused ? data.say.no : "·";
  }
  if (form !== "w") return FORMS[form](x, found, at);
  const reasons = cases[at.slice(1).split("_")[0]];
  return reasons[String(x)] ?? reasons.other;
}

// The least and the most that counts as right, as in allowed() of quiz.py.
function bound(x, terms, side) {
  if (!Number.isFinite(x)) return x;
  const size = terms.filter(Number.isFinite).map(Math.abs).reduce((a, b) => a + b, 0);
  const most = Number.MAX_VALUE, limit = x + side * (0.01 * Math.abs(x) + 0.002 * size);
  return Math.max(-most, Math.min(most, limit));
}
