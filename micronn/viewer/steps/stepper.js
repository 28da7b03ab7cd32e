/* global byId, all, pressable, data, now, turn, svg, fill, lookAt, lookAgain, putBeside, ring, unring */
/* global inflated */
// Python wrote the story, and every number in it.  This script turns its leaves: it moves
// texts and colours to their places and computes no value.  Where a reader changes a number,
// compute.js puts other texts in their place.

const steps = data.steps, end = steps.length - 1;
const forward = steps.findIndex(step => step.phase === "forward");
const seed = steps.findIndex(step => step.phase === "seed");
const loud = `:scope > text:not([id])[fill="${data.bad}"]`;  // first +∞
const rows = all("tbody tr");
const cells = all("[data-slot]").map(cell => ({cell, text: cell.textContent, tip: cell.title}));
const words = [...byId("words").children].map(item => ({
  title: item.querySelector("b").textContent, say: item.querySelector("span").textContent,
  why: item.querySelector("i")?.textContent, code: item.querySelector("code").textContent,
  equation: item.querySelector("template")?.content,
}));
const written_ = [...words];
if (data.equations) inflated(data.equations).json().then(equations => {
  written_.forEach((word, k) => { word.equation = parsed(equations[k]); });
  if (!leaf.resting && now >= 0) inPlace(() => leaf.show(now));
});

// Python's own HTML, where every name is escaped.
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// What is known of a picture; of another one if another is put in its place.
let slots, cards, wires, kinds, tips;
const dressers = [visited];  // what is done to every picture before it is shown

function readPicture() {
  slots = new Map(all("[id]", svg).map(e => [e.id, e]));
  cards = all(".card", svg);
  wires = all(".wire", svg);
  kinds = new Map(cards.map(e => [e, e.getAttribute("class")]));
  tips = all("title,desc", svg).map(e => [e, e.textContent]);
  svg.classList.add("live");
  for (const text of all("[textLength]", svg)) text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  for (const dress of dressers) dress();
}

// The picture after some steps: what stands in the slots, how wires look, which cards are
// still to come.  tips: whether cards and wires name their numbers; about: whether the
// picture does.
function view(done) {
  const seen = {sets: [...data.start], wires: new Map(), todo: new Set(), on: [], to: []};
  for (const step of steps) if (step.phase === "forward") seen.todo.add(step.on[0]);
  for (const step of done) {
    const isForward = step.phase === "forward";
    seen.sets.push(...step.set);
    if (isForward) seen.todo.delete(step.on[0]);
    for (const wire of step.wires) seen.wires.set(wire, isForward ? "fwd" : "");
  }
  return {...seen, tips: done.length === steps.length, about: true};
}

// The same with the rings and the flowing wires of a step.
function point(seen, step) {
  step.wires.forEach(wire => seen.wires.set(wire, step.phase === "forward" ? "on" : "on rev"));
  return {...seen, on: step.on, to: step.to, into: step.phase === "forward" ? step.on : step.to};
}
const at = k => point(view(steps.slice(0, k + 1)), steps[k]);

function paint(seen) {
  const shown = new Map(seen.sets.map(slot => [slot[0], slot]));
  for (const slot of shown.values()) fill(slot);
  for (const wire of wires) {
    wire.setAttribute("class", `wire ${seen.wires.get(wire.id) ?? "off"}`.trim());
  }
  for (const card of cards) {  // calm while no number of it is nan or infinite: it may still come
    const todo = seen.todo.has(card.id) ? " todo" : "";
    const calm = all("[id]", card).every(slot => shown.get(slot.id)?.[2] !== "bad");
    card.setAttribute("class", kinds.get(card) + todo + (calm ? " calm" : ""));
    for (const word of all(loud, card)) {
      if (calm) word.setAttribute("visibility", "hidden"); else word.removeAttribute("visibility");
    }
  }
  unring();
  seen.on.forEach(card => ring(card, "glow", "core"));
  seen.to.filter(card => !seen.on.includes(card)).forEach(card => ring(card, "dash"));
  for (const [tip, text] of tips) {
    tip.textContent = (tip.closest(".card,.wire") ? seen.tips : seen.about) ? text : "";
  }
  paintTable(shown, [...seen.on, ...seen.to]);
  leaf.painted?.(seen.on[0] ?? seen.to[0] ?? cards[0].id);
  if (still) return;
  lookAt([...seen.on, ...seen.to], seen.into ?? seen.to);
  keepInSight(rows.find(row => row.dataset.n === (seen.to[0] ?? seen.on[0])));
}

function paintTable(shown, ringed) {
  for (const {cell, text, tip} of cells) {
    const slot = shown.get(cell.dataset.slot);
    cell.textContent = slot ? slot[1] || "·" : text;
    if (cell.textContent === text) cell.title = tip; else cell.removeAttribute("title");
  }
  for (const row of rows) row.className = ringed.includes(row.dataset.n) ? "on" : "";
}

let still = false;
function inPlace(act) {  // with everything staying where it is
  still = true;
  act();
  still = false;
}

// Scrolls inside the table's frame only: the page itself stays where the reader put it.
function keepInSight(row) {
  const frame = row?.closest(".scroll");
  if (!frame) return;
  frame.scrollTop = row.offsetTop + row.offsetHeight / 2 - frame.clientHeight / 2;
}

function write({title, say, why = "", code = "", equation = "", phase = ""}) {
  byId("now").dataset.phase = phase;
  byId("title").textContent = title;
  byId("say").firstChild.textContent = say;
  byId("say").lastChild.textContent = why;
  byId("code").textContent = code;
  byId("equation").replaceChildren(equation && equation.cloneNode(true));
  putBeside(equation);
}

function show(k) {
  paint(at(k));
  write({...words[k], phase: steps[k].phase});
  byId("count").textContent = `step ${k} of ${end}`;
}

function visit(card) {
  if (leaf.resting) return;
  const about = [...steps.keys()].filter(k => steps[k].on.concat(steps[k].to).includes(card));
  if (about.length) turn(about.find(k => k > now) ?? about[0]);
}

const leaf = {
  last: end, show, title: k => words[k].title,
  toPaper: () => paint(view(steps)),
  fromPaper: k => paint(at(k)),
  resized: lookAgain,
  keys: {f: () => turn(forward), b: () => turn(seed)},
};
function visited() {
  for (const card of cards) card.addEventListener("click", () => visit(card.id));
}
for (const row of rows) pressable(row.cells[0], "mono", () => visit(row.dataset.n));
readPicture();
