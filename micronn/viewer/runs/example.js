/* global all, computed, data, fill, filled, moving, readTapes, rewire, wire, MARK, Places */
/* exported ExampleGraph */
// The graph of the chosen example on the page of a training, worked out as a step page does:
// see example_graph.py.

const svg = document.querySelector("#example > svg");
const slots = new Map(svg && all("[id]", svg).map(element => [element.id, element]));

class ExampleGraph {
  constructor(machine) {
    readTapes(machine);
    for (const tip of all(".card title,.wire title,desc", svg)) tip.textContent = "";  // of other numbers
  }
  // parameters, row: of the model, and of the example with its target.
  paint(parameters, row) {
    const from = {w: parameters, x: row};
    const found = computed(new Map(data.given.map(([k, source, at]) => [k, source ? from[source][at] : at])));
    const put = text => text.replace(MARK, (_, form, at) => filled(form, at, found));
    for (const slot of data.slots) fill(slot.map(put));
    for (const [id, k, j] of data.wires) {
      const size = found.at.get(`m${k}_${j}`);
      rewire(slots.get(id), size === undefined ? ["rule", 1.7, ""] : wire(size, found.at.get("M")));
    }
    if (!moving) return;
    moving.found = {...found, at: new Places(name => found.at.get(name), [])};
    moving.refresh();
  }
}
