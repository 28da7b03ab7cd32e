/* global all */
/* exported lookAt, lookAgain, ring, unring */
// The frame through which the picture is seen: how large it is drawn, which part of it is in
// sight, and the rings around cards.  Sizes are in units of the picture until the last moment.

const stage = document.querySelector(".stage"), svg = stage.querySelector("svg");
const whole = svg.viewBox.baseVal;
svg.querySelector(".cards").after(svg.querySelector(".wires"));  // or a ring hides the head of the wire it is about

const LARGEST = 1.6, SMALLEST = 0.6, NARROW = 500, WIDE = 1000, RING = 8, PADDING = 6;
const FEW = 12;  // of so many cards, those that a rule is about are always seen together

// Where the frame of each card is in the picture.
const places = new Map(all(".card", svg).map(card => {
  const {x, y, width, height} = card.querySelector("rect").getBBox();
  const {e, f} = card.transform.baseVal.consolidate().matrix;
  return [card.id, {left: x + e, top: y + f, right: x + e + width, bottom: y + f + height}];
}));

function around(names) {
  const boxes = names.map(name => places.get(name));
  const least = side => Math.min(...boxes.map(box => box[side])) - RING;
  const most = side => Math.max(...boxes.map(box => box[side])) + RING;
  return {left: least("left"), top: least("top"), right: most("right"), bottom: most("bottom")};
}

// How far a frame must have moved along one axis to show `from` to `to` in its middle, and
// whatever happens `first` to `last`.
function along(room, scale, from, to, first, last) {
  const middle = (from + to) / 2 * scale - room / 2;
  return Math.max(last * scale - room, Math.min(first * scale, middle)) + PADDING;
}

let looked = [[], []];
const lookAgain = () => lookAt(...looked);  // the frame has another size

// Shows some cards together, as large as can be; where not all have room, the ones that
// receive something.
function lookAt(cards, receivers) {
  looked = [cards, receivers];
  stage.style.setProperty("--h", whole.height);
  const width = stage.clientWidth - 2 * PADDING, height = stage.clientHeight - 2 * PADDING;
  const fit = box => Math.min(width / (box.right - box.left), height / (box.bottom - box.top));
  const all = {left: 0, top: 0, right: whole.width, bottom: whole.height};
  const both = cards.length ? around(cards) : {left: 0, top: 0, right: 0, bottom: 0};
  const must = receivers.length ? around(receivers) : both;
  const least = places.size <= FEW && width > NARROW ? 0 : SMALLEST;
  const large = Math.min(LARGEST, Math.max(width > WIDE ? 1.1 : 0.85, fit(all)));
  const scale = Math.min(large, Math.max(least, cards.length ? fit(both) : large));
  stage.style.setProperty("--scale", scale);
  stage.scrollLeft = along(width, scale, both.left, both.right, must.left, must.right);
  stage.scrollTop = along(height, scale, both.top, both.bottom, must.top, must.bottom);
}

// Rings

function ring(name, ...looks) {
  const card = document.getElementById(name), gap = looks.length + 2;
  const {x, y, width, height} = card.querySelector("rect").getBBox();
  const place = `x="${x - gap}" y="${y - gap}" width="${width + 2 * gap}" height="${height + 2 * gap}"`;
  for (const look of looks) card.insertAdjacentHTML("beforeend", `<rect class="halo ${look}" ${place} rx="7"/>`);
}

function unring() {
  for (const halo of all(".halo", svg)) halo.remove();
}
