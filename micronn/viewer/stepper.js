/* global byId, all, add, pressable, data, Pages */
// Python wrote the story, and every number in it.  This script turns its leaves: it moves
// texts and colours to their places and computes no value.

const stage = document.querySelector(".stage"), svg = stage.querySelector("svg");
const steps = data.steps.map(step => ({on: [], to: [], wires: [], set: [], lines: [], ...step}));
const end = steps.length - 1;
const forward = steps.findIndex(step => step.phase === "forward");
const seed = steps.findIndex(step => step.phase === "seed");
const slots = new Map(all("[id]", svg).map(e => [e.id, e]));
const cards = all(".card", svg), wires = all(".wire", svg);
const kinds = new Map(cards.map(e => [e, e.getAttribute("class")]));
const loud = `:scope > text:not([id])[fill="${data.colours.bad}"]`;  // first +∞
const warnings = new Map(cards.map(e => [e, e.querySelectorAll(loud)]));
const tips = all("title,desc", svg).map(e => [e, e.textContent]);
const rows = all("tbody tr");
const names = new Map(rows.map(row => [row.dataset.n, row.cells[0].textContent]));
const cells = rows.flatMap((row, k) => data.numbers[k].map((slot, i) => {
  const cell = row.cells[2 + i];
  return {cell, slot, text: cell.textContent, tip: cell.title};
}));
const numbersOf = new Map(rows.map((row, k) => [row.dataset.n, data.numbers[k]]));  // by card
const words = [...byId("words").children].map(item => ({
  title: item.querySelector("b").textContent, say: item.querySelector("span").textContent,
  why: item.querySelector("i")?.textContent, code: item.querySelector("code").textContent,
}));

// The picture after step k: what stands in the slots, how wires look, which cards are still
// to come, which have a ring.  tips: whether cards and wires name their numbers; about:
// whether the picture does.

function view(k) {
  const seen = {sets: [...data.start], wires: new Map(), todo: new Set(data.computed), on: [], to: []};
  for (const step of steps.slice(0, k + 1)) {
    seen.sets.push(...step.set);
    if (step.phase === "forward") step.on.forEach(card => seen.todo.delete(card));
    step.wires.forEach(wire => seen.wires.set(wire, step.phase === "forward" ? "fwd" : ""));
  }
  return {...seen, tips: k === end, about: true};
}

// The same with the rings and the flowing wires of a step.
function point(seen, step) {
  step.wires.forEach(wire => seen.wires.set(wire, step.phase === "forward" ? "on" : "on rev"));
  return {...seen, on: step.on, to: step.to};
}

function paint(seen) {
  const shown = new Map(seen.sets.map(slot => [slot[0], slot]));
  shown.forEach(fill);
  for (const wire of wires) {
    wire.setAttribute("class", `wire ${seen.wires.get(wire.id) ?? "off"}`.trim());
  }
  for (const card of cards) paintCard(card, shown, seen.todo.has(card.id));
  all(".halo", svg).forEach(ring => ring.remove());
  seen.on.forEach(card => halo(card, "glow", "core"));
  seen.to.filter(card => !seen.on.includes(card)).forEach(card => halo(card, "dash"));
  for (const [tip, text] of tips) {
    tip.textContent = (tip.closest(".card,.wire") ? seen.tips : seen.about) ? text : "";
  }
  paintTable(shown, [...seen.on, ...seen.to]);
  keepInSight(seen.on[0] ?? seen.to[0], seen.to[0]);
}

function fill([name, text, shade]) {
  const slot = slots.get(name), ground = slot.localName === "g" && slot.querySelector("rect");
  const label = ground ? slot.querySelector("text") : slot;
  const room = ground ? ground.getAttribute("width") - 4 : Infinity;
  const width = Math.round([...text].length * label.getAttribute("font-size") * 6) / 10;
  label.textContent = text;
  label.setAttribute("textLength", Math.min(room, width));
  if (!ground || !shade) return;
  const bad = shade === "bad";
  ground.setAttribute("fill", data.colours[shade]);
  label.setAttribute("fill", data.colours[bad ? "badink" : "ink"]);
  if (bad || label.hasAttribute("font-weight")) label.setAttribute("font-weight", bad ? "bold" : "normal");
}

// A card is calm while none of its numbers is nan or infinite: they may still come.
function paintCard(card, shown, todo) {
  const calm = !numbersOf.get(card.id).some(slot => shown.get(slot)?.[2] === "bad");
  card.setAttribute("class", kinds.get(card) + (todo ? " todo" : "") + (calm ? " calm" : ""));
  warnings.get(card).forEach(word => { word.style.visibility = calm ? "hidden" : ""; });
}

function halo(name, ...looks) {
  const card = slots.get(name), edge = card.querySelector("rect").getBBox(), gap = looks.length + 2;
  for (const look of looks) {
    const ring = card.appendChild(document.createElementNS(svg.namespaceURI, "rect"));
    const places = {class: "halo " + look, x: edge.x - gap, y: edge.y - gap, rx: 7,
      width: edge.width + 2 * gap, height: edge.height + 2 * gap};
    for (const [key, value] of Object.entries(places)) ring.setAttribute(key, value);
  }
}

function paintTable(shown, ringed) {
  for (const {cell, slot, text, tip} of cells) {
    cell.textContent = shown.has(slot) ? shown.get(slot)[1] || "·" : text;
    if (cell.textContent === text) cell.title = tip; else cell.removeAttribute("title");
  }
  for (const row of rows) row.className = ringed.includes(row.dataset.n) ? "on" : "";
}

// Scrolls inside the frames only: the page itself stays where the reader put it.
function keepInSight(active, receiver) {
  if (active) center(slots.get(active), stage);
  const row = rows.find(each => each.dataset.n === (receiver ?? active));
  if (row) center(row, row.closest(".scroll"));
}
function center(element, frame) {
  const inner = element.getBoundingClientRect(), outer = frame.getBoundingClientRect();
  frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}

// The words

function write(title, say, why = "", code = "") {
  byId("title").textContent = title;
  byId("say").replaceChildren();
  add(byId("say"), "p", "", say);
  if (why) add(byId("say"), "i", "", why);
  byId("code").textContent = code;
  byId("equation").replaceChildren();
}

function chip(parent, tag, text, shade) {
  const element = add(parent, tag, "", "");
  const number = add(element, "span", shade ? "chip " + shade : "", text);
  if (shade) number.style.background = `var(--${shade})`;
}

function box(parent, number, shade, ...notes) {
  const frame = add(parent, "div", "", "");
  chip(frame, "b", number, shade);
  for (const note of notes) add(frame, "small", "", note);
}

function equation({product, lines, on, to}) {
  if (product) {
    const [message, messageShade, local, symbol, upstream, upstreamShade] = product;
    const row = add(byId("equation"), "div", "boxes", "");
    box(row, message, messageShade, "message to " + names.get(to[0]));
    add(row, "span", "", "=");
    box(row, local, "", "local derivative", symbol);
    add(row, "span", "", "×");
    box(row, upstream, upstreamShade, "upstream gradient", "grad of " + names.get(on[0]));
  }
  for (const [text, number, shade] of lines) {
    const line = add(byId("equation"), "div", "lines mono", text);
    if (number) chip(line, "b", number, shade);
  }
}

// The steps

function show(k) {
  const {title, say, why, code} = words[k];
  paint(point(view(k), steps[k]));
  write(title, say, why, code);
  equation(steps[k]);
  byId("count").textContent = `step ${k} of ${end}`;
}

function visit(card) {
  if (pages.resting) return;
  const about = [...steps.keys()].filter(k => steps[k].on.concat(steps[k].to).includes(card));
  if (about.length) pages.turn(about.find(k => k > pages.now) ?? about[0]);
}

const leaf = {
  last: end, show, title: k => words[k].title,
  toPaper: () => paint(view(end)),
  fromPaper: k => paint(point(view(k), steps[k])),
  keys: {f: () => pages.turn(forward), b: () => pages.turn(seed)},
};
const pages = new Pages(leaf);
for (const card of cards) card.addEventListener("click", () => visit(card.id));
for (const row of rows) pressable(row.cells[0], "mono", () => visit(row.dataset.n));
svg.classList.add("live");
