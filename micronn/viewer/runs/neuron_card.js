/* global all, byId, data, moving */
// From a neuron of the network to its card in the graph of the example, from a card to the values
// that are worked out in it, and back.  All show the same moment, so what opens has the numbers
// of the snapshot at which it was clicked.
{
  const graph = byId("example"), network = byId("network");
  const rings = {now: 7, ink: 2};  // by colour, how wide
  const named = id => all(`svg:not([hidden]) [id="${id}"]`, graph)[0];
  const known = data.cards ?? {}, depth = typeof moving === "object" && moving;
  const cardOf = unit => known[unit]?.map(named).find(card => card);
  const unitIn = neuron => all("[id]", neuron).map(part => part.id).find(id => id in known);
  let from = null, opened = null;

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
  function lead(card) {
    ring(card);
    if (!card.hasAttribute("tabindex")) card.setAttribute("tabindex", -1);
    card.scrollIntoView({block: "nearest", inline: "center"});
    card.focus({preventScroll: true});
  }

  // goes: whether the reader is led to the card, or it is only marked.
  function open(neuron, goes) {
    const card = cardOf(unitIn(neuron));
    if (!card) return;
    from = neuron;
    if (goes) lead(card); else ring(card);
  }

  // Tab leads to the first of them, arrow keys to the others; where neurons are chosen from a
  // list, a click marks the card and leaves the reader at the network.
  const neurons = all(".neuron", network).filter(neuron => cardOf(unitIn(neuron)));
  for (const neuron of neurons) {
    neuron.style.cursor = "pointer";
    neuron.addEventListener("click", () => open(neuron, !byId("neuron")));
  }
  function walk(among, to) {
    for (const each of among) each.setAttribute("tabindex", each === to ? 0 : -1);
    to.focus({preventScroll: true});
  }
  const ways = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
  // Arrow keys among some parts of a picture, and Enter on one of them; whether it was such a key.
  function press(event, among, act) {
    const part = among.find(each => each === document.activeElement);
    const seen = among.filter(each => each.getClientRects().length);  // of one of the two views
    if (!part || event.shiftKey || !(event.key in ways) && !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key in ways) walk(among, seen[seen.indexOf(part) + ways[event.key]] ?? part);
    else act(part);
  }
  const heard = part => [...part.querySelectorAll("text, title")].map(each => each.textContent).join(" ");
  if (neurons.length) {
    for (const neuron of neurons) {
      neuron.setAttribute("role", "button");
      neuron.setAttribute("aria-label", heard(neuron));  // what is seen on it is a part of its name
      const isFirst = neuron === neurons.find(each => each.closest(".w,.g") === neuron.closest(".w,.g"));
      neuron.setAttribute("tabindex", isFirst ? 0 : -1);
    }
    for (const svg of [...network.children, ...graph.children]) svg.setAttribute("role", "group");
    network.addEventListener("keydown", event => press(event, neurons, neuron => {
      neuron.querySelector("[id]").dispatchEvent(new MouseEvent("click", {bubbles: true}));
      open(neuron, true);
    }));
  }
  graph.addEventListener("keydown", event => {
    if (!from || !event.target.closest(".card") || !["Backspace", "Escape"].includes(event.key)) return;
    event.preventDefault();
    from.scrollIntoView({block: "nearest", inline: "center"});
    walk(neurons, from);
  });

  // Down from a card.  The picture of another snapshot may have other cards.
  const cards = () => all("svg:not([hidden]) .card", graph).filter(placeOf);
  function placeOf(card) {
    const id = card.id.replace(/^example-/, ""), k = +/^n([0-9]+)$/.exec(id)?.[1];
    const made = Object.keys(depth.scenes).findLast(name => depth.scenes[name].made?.includes(k));
    const shown = Object.keys(depth.scenes).find(name => depth.scenes[name].svg && depth.scenes[name].has.includes(k));
    if (id in depth.scenes) return id;
    if (id[0] === "R" && "rest" in depth.scenes) return "rest";
    return made || shown ? `${made ?? shown}/${k}` : "";
  }
  // A line of a card that shows one number opens that number.
  function lineOf(card, target) {
    const line = target.closest("text"), place = placeOf(card), names = depth.scenes[place]?.names ?? {};
    const isBeside = text => Math.abs(text.getAttribute("y") - line.getAttribute("y")) < 5;
    const found = line && all("text", card).find(text => isBeside(text) && text.textContent in names);
    return found ? `${place}/${names[found.textContent]}` : place;
  }
  function descend(card, place = placeOf(card)) {
    opened = card;
    ring(card);
    depth.open(place);
    byId("levels").scrollIntoView({block: "start"});
  }
  function heed() {
    const found = cards(), first = found.find(card => card.getAttribute("tabindex") === "0") ?? found[0];
    for (const card of found) {
      card.style.cursor = "pointer";
      card.setAttribute("role", "button");
      card.setAttribute("aria-label", heard(card));
      card.setAttribute("tabindex", card === first ? 0 : -1);
    }
  }
  if (depth) {
    graph.addEventListener("click", event => {
      const card = event.target.closest(".card");
      if (card && placeOf(card)) descend(card, lineOf(card, event.target));
    });
    graph.addEventListener("keydown", event => press(event, cards(), card => descend(card)));
    depth.heed = heed;
    depth.rise = id => {
      const card = [named(`example-${id}`), named(id), opened].find(each => each?.getClientRects().length);
      if (card) lead(card);
    };
  }
}
