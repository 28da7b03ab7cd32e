/* global all, byId, steps, svg, cards, dressers, leaf, lookAt, visit */
// The picture by keyboard: from card to card along the wires.  Tab leads to the card that the
// step is about; from there left leads to an operand, right to a reader, up and down to the
// others beside it.  What a card says is read off its texts, line by line.

const operands = new Map(), readers = new Map(cards.map(card => [card.id, []]));
for (const {phase, on, to} of steps) {
  if (phase !== "forward") continue;
  operands.set(on[0], to);
  for (const name of to) readers.get(name).push(on[0]);
}
const place = text => [Math.round(text.getAttribute("y") / 20), +text.getAttribute("x")];
const inLines = (a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1];
let textsOf;

function readTexts() {
  textsOf = new Map(cards.map(card => [card, all("text", card).sort(inLines)]));
}

function walkable() {
  readTexts();
  svg.setAttribute("role", "group");  // an image has no parts that could be visited
  for (const card of cards) {
    card.setAttribute("role", "img");
    card.addEventListener("mousedown", event => event.preventDefault());  // arrow keys still turn steps
  }
  svg.addEventListener("keydown", pressed);
}

// Says on each card what stands on it now, and makes one of them the one that Tab leads to.
function nameCards(first) {
  for (const card of cards) {
    const texts = textsOf.get(card).filter(text => text.getAttribute("visibility") !== "hidden");
    const label = texts.map(text => text.textContent).filter(Boolean).join(" ");
    const index = card.id === first ? "0" : "-1";
    if (card.getAttribute("aria-label") !== label) card.setAttribute("aria-label", label);
    if (card.getAttribute("tabindex") !== index) card.setAttribute("tabindex", index);
  }
}

let beside = [], from = "";  // the cards that up and down lead to, and the one left before

function walk(to, among) {
  if (!to) return;
  from = document.activeElement.id;
  beside = among;
  lookAt([to], [to]);
  byId(to).focus({preventScroll: true});
}

const enterAmong = (names = []) => walk(names.includes(from) ? from : names[0], names);

function nextBeside(card, by) {
  const names = beside.includes(card) ? beside : operands.get(readers.get(card)[0]) ?? [card];
  walk(names[names.indexOf(card) + by], names);
}

const ways = {
  ArrowLeft: card => enterAmong(operands.get(card)),
  ArrowRight: card => enterAmong(readers.get(card)),
  ArrowUp: card => nextBeside(card, -1),
  ArrowDown: card => nextBeside(card, 1),
  Enter: visit,
  " ": visit,
};

function pressed(event) {
  const card = event.target.closest(".card"), way = ways[event.key];
  if (!card || !way || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  way(card.id);
}
leaf.painted = nameCards;
dressers.push(walkable);
walkable();
