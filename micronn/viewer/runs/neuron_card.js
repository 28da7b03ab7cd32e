/* global all, byId, data */
// From a neuron of the network to its card in the graph of the example, and back.  Both show the
// same moment, so the card has the numbers of the snapshot at which the neuron was clicked.
{
  const graph = byId("example"), network = byId("network");
  const rings = {now: 7, ink: 2};  // by colour, how wide
  const named = id => all(`svg:not([hidden]) [id="${id}"]`, graph)[0];
  const known = data.cards ?? {};
  const cardOf = unit => known[unit]?.map(named).find(card => card);
  const unitIn = neuron => all("[id]", neuron).map(part => part.id).find(id => id in known);
  let from = null;

  function ring(card) {
    for (const old of all(".ring", graph)) old.remove();
    const frame = card.querySelector("rect");
    for (const [colour, width] of Object.entries(rings)) {
      const copy = card.appendChild(frame.cloneNode());
      copy.setAttribute("class", "ring");
      for (const name of ["id", "stroke-dasharray"]) copy.removeAttribute(name);
      copy.style.cssText = `fill: none; stroke: var(--${colour}); stroke-width: ${width}`;
    }
  }

  // goes: whether the reader is led to the card, or it is only marked.
  function open(neuron, goes) {
    const card = cardOf(unitIn(neuron));
    if (!card) return;
    ring(card);
    if (!goes) return;
    from = neuron;
    card.setAttribute("tabindex", -1);
    card.scrollIntoView({block: "nearest", inline: "center"});
    card.focus({preventScroll: true});
  }

  // Tab leads to the first of them, arrow keys to the others; where neurons are chosen from a
  // list, a click marks the card and leaves the reader at the network.
  const neurons = all(".neuron", network).filter(neuron => cardOf(unitIn(neuron)));
  const leads = !byId("neuron");
  for (const neuron of neurons) {
    neuron.style.cursor = "pointer";
    neuron.addEventListener("click", () => open(neuron, leads));
  }
  function walk(to) {
    for (const neuron of neurons) neuron.setAttribute("tabindex", neuron === to ? 0 : -1);
    to.focus({preventScroll: true});
  }
  const ways = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
  function press(event) {
    const neuron = event.target.closest(".neuron");
    const seen = neurons.filter(each => each.getClientRects().length);  // of one of the two views
    if (!neuron || !(event.key in ways) && !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key in ways) walk(seen[seen.indexOf(neuron) + ways[event.key]] ?? neuron);
    else open(neuron, true);
  }
  if (leads && neurons.length) {
    for (const neuron of neurons) {
      neuron.setAttribute("role", "button");
      const read = [...neuron.querySelectorAll("text, title")].map(part => part.textContent);
      neuron.setAttribute("aria-label", read.join(" "));  // what is seen on it is a part of its name
      const isFirst = neuron === neurons.find(each => each.closest(".w,.g") === neuron.closest(".w,.g"));
      neuron.setAttribute("tabindex", isFirst ? 0 : -1);
    }
    for (const svg of [...network.children, ...graph.children]) svg.setAttribute("role", "group");
    network.addEventListener("keydown", press);
  }
  graph.addEventListener("keydown", event => {
    if (!from || !event.target.closest(".card") || !["Backspace", "Escape"].includes(event.key)) return;
    event.preventDefault();
    from.scrollIntoView({block: "nearest", inline: "center"});
    walk(from);
  });
}
