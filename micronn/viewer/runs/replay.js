/* global byId, all, inflated, moving, pressable, data, now, readTracks, turn */
// Turns the leaves of a flip book.  Python has made every picture, number and sentence; a track
// says what one attribute (or text, if the attribute is "") of one element is on every leaf,
// a letter a leaf.  Nothing is computed here.

const letters = new Map([...data.alphabet].map((letter, i) => [letter, i]));
const rows = all("tbody tr");
const films = data.panels.map(id => ({
  id, cuts: "", scenes: [...byId(id).children].map(svg => ({
    svg, elements: [svg, ...all("*", svg)], tracks: [], shown: []
  }))
}));
let tracks = null;  // the numbers of each snapshot, for what opens below
let isUnpacked = false;

async function unpackFilms() {
  document.documentElement.classList.add("unpacking");
  const packed = await inflated(data.films).json();
  if (data.levels) tracks = await readTracks(data.levels.numbers);
  for (const film of films) {
    film.cuts = packed[film.id].cuts;
    film.scenes.forEach((scene, i) => { scene.tracks = packed[film.id].scenes[i]; });
  }
  isUnpacked = true;
  document.documentElement.classList.remove("unpacking");
  if (now >= 0) show(now);
}

function change(scene, k) {
  scene.tracks.forEach(([element, attribute, values, leaves], i) => {
    const letter = leaves[k];
    if (scene.shown[i] === letter) return;
    scene.shown[i] = letter;
    const value = values[letters.get(letter)], node = scene.elements[element];
    if (attribute === "") node.textContent = value;
    else if (value === null) node.removeAttribute(attribute);
    else node.setAttribute(attribute, value);
  });
}

function show(k) {
  if (!isUnpacked) return;
  for (const film of films) {
    const scene = letters.get(film.cuts[k]);
    film.scenes.forEach((each, i) => each.svg.toggleAttribute("hidden", i !== scene));
    change(film.scenes[scene], k);
  }
  rows.forEach((row, i) => { row.className = i === k ? "on" : ""; });
  byId("step").textContent = data.titles[k];
  byId("say").textContent = data.says[k];
  if (tracks) {
    moving.found.at = tracks(k);
    moving.refresh();
  }
}

const leaf = {
  last: data.titles.length - 1, show, title: k => data.titles[k],
  toPaper: () => show(data.titles.length - 1),
  fromPaper: show,
  keys: {PageUp: () => turn(now - 10), PageDown: () => turn(now + 10)},
};
rows.forEach((row, k) => pressable(row.cells[0], "", () => turn(k)));
unpackFilms();
