/* global byId, data, rows, slots, end, seed, steps, words, view, point, paint, write, add */
/* global leaf, pages, setAddress */
// Predict, then reveal: the step page asks for its numbers before it shows them.  The answers,
// and how far off they may be, come from Python.

const quizzes = {};
for (const [about, {hidden, questions}] of Object.entries(data.quiz)) {
  quizzes[about] = {hidden, questions: questions.map(finished)};
  byId("mode").querySelector(`[value=${about}]`).disabled = !questions.length;
}
let mode = "", asked = 0, open = false, score = null;
const current = () => quizzes[mode].questions[asked];

// A question as it was written, and what its steps already say.
function finished(question) {
  if (question.step !== undefined) {
    const {on, to, set, wires, lines} = steps[question.step];
    return {...question, on, to, wires, answer: set[0][1], hint: lines[0][0], lesson: words[question.step].say};
  }
  const parts = question.steps.map(k => steps[k]), on = [...new Set(parts.flatMap(step => step.on))];
  const readers = steps.filter(step => step.phase === "forward" && on.includes(step.on[0]));
  const ofTarget = ([name]) => slots.get(name).closest(".card").id === question.target;
  const own = parts.flatMap(step => step.set).filter(ofTarget);
  const set = own.concat(readers.flatMap(step => step.set.slice(1)));
  return {...question, set, on: on.filter(card => card !== question.target), to: [question.target]};
}

// The picture with what is known after some answers; the rest of what is asked for is hidden.
function known(answered) {
  const {hidden, questions} = quizzes[mode], now = current();
  const aboutData = now.step !== undefined, done = questions.slice(0, asked + answered);
  const seen = view(aboutData ? now.step - 1 + answered : seed - 1);
  if (aboutData) {
    seen.sets.splice(data.start.length, 0, ...hidden);
  } else {
    seen.sets.push(...hidden, ...done.flatMap(earlier => earlier.set));
    done.flatMap(earlier => earlier.wires).forEach(wire => seen.wires.set(wire, ""));
  }
  now.on.forEach(card => seen.todo.delete(card));
  const pointed = point(seen, {...now, phase: aboutData ? "forward" : "backward"});
  return {...pointed, tips: false, about: false};
}

// In and out.  While it asks, keys turn no leaf and everything that tells is hidden.

function enter(about) {
  pages.stop();
  mode = about;
  pages.resting = !!mode;
  document.documentElement.classList.toggle("asking", !!mode);
  for (const row of rows) row.querySelector("button").disabled = !!mode;
  byId("mode").value = mode;
  if (!mode) return;
  asked = 0;
  score = {right: 0, hinted: 0, missed: []};
  setAddress("#predict-" + mode);
  ask();
}

function leave() {
  enter("");
  pages.go(pages.now, true);
}

// Whether an address asks for questions.
function opens(hash) {
  const about = /^#predict-(gradients|data)$/.exec(hash)?.[1];
  enter(about && quizzes[about].questions.length ? about : "");
  return !!mode;
}

// One question after the other

function ask() {
  const total = quizzes[mode].questions.length;
  if (!current()) {
    finish(total);
    return;
  }
  open = true;
  current().hinted = false;
  paint(known(0));
  const rings = current().step !== undefined ? " It is made from the cards with a dashed ring." :
    current().on.length ? " It is read by the cards with a yellow ring." : "";
  const title = `Question ${asked + 1} of ${total}`;
  write(title, `What is the ${current().ask}?${rings}`);
  byId("asked").textContent = current().ask + " =";
  showButtons();
  byId("typed").value = "";
  byId("typed").focus();
}

function showButtons() {
  byId("typed").hidden = false;
  byId("typed").readOnly = !open;
  for (const name of ["check", "hint", "reveal"]) byId(name).hidden = !open;
  byId("onward").hidden = open;
  byId("onward").textContent = "Next";
}

// True for a right number, false for a wrong one, null for no number at all.
function isRight(question, typed) {
  const text = typed.trim().toLowerCase().replace("−", "-").replace("∞", "inf").replace(",", ".");
  if (/^[+-]?inf(inity)?$|^nan$/.test(text)) {
    return question.word === text.replace("+", "").replace("inity", "");
  }
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/.test(text)) return null;
  return question.low <= +text && +text <= question.high;
}

function check(typed) {
  const right = isRight(current(), typed);
  if (right === null) say("Type a number, such as −0.5 or 1e-3, or inf or nan.");
  else tell(right, right ? "Right: the" : `You typed ${typed.trim()}; the`);
}

function tell(right, start) {
  open = false;
  if (right) score.right++; else score.missed.push(current().ask);
  if (current().hinted) score.hinted++;
  paint(known(1));
  const verdict = `${start} ${current().ask} is ${current().answer}.`;
  write(byId("title").textContent, verdict, current().lesson);
  showButtons();
  byId("onward").focus();
}

function say(text) {
  byId("say").replaceChildren();
  add(byId("say"), "p", "", text);
  byId("typed").focus();
}

function hint() {
  current().hinted = true;
  say(`The rule is ${current().hint}.`);
}

function finish(total) {
  const hinted = score.hinted ? `, ${score.hinted} with a hint` : "";
  const missed = score.missed.length ? `Missed: ${score.missed.join(", ")}.` : "Nothing was missed.";
  paint(view(end));
  write("Score", `${score.right} of ${total} right${hinted}.`, missed);
  byId("asked").textContent = "";
  byId("typed").hidden = true;
  byId("onward").textContent = "Again";
  byId("onward").focus();
}

function goOn() {
  if (!current()) {
    enter(mode);
  } else {
    asked++;
    ask();
  }
}

// Into the step page

leaf.opens = opens;
leaf.keys.p = () => enter("gradients");
const toStep = leaf.fromPaper;
leaf.fromPaper = k => {
  if (!mode) toStep(k); else if (current()) paint(known(open ? 0 : 1));
};
byId("mode").addEventListener("change", event => event.target.value ? enter(event.target.value) : leave());
byId("hint").addEventListener("click", hint);
byId("reveal").addEventListener("click", () => tell(false, "The"));
byId("onward").addEventListener("click", goOn);
byId("quiz").addEventListener("submit", event => {
  event.preventDefault();
  if (open) check(byId("typed").value); else goOn();
});
addEventListener("keydown", event => {
  if (event.key === "Escape" && mode && !event.ctrlKey && !event.metaKey && !event.altKey) leave();
});
