/* global all, byId, leaf, lookAt, moveBeside, pressable, ring, stage, svg, timer */
// The program beside its graph: the line of the card that a step is about is marked, and a line
// that is pressed marks its cards.  Python wrote every line, and the sentence about it.

const sources = all("#source li");
const madeIn = item => item.dataset.n.split(" ");

function mark(marked) {
  for (const item of sources) item.firstChild.setAttribute("aria-pressed", item === marked);
  if (!timer) byId("says").textContent = marked?.dataset.says ?? "";  // Play goes on before it is read
  const list = marked?.parentNode;
  if (list) list.scrollTop = marked.offsetTop + marked.offsetHeight / 2 - list.clientHeight / 2;
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
const nameCardsFirst = leaf.painted;
leaf.painted = first => {
  nameCardsFirst(first);
  markLineOf(svg.querySelector(".halo.glow")?.closest(".card"));
};
// Of the stage: an svg that listens itself is taken by browsers for a place to stop at with Tab.
stage.addEventListener("focusin", event => {
  const card = event.target.closest(".card");
  if (card) markLineOf(card);
});
