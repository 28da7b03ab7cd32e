/* global all, data, fill, filled, inflated, rewire, scale, unpacked, wire, MARK */
/* exported cases, moving, Places, readTracks */
// Scenes with places, see moving.py: the numbers of now are put into them.  A page sets
// `found`, as computed() of arithmetic.js returns it, and calls refresh().

const cases = data.levels?.cases;

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

const moving = data.levels && {
  found: {at: new Map(), errors: new Map(), terms: new Map()},
  // Of levels.js: open(place), and refresh() for other numbers.  Of neuron_card.js: rise(scene) is
  // the way back up, and heed() looks at the cards that open.
  open() {}, refresh() {}, rise() {}, heed() {}, scenes: {},
  fill: (text, found = moving.found) =>
    text.replace(MARK, (_, form, at) => filled(form, at, found)),

  paint({slots, flows, shades}, frame) {
    const {found} = moving, m = scale(shades.map(at => found.at.get(at)).filter(x => x !== undefined));
    const own = {...found, at: {get: at => at === "M" ? m : found.at.get(at)}};
    const parts = new Map(all("[id]", frame).map(part => [part.id, part]));
    for (const slot of slots) fill(slot.map(text => moving.fill(text, own)), parts);
    for (const [id, at, isUnused] of flows) {
      const size = found.at.get(at), [colour, wide, dash] = size === undefined ? ["rule", 1.7, ""] : wire(size, m);
      rewire(parts.get(id), [colour, isUnused && colour !== "bad" ? 1 : wide, dash], data.levels.light);
    }
    for (const hot of all(".hot", frame)) {
      hot.said ??= hot.getAttribute("aria-label");
      hot.setAttribute("aria-label", moving.fill(hot.said));
    }
  },
};
