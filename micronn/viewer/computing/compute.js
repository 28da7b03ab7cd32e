/* global byId, all, data, now, leaf, loadMachine, inflated, graph, readTapes, filled, MARK */
/* global choices, Places */
/* global steps, words, cells, svg, readPicture, redraw, inPlace, readStage, readTexts, remakeQuiz */
/* global parsed */
// Other numbers: they are computed by arithmetic.js, and the texts that Python wrote for any
// numbers are filled in.  What a reader does to change a number is in fields.js.

let texts, equations, quiz;  // of these, the last two are filled in when they are shown
let levelled = null;         // the numbers for what opens above, if they are not Python's

async function loadGraph() {
  const unpacked_ = await inflated(graph.texts).json();
  choices.cases = unpacked_.cases;
  ({equations} = unpacked_);
  quiz = JSON.stringify(unpacked_.quiz);
  texts = JSON.stringify({...unpacked_, cases: null, equations: null, quiz: null});
  readTapes(await loadMachine(graph.machine));
}

// Texts.  What the page said when it came is kept.

const python = {
  start: data.start, sets: steps.map(step => step.set), quiz: null, words: [...words],
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
  if (shown.picture === python.picture && graph.svg) takePicture(parsed(graph.svg).firstElementChild);
  if (redraw(told, found)) readTexts();
  levelled = {...found, at: new Places(name => found.at.get(name), [])};
  install({...told, note: ""});
}

// The page as Python wrote it.
function restore() {
  if (shown === python) return;
  takePicture(python.picture.cloneNode(true));
  levelled = null;
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
  if (!leaf.resting && now >= 0) inPlace(() => leaf.show(now));
  leaf.retold?.();
}
leaf.found = () => levelled;

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
