/* global byId, all, data, leaf, now, setAddress, unpacked, fmt, repr, typedNumber, rounded */
/* global slots, rows, cards, dressers, graph, quizRead, loadGraph, computed, retell, restore */
// What a reader does to change a number: types it, presses arrow keys, drags it on its card,
// steps downhill, opens an address with numbers in it; and takes it back.

const change = byId("given"), changed = byId("changed");
const fields = new Map();  // the input of each given row
const undo = [];           // the numbers before each change
let first, given, latest = null, busy = null;  // busy: what is being changed without a break

const said = (name, parts) => data.say[name].replace(/\{(\w+)\}/g, (_, part) => parts[part]);
const typedAs = x => Number.isFinite(x) ? String(x).replace("e+", "e") : repr(x);
const isSame = other => [...given].every(([k, x]) => Object.is(x, other.get(k)));

// Numbers

// Takes these numbers and tells them; at: what is changed, so that a drag is undone in one.
function take(numbers, at = null) {
  if (isSame(numbers)) return false;
  if (at === null || at !== busy) undo.push(given);
  busy = at;
  given = numbers;
  latest = computed(given);
  setAddressSoon();
  if (isSame(first)) restore(); else retell(latest);
  for (const [k, field] of fields) {
    if (field !== document.activeElement || !Object.is(typedNumber(field.value), given.get(k))) {
      field.value = typedAs(given.get(k));
    }
    field.removeAttribute("aria-invalid");
  }
  return true;
}

function result(parts) {
  const [error] = latest.errors.values();
  const names = {root: graph.titles.at(-1), out: latest.out === undefined ? "" : fmt(latest.out), error};
  return {...names, ...parts};
}

function setOne(k, x, at) {
  take(new Map(given).set(k, x), at);
  const parts = result({name: graph.titles[k], data: fmt(x)});
  changed.textContent = said(parts.error ? "refused" : "changed", parts);
}

// How much an arrow key or a little way of a drag is: 0.1 for numbers around 1.
function grain(x) {
  const power = x && Number.isFinite(x) ? Math.floor(Math.log10(Math.abs(x))) : 0;
  return 10 ** (power < -1 ? power : Math.max(power, 0) - 1);
}
const moved = (x, way, step) => rounded(x + way * step, 12);

// Fields in the table and numbers on the cards

function fieldOf(k, cell) {
  const field = document.createElement("input");
  Object.assign(field, {type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false});
  Object.assign(field, {maxLength: 30, className: "given", value: typedAs(given.get(k))});
  field.setAttribute("aria-label", `data of ${graph.titles[k]}`);
  field.addEventListener("focus", () => { busy = null; field.select(); });
  field.addEventListener("input", () => typed(k, field));
  field.addEventListener("blur", () => { if (!field.matches("[aria-invalid]")) field.value = typedAs(given.get(k)); });
  field.addEventListener("keydown", event => {
    const way = {ArrowUp: 1, ArrowDown: -1}[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const x = given.get(k);
    setOne(k, moved(x, way * (event.shiftKey ? 10 : 1), grain(x)), k);
    field.value = typedAs(given.get(k));
  });
  cell.prepend(field);
  cell.classList.add("changes");
  return field;
}

function typed(k, field) {
  const x = typedNumber(field.value);
  if (x !== null) return setOne(k, x, k);
  field.setAttribute("aria-invalid", "true");
  changed.textContent = data.say.typed;
  return undefined;
}

// On every picture: the number of a given card is a handle.
function dressFields() {
  for (const k of graph.free) {
    const card = cards.find(e => e.id === rows[k].dataset.n), chip = card.querySelector(":scope > g > rect");
    const grip = chip.cloneNode(), number_ = slots.get(rows[k].querySelector("[data-slot]").dataset.slot);
    grip.removeAttribute("style");
    const looks = {y: chip.getAttribute("y") - 20, class: "grip", fill: graph.light.bg, stroke: graph.light.rule};
    for (const [name, look] of Object.entries(looks)) grip.setAttribute(name, look);
    number_.before(grip);
    number_.classList.add("held");
    for (const part of [grip, number_]) part.addEventListener("pointerdown", event => drag(event, k, part));
    for (const part of [grip, number_]) part.addEventListener("click", event => event.stopPropagation());
  }
}

function drag(start, k, part) {
  if (leaf.resting || start.button) return;
  const from = given.get(k), step = grain(from), at = Symbol("drag");
  let far = 0;
  const move = event => {
    const way = Math.round((event.clientX - start.clientX - event.clientY + start.clientY) / 6);
    if (!far && !way) return;
    far = 1;
    const x = moved(from, way, step);
    if (!Object.is(x, given.get(k))) setOne(k, x, at);
  };
  const end = () => {
    part.removeEventListener("pointermove", move);
    if (!far) fields.get(k).focus();
  };
  start.preventDefault();
  part.setPointerCapture(start.pointerId);
  part.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) part.addEventListener(name, end, {once: true});
}

// Downhill, and back

function downhill() {
  const lr = typedNumber(byId("rate").value), slopes = graph.moves.map(k => latest.at.get(`g${k}`));
  const rate = lr > 0 && Number.isFinite(lr), [error] = latest.errors.values();
  const why = error ?? (rate ? "" : data.say.rate) ?? "";
  if (why || !slopes.every(Number.isFinite)) {
    changed.textContent = said("flat", {why: why || data.say.lost});
    return;
  }
  const before = latest.out, next = new Map(given);
  graph.moves.forEach((k, i) => next.set(k, given.get(k) - lr * slopes[i]));
  const foretold = graph.moves.reduce((sum, k, i) => sum + slopes[i] * (next.get(k) - given.get(k)), 0);
  take(next);
  const parts = result({moved: graph.moved, lr: fmt(lr), before: fmt(before), foretold: fmt(foretold, true)});
  const came = latest.out === undefined ? "" : fmt(latest.out - before, true);
  changed.textContent = said(parts.error ? "still" : "downhill", {...parts, came, after: parts.out});
}

function takeBack() {
  while (undo.length && isSame(undo.at(-1))) undo.pop();
  if (!undo.length) return;
  take(undo.pop());
  undo.pop();  // the one that take() has put there
  const parts = result({});
  changed.textContent = said(parts.error ? "still" : "undone", parts);
}

function reset() {
  take(first);
  changed.textContent = data.say.reset;
}

// The address: behind the step the numbers that are not Python's, as &w=-2.5&b=1

// A browser takes few changes of the address in a second: it waits until a drag rests.
let waiting = 0;
function setAddressSoon() {
  clearInterval(waiting);
  waiting = setInterval(() => {
    clearInterval(waiting);
    if (!leaf.resting) setAddress("#step-" + now);
  }, 150);
}

let came = location.hash.replace(/^[^&]*/, "");  // what is not read yet

leaf.address = () => {
  if (!given) return came;
  const others = graph.free.filter(k => !Object.is(given.get(k), first.get(k)));
  return others.map(k => `&${encodeURIComponent(graph.names[k])}=${typedAs(given.get(k))}`).join("");
};

leaf.reads = hash => {
  came = hash.replace(/^[^&]*/, "");
  if (given) readNumbers();
};

function readNumbers() {
  const numbers = new Map(first), unread = [];
  for (const part of came.split("&").slice(1)) {
    const [name, text] = part.split("=").map(unescaped), x = typedNumber(text ?? "");
    const k = graph.free.find(row => graph.names[row] === name);
    if (k === undefined || x === null) unread.push(unescaped(part)); else numbers.set(k, x);
  }
  take(numbers);
  const {error} = result({});
  changed.textContent = unread.length ? said("unread", {part: unread.join(", ").slice(0, 80)}) :
    error ? said("still", {error}) : "";
}

function unescaped(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Into the page

async function open_() {
  try {
    await quizRead;
    await loadGraph();
  } catch {
    byId("how").textContent = data.say.unable;
    all(".controls", change).forEach(e => { e.hidden = true; });
    change.hidden = false;
    return;
  }
  const numbers = unpacked(graph.given);
  first = new Map(graph.free.map((k, i) => [k, numbers[i]]));
  given = new Map(first);
  latest = computed(given);
  for (const k of graph.free) fields.set(k, fieldOf(k, rows[k].cells[2]));
  dressers.push(dressFields);
  dressFields();
  byId("downhill").addEventListener("click", downhill);
  byId("undo").addEventListener("click", takeBack);
  byId("reset").addEventListener("click", reset);
  addEventListener("keydown", event => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (leaf.resting || event.target.matches("input:not(.given)")) return;
    event.preventDefault();
    takeBack();
  });
  change.hidden = false;
  readNumbers();
}

if (graph) open_();
else {
  byId("how").textContent = data.cannot;
  all(".controls", change).forEach(e => { e.hidden = true; });
  change.hidden = false;
}
