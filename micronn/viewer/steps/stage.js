/* global all, byId, isProjected */
/* exported readStage, lookAt, lookAgain, moveBeside, putBeside, ring, unring */
// The frame through which the picture is seen: how large it is drawn, which part of it is in
// sight, and the rings around cards.  Sizes are in units of the picture until the last moment.

const stage = document.querySelector(".stage");
let svg, whole, everything, places;

const LARGEST = 1.6, SMALLEST = 0.6, NARROW = 500, WIDE = 1000, RING = 8, PADDING = 6;
const FEW = 12;  // of so many cards, those that a rule is about are always seen together

// Takes the picture that is there now.
function readStage() {
  svg = stage.querySelector("svg");
  whole = svg.viewBox.baseVal;
  everything = {left: 0, top: 0, right: whole.width, bottom: whole.height};
  stage.style.setProperty("--w", whole.width);
  svg.querySelector(".cards").after(svg.querySelector(".wires"));  // or a ring hides the head of the wire it is about
  places = new Map(all(".card", svg).map(card => {  // where its frame is in the picture
    const {x, y, width, height} = card.querySelector("rect").getBBox();
    const {e, f} = card.transform.baseVal.consolidate().matrix;
    return [card.id, {left: x + e, top: y + f, right: x + e + width, bottom: y + f + height}];
  }));
}
readStage();

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

let looked = [[], []], seenAt = 1;

function lookAgain() {  // the frame has another size
  lookAt(...looked);
  moveBeside();
}

// Shows some cards together, as large as can be; where not all have room, the ones that
// receive something; and where they are too many for that, the one that sends.
function lookAt(cards, receivers) {
  looked = [cards, receivers];
  stage.style.setProperty("--h", whole.height);
  const width = stage.clientWidth - 2 * PADDING, height = stage.clientHeight - 2 * PADDING;
  const fit = box => Math.min(width / (box.right - box.left), height / (box.bottom - box.top));
  const both = cards.length ? around(cards) : {left: 0, top: 0, right: 0, bottom: 0};
  const least = places.size <= FEW && width > NARROW ? 0 : SMALLEST;
  const large = Math.min(LARGEST, Math.max(width > WIDE ? 1.1 : 0.85, fit(everything)));
  const scale = Math.min(large, Math.max(least, cards.length ? fit(both) : large));
  stage.style.setProperty("--scale", scale);
  seenAt = scale;
  const into = receivers.length ? around(receivers) : both;
  const must = fit(into) < scale ? around(cards.slice(0, 1)) : into;
  stage.scrollLeft = along(width, scale, both.left, both.right, must.left, must.right);
  stage.scrollTop = along(height, scale, both.top, both.bottom, must.top, must.bottom);
}

// For a projector the equation also stands on the picture, as near to its wire as there is
// room: over no card of the step if that can be, and over few others.

function putBeside(equation) {
  byId("beside").replaceChildren(equation && equation.cloneNode(true));
  moveBeside();
}

function moveBeside() {
  if (!isProjected()) return;  // before a size is asked for, which lays the page out
  const label = byId("beside"), width = label.offsetWidth, height = label.offsetHeight;
  if (!width || !label.childElementCount) return;
  const spare = (room, size) => Math.max(PADDING, (room - size * seenAt) / 2);
  const left = spare(stage.clientWidth, whole.width), top = spare(stage.clientHeight, whole.height);
  const boxes = [...places].map(([name, box]) => ({
    weight: looked.flat().includes(name) ? 50 : 5,
    left: left + box.left * seenAt, right: left + box.right * seenAt,
    top: top + box.top * seenAt, bottom: top + box.bottom * seenAt,
  }));
  const points = all(".wire.on .line", svg).flatMap(line =>
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map(k => line.getPointAtLength(line.getTotalLength() * k / 8)))
    .map(({x, y}) => ({x: left + x * seenAt, y: top + y * seenAt}));
  const own = boxes.filter(box => box.weight > 5);
  const goal = points[4] ?? (own.length ? {x: own[0].left, y: own[0].bottom} : {x: 0, y: 0});
  const cost = (x, y) => {
    let sum = Math.hypot(x + width / 2 - goal.x, y + height / 2 - goal.y);
    for (const box of boxes) {
      const across = Math.min(x + width, box.right) - Math.max(x, box.left);
      const down = Math.min(y + height, box.bottom) - Math.max(y, box.top);
      if (across > 0 && down > 0) sum += box.weight * across * down / 50;
    }
    return sum + 100 * points.filter(p => p.x > x && p.x < x + width && p.y > y && p.y < y + height).length;
  };
  let best = [Infinity, 0, 0];
  for (let x = stage.scrollLeft; x <= stage.scrollLeft + stage.clientWidth - width; x += 8) {
    for (let y = stage.scrollTop; y <= stage.scrollTop + stage.clientHeight - height; y += 8) {
      const c = cost(x, y);
      if (c < best[0]) best = [c, x, y];
    }
  }
  label.style.left = `${best[1]}px`;
  label.style.top = `${best[2]}px`;
}

// Rings

function ring(name, ...looks) {
  const card = document.getElementById(name), gap = looks.length + 2;
  const frame = card.querySelector("rect");  // asked for its box, the browser would lay all out again
  const [x, y, width, height] = ["x", "y", "width", "height"].map(side => +frame.getAttribute(side));
  const place = `x="${x - gap}" y="${y - gap}" width="${width + 2 * gap}" height="${height + 2 * gap}"`;
  for (const look of looks) card.insertAdjacentHTML("beforeend", `<rect class="halo ${look}" ${place} rx="7"/>`);
}

function unring() {
  for (const halo of all(".halo", svg)) halo.remove();
}
