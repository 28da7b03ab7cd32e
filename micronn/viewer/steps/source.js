/* global all, byId, dressers, leaf, lookAt, moveBeside, pressable, ring, stage, svg, timer */
// The program beside its graph: the line of the card that a step is about is marked, and a line
// that is pressed marks its cards.  Python wrote every line, and the sentence about it.

const sources = all("#source li");
const madeIn = item => item.dataset.n.split(" ");

function mark(marked) {
  for (const item of sources) {
    item.classList.toggle("on", item === marked);
    item.firstChild.setAttribute("aria-pressed", item === marked);
  }
  if (!marked) return;
  const list = marked.parentNode;
  list.scrollTop = marked.offsetTop + marked.offsetHeight / 2 - list.clientHeight / 2;
  if (!timer) byId("says").textContent = marked.dataset.says;  // Play goes on before it is read out
}
const markLineOf = card => mark(sources.find(item => card && madeIn(item).includes(card.id)));

function markCardsOf(item) {
  all(".halo.line", svg).forEach(halo => halo.remove());
  for (const name of madeIn(item)) ring(name, "line");
  lookAt(madeIn(item), []);
  moveBeside();
  stage.scrollIntoView({block: "nearest"});
  mark(item);
}

for (const item of sources) pressable(item, "", () => markCardsOf(item));
const told = leaf.painted;
leaf.painted = first => {
  told(first);
  markLineOf(svg.querySelector(".halo.glow")?.closest(".card"));
};
function sourced() {
  svg.addEventListener("focusin", event => markLineOf(event.target.closest(".card")));
}
dressers.push(sourced);
sourced();
