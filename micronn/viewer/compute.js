/* global byId, all, data, go, now, leaf, loadMachine, unpacked, bytesOf */
/* global fmt, number, repr, rounded, scale, shade, wire */
/* global steps, words, cells, svg, readPicture, redraw, inPlace, readStage, readTexts, remakeQuiz */
// Other numbers: every operation's tape runs on the machine, which gives its number and its local
// derivatives; then comes the chain rule, and the texts that Python wrote for any numbers are
// filled in.  What a reader does to change a number is in fields.js.

const NONE = new Float64Array(0);
const graph = data.computing;  // see computing.py
const programs = new Map();
let texts, cases, equations, quiz;  // of these, the last two are filled in when they are shown

async function loadGraph() {
  const packed = new Blob([bytesOf(graph.texts)]).stream();
  const unpacked_ = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).json();
  ({cases, equations} = unpacked_);
  quiz = JSON.stringify(unpacked_.quiz);
  texts = JSON.stringify({...unpacked_, cases: null, equations: null, quiz: null});
  const machine = await loadMachine(graph.machine);
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
  at.set("M", scale(grads.filter((_, k) => graph.rows[k][3] !== "const")));
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

// Texts.  What the page said when it came is kept.

const python = {
  start: data.start, sets: steps.map(step => step.set), quiz: () => python.questions, questions: data.quiz, words: [...words],
  table: cells.map(({text, tip}) => [text, tip]), picture: svg.cloneNode(true),
  title: document.querySelector("h1").textContent, limits: byId("limits").textContent,
  note: document.querySelector(".note").textContent,
};

function retell(found) {
  const seen = new Map();  // most marks stand in several texts
  const fill_ = text => text.replace(MARK, (mark, form, at) => {
    if (!seen.has(mark)) seen.set(mark, filled(form, at, found));
    return seen.get(mark);
  });
  const told = JSON.parse(fill_(texts));
  const row = new Map(told.corners.map(([id], k) => [id, k])), [reason] = found.errors.values();
  told.words = told.words.map(([title, say, why, code], k) => {
    const {phase, on} = steps[k], at = row.get(on[0]);
    const known = phase === "start" || (phase === "forward" ? found.data[at] : found.out) !== undefined;
    if (known) return {title, say, why, code, get equation() { return parsed(fill_(equations[k])); }};
    const error = found.errors.get(phase === "forward" ? at : undefined);
    return {title, say: error ? `${error}.` : data.say.none.replace("{error}", () => reason)};
  });
  told.quiz = () => asked_(JSON.parse(fill_(quiz)));
  const table = new Map(told.table.map(([id, ...texts_]) => [id, texts_]));
  told.table = cells.map(({cell}) => table.get(cell.dataset.slot));
  told.name = named(told.heading);
  told.title = told.heading.form ? told.heading.form.replace("{}", () => told.name) : python.title;
  const largest = found.at.get("M");
  told.limits = largest === undefined ? "" : told.limits[largest ? 1 : 0];
  if (shown.picture === python.picture && graph.svg) takePicture(parsed(graph.svg).firstElementChild);
  redraw(told, found);
  readTexts();
  install({...told, note: document.querySelector("#levels") ? data.say.levels : ""});
}

// The page as Python wrote it.
function restore() {
  if (shown === python) return;
  takePicture(python.picture.cloneNode(true));
  install(python);
}

function takePicture(picture) {
  svg.replaceWith(picture);
  readStage();
  readPicture();
}

let shown = python, listed = python;  // what is on the page, and in its list of all steps

function listWords() {
  if (listed === shown) return;
  listed = shown;
  [...byId("words").children].forEach((item, k) => {
    const {title, say, why = "", code = ""} = words[k];
    for (const [name, text] of Object.entries({b: title, span: say, i: why, code})) {
      const part = item.querySelector(`:scope > ${name}`);
      if (part) part.textContent = text;
    }
  });
}
byId("words").closest("details").addEventListener("toggle", listWords);
addEventListener("beforeprint", listWords);

function install(told) {
  shown = told;
  data.start = told.start;
  remakeQuiz(told.quiz);
  told.sets.forEach((set, k) => { steps[k].set = set; });
  words.splice(0, words.length, ...told.words);
  told.table.forEach(([text, tip], k) => {
    Object.assign(cells[k], {text, tip});
    if (cells[k].cell.nextElementSibling) cells[k].cell.nextElementSibling.hidden = told !== python;
  });
  if (byId("words").closest("details").open) listWords();
  document.title = document.querySelector("h1").textContent = told.title;
  document.querySelector(".note").textContent = told.note;
  byId("limits").textContent = told.limits;
  if (!leaf.resting && now >= 0) inPlace(() => go(now, true));
}

// Questions; what several equal reasons say is said once.
function asked_(kinds) {
  for (const question of Object.values(kinds).flatMap(kind => kind.questions)) {
    for (const [name, mark] of [["hint", ", "], ["lesson", "\n"]]) {
      if (Array.isArray(question[name])) question[name] = [...new Set(question[name])].join(mark);
    }
  }
  return kinds;
}

function named({formula, most, other}) {
  return formula && [...formula].length <= most ? formula : other;
}

// Python's own HTML, where every name is escaped.
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
