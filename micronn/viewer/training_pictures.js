/* global byId, fmt, scale, shade, wire */
/* exported Plane, Network, Curve */
// The pictures of a training: Python has drawn them, and what changes in them is found by name
// (pictures/ids.py) and gets other numbers, colours and widths.  The curve alone is drawn here,
// as its axes grow.

function style(element, looks) {
  if (element) Object.assign(element.style, looks);
}
// A text of an SVG picture, held to the width that it has in every font; size: of its letters.
function write(element, text, size = +element.getAttribute("font-size")) {
  element.textContent = text;
  element.setAttribute("font-size", size);
  element.setAttribute("textLength", Math.round([...text].length * size * 6) / 10);
}
const colour = token => `var(--${token})`;

// An axis from low to high between two places, as pictures/charts.py has it; log: by factors.
class Axis {
  constructor(low, high, start, end, log = false) {
    Object.assign(this, {low, high, start, end, log});
  }
  at(number) {
    const [low, high, x] = [this.low, this.high, number].map(
      each => this.log ? Math.log(Math.max(each, 5e-324)) : each);
    const share = high > low ? (x - low) / (high - low) : 0.5;
    return this.start + (this.end - this.start) * Math.min(1, Math.max(0, share));
  }
  ticks() {
    const {low, high} = this;
    if (!(high > low)) return [low];
    if (this.log) {
      const first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high));
      const pace = Math.max(1, Math.ceil((last - first) / 4)), tens = [];
      for (let power = first; power <= last; power += pace) tens.push(Number(`1e${power}`));
      return tens.length > 1 ? tens : [low, high];
    }
    const ten = Math.floor(Math.log10((high - low) / 3)), rough = (high - low) / 3;
    const pace = [1, 2, 5, 10].map(times => Number(`${times}e${ten}`)).find(each => each >= rough);
    const numbers = [];
    for (let k = Math.ceil(low / pace); k <= Math.floor(high / pace); k++) numbers.push(k * pace);
    return numbers;
  }
}

// What the model answers all over the plane.  data: its two axes, how many cells a side, the
// threshold between two classes, and how many numbers the model gives.
class Plane {
  constructor({across, up, cells, threshold, outputs}) {
    [this.across, this.up] = [new Axis(...across), new Axis(...up)];
    Object.assign(this, {cells, threshold, outputs, count: cells * cells});
    const [x, y] = [this.across, this.up], middle = (low, high, k) => low + (high - low) * (k + 0.5) / cells;
    this.places = new Float64Array(2 * this.count);
    for (let k = 0; k < this.count; k++) {
      this.places[2 * k] = middle(x.low, x.high, k % cells);
      this.places[2 * k + 1] = middle(y.high, y.low, Math.floor(k / cells));
    }
    // One cell is one unit from here on.
    const place = `translate(${x.start} ${y.end}) scale(${(x.end - x.start) / cells} ${(y.start - y.end) / cells})`;
    this.shades = ["neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3", "bad"];
    for (const token of this.shades) byId(`plane_${token}`).setAttribute("transform", place);
    this.border = byId("plane_border").firstChild;
    this.border.setAttribute("transform", place);
    this.border.setAttribute("vector-effect", "non-scaling-stroke");
  }

  paint(answers) {
    const {cells, outputs, count, threshold} = this, fields = [], classes = [];
    for (let k = 0; k < count; k++) {
      const scores = answers ? answers.subarray(k * outputs, (k + 1) * outputs) : [NaN];
      fields.push(scores.length === 1 ? scores[0] - threshold : scores.length === 2 ? scores[1] - scores[0] : 0);
      classes.push(scores.length === 1 ? +(scores[0] > threshold) : scores.indexOf(Math.max(...scores)));
    }
    const largest = scale(fields), boxes = Object.fromEntries(this.shades.map(token => [token, ""]));
    for (let k = 0; k < count;) {
      const token = shade(fields[k], largest), first = k, row = Math.floor(k / cells);
      do k++; while (k % cells && shade(fields[k], largest) === token);
      boxes[token] += `M${first % cells} ${row}h${k - first}v1h${first - k}z`;
    }
    for (const token of this.shades) byId(`plane_${token}`).setAttribute("d", boxes[token]);
    let border = "";
    classes.forEach((kind, k) => {
      const column = k % cells, row = Math.floor(k / cells);
      if (column && classes[k - 1] !== kind) border += `M${column} ${row}v1`;
      if (row && classes[k - cells] !== kind) border += `M${column} ${row}h1`;
      const label = outputs > 2 && byId(`plane_c${k}`);
      if (label) label.textContent = kind;
    });
    this.border.setAttribute("d", border);
  }

  choose([x, y]) {
    for (const ring of byId("plane_chosen").children) {
      ring.setAttribute("cx", this.across.at(x));
      ring.setAttribute("cy", this.up.at(y));
    }
  }
}

// The network.  layers: for each neuron of each layer the indices of its weights and its bias.
class Network {
  constructor(layers) {
    this.layers = layers;
  }
  // view: "w" for data, "g" for gradients.  numbers: of every parameter.  units: of every
  // unit of every column, inputs first; null where there are none.
  paint(view, numbers, units) {
    this.layers.forEach((neurons, k) => this.lines(view, k + 1, neurons, numbers));
    (units ?? []).forEach((column, k) => {
      const largest = scale(column);
      column.forEach((x, unit) => this.unit(byId(`${view}u${k}_${unit}`), x, largest, view));
    });
  }
  // The neuron that the fields are about, and those that stay as they are.
  mark([layer, neuron], frozen) {
    this.layers.forEach((neurons, k) => neurons.forEach((_, j) => {
      const isFrozen = frozen.some(each => each[0] === k && each[1] === j);
      for (const view of "wg") {
        style(byId(`${view}u${k + 1}_${j}`)?.firstChild, {
          strokeWidth: k === layer && j === neuron ? 3.5 : 1.2, strokeDasharray: isFrozen ? "3 2.5" : "none",
        });
      }
    }));
  }
  lines(view, column, neurons, numbers) {
    const all = neurons.flatMap(({w}) => w.map(k => numbers[k])), largest = scale(all);
    const found = neurons.map(({w}, j) => w.map((_, i) => byId(`${view}w${column}_${j}_${i}`)));
    const dense = found.flat().filter(Boolean).length > 60;
    const biases = neurons.map(({b}) => numbers[b]), most = scale(biases);
    neurons.forEach(({w}, j) => {
      w.forEach((k, i) => this.line(found[j][i], numbers[k], largest, dense));
      const square = byId(`${view}b${column}_${j}`);
      style(square?.firstChild, {fill: colour(shade(biases[j], most))});
      style(square?.lastChild, {stroke: biases[j] < 0 ? colour("ink") : "none"});
    });
    write(byId(`${view}m${column}`), `max |${view === "w" ? "w" : "grad"}| ${fmt(largest, false, 2)}`);
  }
  line(path, number, largest, dense) {
    if (!path) return;
    const [token, width, dash] = wire(number, 1), share = largest ? Math.abs(number) / largest : 0;
    const finite = Number.isFinite(number);
    style(path, {
      stroke: colour(token), strokeDasharray: dash || "none",
      strokeWidth: finite ? 0.5 + (dense ? 2 : 3.5) * share : width,
      strokeOpacity: finite && dense ? 0.18 + 0.82 * share : 1,
    });
  }
  unit(group, x, largest, view) {
    if (!group) return;
    const [shape, mark] = group.children;
    style(shape, {fill: colour(shade(x, largest))});
    if (mark?.localName === "text") {
      const text = fmt(x, view === "g", 2), room = 2 * shape.getAttribute("r") || +shape.getAttribute("width");
      write(mark, text, Math.round(10 * Math.min(10, (room - 4) / (0.6 * [...text].length))) / 10);
      style(mark, {fill: colour(Number.isFinite(x) ? "ink" : "badink")});
    } else {
      style(mark, {stroke: x < 0 ? colour("ink") : "none"});
    }
  }
}

// The loss over the steps, of all futures: the current one, and the others paler.
class Curve {
  constructor(stage, words) {
    this.words = words;
    this.svg = this.make("svg", {
      class: "mn", role: "img", width: 360, height: 300, viewBox: "0 0 360 300", "aria-label": words.curve
    });
    this.axes = this.svg.appendChild(this.make("g"));
    this.paths = this.svg.appendChild(this.make("g"));
    this.cursor = [5, 1].map(width => this.svg.appendChild(this.make("path", {"stroke-width": width})));
    this.dot = this.svg.appendChild(this.make("circle", {r: 4, "stroke-width": 1.5}));
    this.label = this.svg.appendChild(this.make("text", {x: 58, y: 18, "font-size": 12}));
    style(this.cursor[0], {stroke: colour("now")});
    style(this.cursor[1], {stroke: colour("ink")});
    style(this.dot, {fill: colour("op"), stroke: colour("bg")});
    style(this.label, {fill: colour("ink")});
    stage.replaceChildren(this.svg);
  }
  make(tag, attributes = {}) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
  line(group, d, token, width = 1, opacity = 1) {
    const path = group.appendChild(this.make("path", {d, fill: "none", "stroke-width": width}));
    style(path, {stroke: colour(token), strokeOpacity: opacity});
  }
  text(x, y, words, anchor = "middle") {
    const text = this.axes.appendChild(this.make("text", {x, y, "font-size": 10, "text-anchor": anchor}));
    style(text, {fill: colour("mut")});
    write(text, words);
  }

  // futures: see learner.js, with a loss in every state; state: the one that is shown.
  paint(futures, state) {
    const {lines, line, current} = futures, all = lines.flat();
    const steps = all.map(each => each.step), losses = all.map(each => each.loss).filter(Number.isFinite);
    const first = Math.min(...steps), last = Math.max(...steps, first + 10);
    const low = Math.min(...losses), high = Math.max(...losses), log = low > 0 && high > 20 * low;
    const across = new Axis(first, last, 58, 348);
    const up = log ? new Axis(low, high, 256, 44, true) : new Axis(Math.min(0, low), high > Math.min(0, low) ? high : low + 1, 256, 44);
    this.axes.replaceChildren();
    for (const number of up.ticks()) {
      this.line(this.axes, `M58 ${up.at(number).toFixed(1)}H348`, "hair");
      this.text(52, up.at(number) + 3.5, fmt(number, false, 3), "end");
    }
    for (const number of across.ticks()) {
      if (Number.isInteger(number)) this.text(across.at(number), 272, fmt(number));
    }
    this.text(203, 288, this.words.steps);
    this.text(58, 32, log ? this.words.log : "", "start");
    this.paths.replaceChildren();
    lines.forEach((each, k) => {
      if (k !== current) this.line(this.paths, this.path(each.slice(Math.max(0, futures.parting(each) - 1)), across, up), "op", 1.8, 0.35);
    });
    this.line(this.paths, this.path(line, across, up), "op", 1.8);
    const x = across.at(state.step), y = Number.isFinite(state.loss) ? up.at(state.loss) : 256;
    for (const path of this.cursor) path.setAttribute("d", `M${x} 44V256`);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", y);
    write(this.label, this.words.at.replace("{loss}", fmt(state.loss)));
  }
  path(states, across, up) {
    const pace = Math.ceil(states.length / 600), last = states.length - 1;
    const shown = states.filter((state, k) => Number.isFinite(state.loss) && (k % pace === 0 || k === last || state.note));
    const places = shown.map(state => `${across.at(state.step).toFixed(1)} ${up.at(state.loss).toFixed(1)}`);
    return places.length ? `M${places.join("L")}${places.length === 1 ? "h0" : ""}` : "";
  }
}
