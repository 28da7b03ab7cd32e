/* global Curve, ExampleGraph, Futures, Learner, Network, Plane, Sizes, all, byId, data, fmt, go, loadMachine, now, pressable, repr, timer, turn, typedNumber */
// The page of a training that goes on: Play takes steps, and the reader changes what they start
// from.  A change in the past opens another future; the old one stays on the curve.  Every
// sentence comes from Python, with places for numbers.

const words = data.words;
const spoken = (text, parts) => text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const nameOf = ([layer, neuron]) => spoken(words.neuron, {layer: layer + 1, neuron});

let learner, futures, plane, network, example, curve, sizes;
let settings = null;  // with which the next step will be taken,
let wanted = null;    // and what the reader has set of them since the last step was taken
let chosen = data.index, selected = [0, 0];

const state = () => futures.line[now];
function tell(text, isTrouble = false) {
  byId("notice").textContent = text;
  byId("notice").className = isTrouble ? "trouble" : "";
}

// Pictures

// While it plays, only what is in sight is painted; the rest follows when it pauses.
function isSeen(name) {
  const {top, bottom} = byId(name).getBoundingClientRect();
  return !timer || top < document.documentElement.clientHeight && bottom > 0;
}

function paint() {
  const moment = state(), gradient = learner.measure(moment), row = learner.row(chosen);
  const parameters = learner.parameters(moment), isGrad = byId("grads").checked;
  const seen = ["plane", "curves", "sizes", "network", "example"].filter(isSeen);
  const painters = {
    plane: () => plane?.paint(learner.answer(moment, plane.places, plane.count), row),
    curves: () => curve.paint(futures, moment),
    sizes: () => sizes.paint(futures, moment),
    network() {
      const units = learner.example(moment, row)?.[isGrad ? "grad" : "data"];
      if (gradient || !isGrad) network.paint(isGrad ? "g" : "w", isGrad ? gradient : parameters, units);
      network.mark(selected, settings.frozen);
    },
    example: () => example?.paint(parameters, row),
  };
  for (const name of seen) painters[name]();
  byId("step").textContent = leaf.title(now);
  byId("say").textContent = said(moment);
  rows.forEach((each, k) => { each.className = k === now && moment === learner.states[k] ? "on" : ""; });
}

function said({loss, sizes: all_, note}) {
  const size = Math.max(...all_), parts = {loss: fmt(loss), layer: all_.indexOf(size) + 1, size: fmt(size)};
  const strongest = all_.length > 1 && size > 0 ? words.strongest : "";
  return [words.say, strongest, note].filter(Boolean).map(text => spoken(text, parts)).join(" ");
}

// What can be changed

function put(control, text) {
  if (control !== document.activeElement) control.value = text;
}
function putNumber(input, number) {
  put(input, fmt(number).replaceAll("−", "-"));
  input.title = repr(number);
}

function showControls() {
  const own = learner.parameters(state()), [layer, neuron] = selected, {w, b} = data.layers[layer][neuron];
  putNumber(byId("lr"), settings.lr);
  put(byId("neuron"), selected.join());
  put(byId("pick"), chosen);
  byId("freeze").setAttribute("aria-pressed", settings.frozen.some(each => same(each, selected)));
  byId("whose").textContent = nameOf(selected);
  const fields = byId("numbers");
  if (fields.dataset.of !== selected.join()) {
    fields.dataset.of = selected.join();
    fields.replaceChildren(...[...w, b].map((k, i) => field(k, i < w.length ? `w${i}` : "b")));
  }
  for (const input of all("input", fields)) putNumber(input, own[+input.dataset.k]);
}

function field(k, name) {
  const label = document.createElement("label"), input = document.createElement("input");
  Object.assign(input, {type: "text", autocomplete: "off", spellcheck: false});
  input.dataset.k = k;
  input.addEventListener("change", () => changeNumber(input, k, name));
  label.append(name, input);
  return label;
}

// The number in a field, or null after saying why it is none.
function numberIn(input, least = -Infinity) {
  const number = typedNumber(input.value);
  if (number !== null && Number.isFinite(number) && number >= least) return number;
  tell(spoken(least === 0 ? words.no_rate : words.no_number, {text: input.value}), true);
  return null;
}

function changeNumber(input, k, name) {
  const number = numberIn(input);
  if (number === null || number === state().columns[k]) return;
  const note = spoken(words.changed, {name, neuron: nameOf(selected), number: fmt(number)});
  tell("");
  wanted = null;
  arrive(futures.add(now, {...learner.changed(state(), k, number, note), settings}));
}

function changeRate() {
  const lr = numberIn(byId("lr"), 0);
  if (lr === null) return;
  settings = wanted = {...settings, lr};
  tell(spoken(words.rate, {lr: fmt(lr)}));
}

function freeze() {
  const on = settings.frozen.some(each => same(each, selected));
  const others = settings.frozen.filter(each => !same(each, selected));
  settings = wanted = {...settings, frozen: on ? others : [...others, selected].sort()};
  tell(spoken(on ? words.thawed : words.frozen, {neuron: nameOf(selected)}));
  showControls();
  network.mark(selected, settings.frozen);
}

function select(layer, neuron) {
  selected = [layer, neuron];
  network.mark(selected, settings.frozen);
  showControls();
}

function choose(k) {
  chosen = k;
  paint();
  showControls();
}

// Goes to state k of the current future, which has changed.
function arrive(k) {
  byId("slider").max = leaf.last = futures.line.length - 1;
  turn(k, true);
}

function showFutures() {
  byId("futures").hidden = futures.lines.length < 2;
  byId("futures").lastChild.replaceChildren(...futures.lines.map((line, k) => {
    const button = document.createElement("button"), end = line.at(-1);
    const from = k === futures.current ? now : futures.parting(line);
    button.textContent = spoken(words.future, {k: k + 1, step: end.step, loss: fmt(end.loss)});
    button.setAttribute("aria-pressed", k === futures.current);
    button.addEventListener("click", () => {
      futures.current = k;
      wanted = null;
      arrive(from);
    });
    return button;
  }));
}

// Leaves

const rows = all("tbody tr");
const leaf = {
  last: data.states.length - 1,
  title: k => spoken(words.step, futures?.line[k] ?? data.states[k]),
  show(k) {
    if (!learner) return;
    settings = wanted ?? (futures.line[k + 1] ?? futures.line[k]).settings;
    paint();
    showControls();
    showFutures();
    byId("count").textContent = leaf.title(k);
  },
  onward(k) {
    if (!learner) return null;
    const next = futures.line[k + 1];
    if (next && same(next.settings, settings)) return k + 1;
    const made = learner.after(futures.line[k], settings);
    if (!made) {
      tell(spoken(words.diverged, {step: futures.line[k].step + 1}), true);
      return null;
    }
    if (wanted) tell("");
    wanted = null;
    const at = futures.add(k, made);
    byId("slider").max = leaf.last = futures.line.length - 1;
    return at;
  },
  toPaper: () => {}, fromPaper: () => {},
  keys: {PageUp: () => turn(now - 10), PageDown: () => turn(now + 10)},
};

function begin(machine) {
  learner = new Learner(machine, data);
  futures = new Futures(learner.states);
  for (const each of learner.states) learner.measure(each);
  plane = data.plane && new Plane(data.plane);
  network = new Network(data.layers);
  if (data.computing) example = new ExampleGraph(machine);
  else byId("example").textContent = spoken(words.large, {values: data.values});
  curve = new Curve(byId("curves"), words, data.validation);
  sizes = new Sizes(byId("sizes"), words, data.layers.length);
  byId("lr").addEventListener("change", changeRate);
  byId("freeze").addEventListener("click", freeze);
  byId("neuron").addEventListener("change", event => select(...event.target.value.split(",").map(Number)));
  byId("pick").addEventListener("change", event => choose(+event.target.value));
  for (const name of ["weights", "grads"]) byId(name).addEventListener("change", paint);
  byId("network").addEventListener("click", event => {
    const found = /^[wg]u([0-9]+)_([0-9]+)$/.exec(event.target.closest("[id]")?.id);
    if (found && +found[1]) select(found[1] - 1, +found[2]);
  });
  byId("plane").addEventListener("click", event => {
    const mark = /^plane_x([0-9]+)$/.exec(event.target.closest("[id]")?.id);
    if (mark) choose(+mark[1]);
  });
  byId("change").hidden = false;
  go(Math.max(0, now), true);
}

rows.forEach((row, k) => pressable(row.cells[0], "", () => turn(k)));
loadMachine(data.machine).then(begin, () => tell(words.no_machine, true));
