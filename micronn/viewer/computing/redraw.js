/* global data, all, light, slots, svg, tips, wire */
/* exported fill, redraw */
// What changes in a picture with its numbers beside the texts of its steps: wires, frames,
// corners and descriptions, as pictures/ paints them, and what is refused.

// Returns whether a card has a text that it did not have.
function redraw(told, {data: numbers, at, errors}) {
  const {rows} = data.computing, m = at.get("M");
  for (const [id, k, j] of told.wires) {
    const size = at.get(`m${k}_${j}`), role = rows[rows[k][1][j]][3];
    const [colour, width, dash] = size === undefined ? ["rule", 1.7, ""] : wire(size, m);
    const thin = role === "const" && colour !== "bad";  // a message that nobody uses
    rewire(slots.get(id), [colour, thin ? 1 : width, dash]);
  }
  const finite = x => x === undefined || Number.isFinite(x), before = all(CORNER, svg).length;
  told.corners.forEach(([id, word, token, first], k) => {
    const card = slots.get(id), [, operands, , role] = rows[k];
    const fine = finite(numbers[k]) && finite(at.get(`g${k}`)) && !errors.has(k);
    const begins = !finite(numbers[k]) && operands.every(j => finite(numbers[j]));
    reframe(card, light[fine ? role : "bad"], fine ? {const: 1, op: 1}[role] ?? 2 : 3);
    relabel(card, begins ? first : word, light[begins ? "bad" : token]);
  });
  for (const tip of tips) {
    const owner = tip[0].closest(".card,.wire");
    tip[1] = owner ? told.tips[owner.id] : tip[0].matches("desc") ? told.desc : told.name;
  }
  all(".refusal", svg).forEach(old => old.remove());
  errors.forEach((error, k) => svg.append(refusalAt(slots.get(told.corners[k][0]), error)));
  return all(CORNER, svg).length !== before;
}

const CORNER = '.card > text[y="14"][text-anchor]';
const inTenths = x => Math.round(x * 10) / 10;

function rewire(element, [token, width, dash]) {
  const line = element.querySelector(".line"), head = element.querySelector(".head");
  const colour = light[token];
  const larger = (5.8 + 1.55 * width) / (5.8 + 1.55 * line.getAttribute("stroke-width"));
  const [[x, y], ...others] = head.getAttribute("d").match(/-?[0-9.]+ -?[0-9.]+/g).map(pair => pair.split(" "));
  const corners = others.map(([p, q]) =>
    `L${inTenths(+x + (p - x) * larger)} ${inTenths(+y + (q - y) * larger)}`);
  head.setAttribute("d", `M${x} ${y}${corners.join("")}z`);
  head.setAttribute("fill", colour);
  line.setAttribute("stroke", colour);
  line.setAttribute("stroke-width", width);
  if (dash) line.setAttribute("stroke-dasharray", dash); else line.removeAttribute("stroke-dasharray");
}

function reframe(card, colour, wide) {
  const frame = card.querySelector("rect"), was = +frame.getAttribute("stroke-width");
  for (const side of ["x", "y"]) frame.setAttribute(side, wide / 2);
  for (const side of ["width", "height"]) frame.setAttribute(side, +frame.getAttribute(side) + was - wide);
  frame.setAttribute("stroke-width", wide);
  for (const part of [frame, card.querySelector(":scope > path")]) part.setAttribute("stroke", colour);
}

// The word in the corner, as wide as the name leaves room for.
function relabel(card, word, colour) {
  const heading = all(':scope > text[y="14"]', card), names = heading.filter(e => !e.hasAttribute("text-anchor"));
  let corner = heading.find(e => e.hasAttribute("text-anchor"));
  if (!corner && word) {
    corner = names[0].cloneNode();
    const frame = card.querySelector("rect"), right = +frame.getAttribute("width") + 2 * frame.getAttribute("x");
    corner.removeAttribute("font-weight");
    for (const [name, x] of [["x", right - 8], ["font-size", 10], ["text-anchor", "end"]]) corner.setAttribute(name, x);
    names.at(-1).after(corner);
  }
  if (!corner) return;
  const ends = Math.max(...names.map(e => +e.getAttribute("x") + +e.getAttribute("textLength")));
  corner.textContent = word;
  corner.setAttribute("fill", colour);
  corner.setAttribute("textLength", Math.min([...word].length * 6, Math.max(20, corner.getAttribute("x") - ends - 4)));
}

// Where something is in the picture: left, top, right, bottom.
function edges(part) {
  const {e: x = 0, f: y = 0} = part.transform.baseVal.consolidate()?.matrix ?? {};
  const box = part.querySelector("rect"), at = name => +(box.getAttribute(name) ?? 0);
  return [x + at("x"), y + at("y"), x + at("x") + at("width"), y + at("y") + at("height")];
}

// The place nearest to one where a box of this size covers no card and no other refusal.
function freePlace([x, y], width, height) {
  const {width: right, height: bottom} = svg.viewBox.baseVal, places = [[x, y]];
  for (let top = 2; top + height < bottom; top += 8) {
    for (let left = 2; left + width < right; left += 30) places.push([left, top]);
  }
  const inside = ([left, top]) => left >= 2 && left + width < right && top >= 2 && top + height < bottom;
  const far = ([left, top]) => Math.abs(left - x) + Math.abs(top - y);
  const taken = all(".card,.refusal", svg).map(edges);
  const isFree = ([left, top]) => inside([left, top]) && taken.every(box =>
    left >= box[2] || left + width <= box[0] || top >= box[3] || top + height <= box[1]);
  return places.sort((one, other) => far(one) - far(other)).find(isFree);
}

// What an operation says that refuses its numbers, near its card.
function refusalAt(card, text) {
  const lines = text.match(/.{1,44}(?:\s|$)|.{44}/g).map(line => line.trim());
  const width = 6.2 * Math.max(...lines.map(line => line.length)) + 12, height = 13 * lines.length + 6;
  const [x, y, , end] = edges(card), box = svg.viewBox.baseVal, below = end + 4;
  const near = [Math.max(2, Math.min(x, box.width - width - 2)), below];
  if (below + height >= box.height) near[1] = Math.max(2, y - height - 4);
  const [left, top] = freePlace(near, width, height) ?? near;
  const draw = (name, attributes) => {
    const element = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const group = draw("g", {class: "refusal"});
  group.append(draw("rect", {x: left, y: top, width, height, rx: 4}), ...lines.map((line, k) => {
    const part = draw("text", {x: left + 6, y: top + 13 * (k + 1), "font-size": 10});
    part.textContent = line;
    return part;
  }));
  return group;
}

// A text in its place, on the colour of its box if it has one.

function fill([name, text, shade]) {
  let slot = slots.get(name);
  if (shade === "bad" && !slot.querySelector("rect")) slot = boxed(slot);
  const ground = slot.querySelector("rect");
  const label = ground ? slot.querySelector("text") : slot;
  const room = ground ? ground.getAttribute("width") - 4 : roomFor(label);
  const width = Math.round([...text].length * label.getAttribute("font-size") * 6) / 10;
  label.textContent = text;
  label.setAttribute("textLength", Math.min(room, width));
  if (!ground || !shade) return;
  ground.style.fill = `var(--${shade})`;
  label.style.fill = shade === "bad" ? "var(--badink)" : "var(--ink)";
  label.style.fontWeight = shade === "bad" ? "bold" : "normal";
}

// How wide a number may be that stands on no box: as the box below it, or as its column.
function roomFor(label) {
  const card = label.closest(".card"), frame = card.querySelector("rect"), x = +label.getAttribute("x");
  const box = card.querySelector(":scope > g > rect"), width = +box.getAttribute("width");
  if (Math.abs(+box.getAttribute("x") + width / 2 - x) < 1) return width - 2;
  return 2 * Math.min(x, +frame.getAttribute("width") + 2 * frame.getAttribute("x") - x) - 6;
}

// A number in a box as large as that of the gradient below: nan and infinity stand in one.
function boxed(text) {
  const group = document.createElementNS(text.namespaceURI, "g");
  const box = text.closest(".card").querySelector(":scope > g > rect").cloneNode();
  box.setAttribute("y", box.getAttribute("y") - 20);
  group.id = text.id;
  text.removeAttribute("id");
  text.replaceWith(group);
  group.append(box, text);
  slots.set(group.id, group);
  return group;
}
