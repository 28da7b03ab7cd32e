/* global Axis, byId, colour, fmt, scale, shade, style, wire, write */
/* exported Plane, Network */
// The pictures of a training: Python has drawn them, and what changes in them is found by name
// (pictures/paint/ids.py) and gets other numbers, colours and widths.

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

  // answers: at all places.  chosen: the example to ring.
  paint(answers, chosen) {
    const {cells, outputs, count, threshold} = this, fields = [], classes = [];
    for (let k = 0; k < count; k++) {
      const at = k * outputs, first = answers ? answers[at] : NaN;
      fields.push(outputs === 1 ? first - threshold : outputs === 2 ? answers?.[at + 1] - first : answers ? 0 : NaN);
      let kind = outputs === 1 ? +(first > threshold) : 0;
      for (let i = 1; i < outputs && answers; i++) if (answers[at + i] > answers[at + kind]) kind = i;
      classes.push(kind);
    }
    const largest = scale(fields), tokens = fields.map(x => shade(x, largest));
    const boxes = Object.fromEntries(this.shades.map(token => [token, ""]));
    for (let k = 0; k < count;) {
      const first = k, row = Math.floor(k / cells);
      do k++; while (k % cells && tokens[k] === tokens[first]);
      boxes[tokens[first]] += `M${first % cells} ${row}h${k - first}v1h${first - k}z`;
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
    const [x, y] = chosen;
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
