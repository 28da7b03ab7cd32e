/* global byId, all, pressable, data, now, turn */
// Turns the leaves of a flip book.  Python has made every picture, number and sentence; a track
// says what one attribute (or text, if the attribute is "") of one element is on every leaf,
// a letter a leaf.  Nothing is computed here.

const number = new Map([...data.alphabet].map((letter, i) => [letter, i]));
const rows = all("tbody tr");
const films = Object.entries(data.films).map(([id, film]) => ({
  cuts: film.cuts,
  scenes: [...byId(id).children].map((svg, i) => ({
    svg, elements: [svg, ...all("*", svg)], tracks: film.scenes[i], shown: []
  }))
}));

function change(scene, k) {
  scene.tracks.forEach(([element, attribute, values, leaves], i) => {
    const letter = leaves[k];
    if (scene.shown[i] === letter) return;
    scene.shown[i] = letter;
    const value = values[number.get(letter)], node = scene.elements[element];
    if (attribute === "") node.textContent = value;
    else if (value === null) node.removeAttribute(attribute);
    else node.setAttribute(attribute, value);
  });
}

function show(k) {
  for (const film of films) {
    const scene = number.get(film.cuts[k]);
    film.scenes.forEach((each, i) => each.svg.toggleAttribute("hidden", i !== scene));
    change(film.scenes[scene], k);
  }
  rows.forEach((row, i) => { row.className = i === k ? "on" : ""; });
  byId("step").textContent = data.titles[k];
  byId("say").textContent = data.says[k];
}

const leaf = {
  last: data.titles.length - 1, show, title: k => data.titles[k],
  toPaper: () => show(data.titles.length - 1),
  fromPaper: show,
  keys: {PageUp: () => turn(now - 10), PageDown: () => turn(now + 10)},
};
rows.forEach((row, k) => pressable(row.cells[0], "", () => turn(k)));
