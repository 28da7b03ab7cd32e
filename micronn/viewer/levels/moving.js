/* global data, filled, inflated, scale, unpacked, MARK */
/* exported filledIn, moving, Places, readTracks */
// Scenes with places, see moving.py: the numbers of now are put into them.  A page sets
// `found`, as computed() of arithmetic.js returns it, and calls refresh().

const sizeOf = x => Number.isNaN(x) ? Infinity : Math.abs(x);
const MANY = {  // what is made of many numbers, by the sign before the names of their places
  "^": numbers => scale(numbers.filter(x => x !== undefined)),
  "!": numbers => numbers.reduce((top, x) => sizeOf(x) > sizeOf(top) ? x : top),
  "~": numbers => Math.hypot(...numbers) / Math.sqrt(numbers.length),
  "%": ([own, ...logits]) => {  // softmax
    const top = Math.max(...logits), terms = logits.map(x => Math.exp(x - top));
    return Math.exp(own - top) / terms.reduce((sum, x) => sum + x);
  },
};

// Numbers by the names of their places.  leaf: the number that is known by a name, or another
// name for it.  leavesOut: the rows whose slope 0 stops even infinity.
class Places {
  constructor(leaf, leavesOut) {
    Object.assign(this, {leaf, leavesOut, known: new Map()});
  }
  get(name) {
    if (!this.known.has(name)) this.known.set(name, this.worked(name));
    return this.known.get(name);
  }
  worked(name) {
    const found = this.leaf(name);
    if (typeof found === "string") return this.get(found);
    if (found !== undefined) return found;
    const many = MANY[name[0]], parts = name.slice(many ? 1 : 0).split(",");
    if (name[0] === "^") return many(parts.map(part => this.get(part)));
    if (many || parts.length > 1) {
      const numbers = this.all(parts.map(part => [part, 1]));
      return numbers && many ? many(numbers) : numbers;
    }
    const terms = name.match(/[+-]?[^+-]+/g), factors = name.split("*");
    if (terms.length > 1) {
      return this.all(terms.map(term => [term.replace(/^[+-]/, ""), term[0] === "-" ? -1 : 1]))
        ?.reduce((sum, x) => sum + x);
    }
    if (factors.length > 1) return this.all(factors.map(factor => [factor, 1]))?.reduce((a, b) => a * b);
    if (name[0] !== "m") return undefined;
    const [user] = name.slice(1).split("_"), pair = this.all([[`l${name.slice(1)}`, 1], [`g${user}`, 1]]);
    return pair && (pair[0] === 0 && this.leavesOut.includes(+user) ? 0 : pair[0] * pair[1]);
  }
  all(names) {
    const numbers = names.map(([name]) => this.get(name));
    return numbers.includes(undefined) ? undefined : numbers.map((x, k) => names[k][1] * x);
  }
}

// The numbers of a replay; returns a function from a snapshot to its Places.
async function readTracks({places, fixed, tracks, frames, gaps, leaves_out}) {
  const planes = new Uint8Array(await inflated(tracks, "deflate").arrayBuffer()), first = unpacked(fixed), n = planes.length / 8;
  const bytes = new Uint8Array(planes.length);
  for (let k = 0; k < planes.length; k++) bytes[8 * (k % n) + Math.floor(k / n)] = planes[k];
  const moved = new Float64Array(bytes.buffer);
  return frame => {
    const number = at => at < first.length ? first[at] : moved[(at - first.length) * frames + frame];
    const leaf = name => typeof places[name] === "number" ? number(places[name]) : places[name];
    return new Places(gaps.includes(frame) ? () => undefined : leaf, leaves_out);
  };
}

// A text with its places filled in; a text of a picture takes the room that its numbers need,
// and a little more than Python gave it at the most.
const SPREAD = /font-size="([^"]*)"([^>]*) textLength="([^"]*)"([^>]*)>([^<]*\ue000[^<]*)(?=<)/g;
const lettersOf = (form, at) => "amMy".includes(form) ? at.split("\ue002")[1].length : 7;  // letters

function filledIn(text, found) {
  return text.replace(SPREAD, (_, high, between, room, after, words) => {
    let more = 0;
    const said = words.replace(MARK, (mark, form, at) => {
      const put = filled(form, at, found);
      more += [...put].length - lettersOf(form, at);
      return put;
    });
    const width = Math.max(0, Math.min(+room + 6, +room + 0.6 * high * more));
    return `font-size="${high}"${between} textLength="${width.toFixed(1)}"${after}>${said}`;
  }).replace(MARK, (_, form, at) => filled(form, at, found));
}

const moving = data.levels && {
  found: {at: new Map(), errors: new Map(), terms: new Map()},
  // Of levels.js: open(place), and refresh() for other numbers.  Of neuron_card.js: rise(scene) is
  // the way back up, and heed() looks at the cards that open.
  open() {}, refresh() {}, rise() {}, heed() {}, scenes: {},
};
