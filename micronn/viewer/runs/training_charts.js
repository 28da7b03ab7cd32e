/* global fmt */
/* exported Axis, Curve, Sizes, colour, style, write */
// The charts of a training, drawn as pictures/charts.py draws them, but here, since their axes
// grow with it.

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
    const {low, high} = this, each = [1, 2, 5, 10];
    const between = (first, last, pace = 1) =>
      Array.from({length: Math.max(0, Math.floor((last - first) / pace) + 1)}, (_, k) => first + k * pace);
    if (this.log) {
      const first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high));
      let tens = between(first, last, Math.max(1, Math.ceil((last - first) / 5))).map(k => Number(`1e${k}`));
      if (tens.length < 3) {
        tens = between(first - 1, last).flatMap(k => [1, 2, 5].map(n => Number(`${n}e${k}`)));
        tens = tens.filter(number => low <= number && number <= high);
      }
      return tens.length > 1 ? tens : [low, high];
    }
    if (!(high > low)) return [low];
    const rough = (high - low) / 5, ten = Math.floor(Math.log10(rough));
    const pace = each.map(times => Number(`${times}e${ten}`)).find(number => number >= rough);
    return between(Math.ceil(low / pace), Math.floor(high / pace)).map(k => Number((k * pace).toPrecision(9)));
  }
  // What a logarithmic axis is, for those who read it.
  words({equal, times}) {
    if (!this.log) return "";
    const [below, above] = this.ticks(), factor = above / below;
    return factor < 9 ? equal : times.replace("{factor}", Math.round(factor).toLocaleString("en-US"));
  }
}

// A picture that is drawn anew at every step.
class Chart {
  constructor(stage, title, width, height) {
    this.svg = this.make("svg", {
      class: "mn", role: "img", width, height, viewBox: `0 0 ${width} ${height}`, "aria-label": title
    });
    stage.replaceChildren(this.svg);
  }
  make(tag, attributes = {}) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
  line(d, token, width = 1, opacity = 1, dash = "none") {
    const path = this.svg.appendChild(this.make("path", {d, fill: "none", "stroke-width": width}));
    style(path, {stroke: colour(token), strokeOpacity: opacity, strokeDasharray: dash});
  }
  text(x, y, words, anchor = "middle", size = 10) {
    const text = this.svg.appendChild(this.make("text", {x, y, "font-size": size, "text-anchor": anchor}));
    style(text, {fill: colour(size > 10 ? "ink" : "mut")});
    write(text, words);
  }
  steps(across, foot, words) {
    for (const number of across.ticks().filter(Number.isInteger)) {
      this.line(`M${across.at(number)} ${foot}v4`, "rule");
      this.text(across.at(number), foot + 16, fmt(number));
    }
    this.text((across.start + across.end) / 2, foot + 32, words);
  }
  // Where the shown state is: a bright line with a dark one inside, and a dot.
  cursor(x, y, top, foot) {
    this.line(`M${x} ${top}V${foot}`, "now", 5);
    this.line(`M${x} ${top}V${foot}`, "ink");
    const dot = this.svg.appendChild(this.make("circle", {cx: x, cy: y, r: 4, "stroke-width": 1.5}));
    style(dot, {fill: colour("op"), stroke: colour("bg")});
  }
  // A line through pairs of step and number; what is not finite leaves a gap.
  path(points, across, up) {
    const pace = Math.ceil(points.length / 600), last = points.length - 1;
    let d = "", before = null;
    points.forEach(([x, y], k) => {
      if (k % pace && k !== last) return;
      const place = Number.isFinite(y) ? `${across.at(x).toFixed(1)} ${up.at(y).toFixed(1)}` : null;
      if (place) d += before ? `L${place}` : `M${place}h0`;
      before = place;
    });
    return d;
  }
}

// The loss over the steps, of all futures: the current one, and the others paler; and what
// Python measured on other examples, dashed.
class Curve extends Chart {
  constructor(stage, words, validation) {
    super(stage, words.curve, 360, 300);
    Object.assign(this, {words, validation});
  }
  // futures: see learner.js, with a loss in every state; state: the one that is shown.
  paint(futures, state) {
    const {lines, line, current} = futures, all = lines.flat(), {validation, words} = this;
    const steps = all.map(each => each.step);
    const losses = [...all.map(each => each.loss), ...validation.map(([, y]) => y)].filter(Number.isFinite);
    const low = Math.min(...losses), high = Math.max(...losses), log = low > 0 && high > 20 * low;
    const first = Math.min(...steps), across = new Axis(first, Math.max(...steps, first + 10), 58, 348);
    const least = log ? low : Math.min(0, low), up = new Axis(least, high > least ? high : least + 1, 256, 52, log);
    this.svg.replaceChildren();
    for (const number of up.ticks()) {
      this.line(`M58 ${up.at(number).toFixed(1)}H348`, "hair");
      this.text(52, up.at(number) + 3.5, fmt(number, false, 3), "end");
    }
    this.steps(across, 256, words.steps);
    const points = states => states.map(each => [each.step, each.loss]);
    if (validation.length) {
      this.line(this.path(validation, across, up), "input", 1.8, 1, "5 3");
      this.text(348, 18, words.validation, "end");
    }
    lines.forEach((each, k) => {
      if (k === current) return;
      this.line(this.path(points(each.slice(Math.max(0, futures.parting(each) - 1))), across, up), "op", 1.8, 0.35);
    });
    this.line(this.path(points(line), across, up), "op", 1.8);
    this.cursor(across.at(state.step), Number.isFinite(state.loss) ? up.at(state.loss) : 256, 52, 256);
    this.text(58, 18, words.at.replace("{loss}", fmt(state.loss)), "start", 12);
    this.text(58, 36, up.words(words), "start");
  }
}

// How large the gradient is in each layer: a row for each, all on one scale by factors.
class Sizes extends Chart {
  constructor(stage, words, layers) {
    super(stage, words.sizes, 360, 88 + 48 * layers);
    Object.assign(this, {words, layers});
  }
  paint({line}, state) {
    const {words, layers} = this, all = line.flatMap(each => each.sizes).filter(x => x > 0 && x < Infinity);
    const low = Math.min(...all, 1e308), high = Math.max(...all, 0), first = line[0].step;
    const across = new Axis(first, Math.max(line.at(-1).step, first + 10), 74, 274);
    this.svg.replaceChildren();
    for (let layer = 0; layer < layers; layer++) {
      const foot = 60 + 48 * layer, up = new Axis(low, high, foot - 6, foot - 36, true), size = state.sizes[layer];
      this.line(`M74 ${foot}H274`, "hair");
      this.line(this.path(line.map(each => [each.step, each.sizes[layer] > 0 ? each.sizes[layer] : NaN]), across, up), "op", 1.8);
      this.cursor(across.at(state.step), size > 0 ? up.at(size) : foot, foot - 40, foot);
      this.text(62, foot - 14, words.layer.replace("{layer}", layer + 1), "end", 12);
      this.text(288, foot - 14, fmt(size), "start", 12);
    }
    this.steps(across, 12 + 48 * layers, words.steps);
    this.text(12, 64 + 48 * layers, words.rows, "start");
    this.text(12, 78 + 48 * layers, words.span.replace("{low}", fmt(low, false, 2)).replace("{high}", fmt(high, false, 2)), "start");
  }
}
