/* global byId, all, data, inflated, setAddress, now, go, turn, play, typedNumber, repr */
/* global rows, steps, seed, words, view, point, paint, write, leaf */
// Predict, then reveal: the step page asks for its numbers before it shows them.  The answers,
// and how far off they may be, come from Python.

let mode = "", asked = 0, open = false, hinted = false, hints = 0, missed = [];
const current = () => data.quiz[mode].questions[asked];
let written = null, makeQuiz = null;  // Python's questions; where numbers have changed, others
const quizRead = inflated(data.quiz).json().then(quiz => {
  written = quiz;
  readQuiz();
});

function remakeQuiz(make) {
  makeQuiz = make;
}
function readQuiz() {
  data.quiz = makeQuiz?.() ?? written;
  for (const [about, quiz] of Object.entries(data.quiz)) {
    quiz.questions = quiz.questions.map(question =>
      ({...steps[question.step ?? seed], lesson: words[question.step]?.say, ...question}));
    byId("mode").querySelector(`[value=${about}]`).disabled = !quiz.questions.length;
  }
}

// The picture with what is known after some answers; the rest of what is asked for is hidden.
function known(answered) {
  const {hidden, questions} = data.quiz[mode], done = questions.slice(0, asked + answered);
  const given = steps.slice(0, mode === "data" ? 1 : seed);
  const seen = view([...given, {...steps[0], set: hidden}, ...done]);
  seen.todo.delete(current().on[0]);
  return {...point(seen, current()), tips: false, about: false};
}

// In and out.  While it asks, keys turn no leaf and everything that tells is hidden.

function enter(about) {
  if (about && !written) {
    quizRead.then(() => enter(about));
    return;
  }
  play(false);
  mode = about;
  leaf.resting = !!mode;
  document.documentElement.classList.toggle("asking", !!mode);
  for (const row of rows) for (const control of all("button,input", row)) control.disabled = !!mode;
  byId("mode").value = mode;
  if (!mode) return;
  readQuiz();
  asked = hints = 0;
  missed = [];
  setAddress("#predict-" + mode);
  ask();
}

function leave() {
  enter("");
  go(now, true);
}

// Whether an address asks for questions.
function opens(hash) {
  const about = /^#predict-(gradients|data)(?:&|$)/.exec(hash)?.[1];
  if (about && !written) {
    quizRead.then(() => opens(hash) || turn(0));
    return true;
  }
  enter(about && data.quiz[about].questions.length ? about : "");
  return !!mode;
}

// One question after the other

function ask() {
  open = true;
  hinted = false;
  paint(known(0));
  const rings = mode === "data" ? " It is made from the cards with a dashed ring." :
    current().on.length ? " It is read by the cards with a yellow ring." : "";
  byId("title").textContent = `Question ${asked + 1} of ${data.quiz[mode].questions.length}`;
  say(`What is the ${current().ask}?${rings}`);
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
  const x = typedNumber(typed);
  if (x === null) return null;
  return repr(x) === question.word || question.low <= x && x <= question.high;
}

function check(typed) {
  const right = isRight(current(), typed);
  if (right === null) say("Type a number, such as −0.5 or 1/2 or 1e-3, or inf or nan.");
  else tell(right, right ? "Right: the" : `You typed ${typed.trim()}; the`);
}

function tell(right, start) {
  const {ask: what, answer, lesson} = current();
  open = false;
  hints += hinted;
  if (!right) missed.push(what);
  paint(known(1));
  say(`${start} ${what} is ${answer}.`, lesson);
  showButtons();
  byId("onward").focus();
}

function say(text, why) {
  write({title: byId("title").textContent, say: text, why});
  byId("typed").focus();
}

function finish() {
  const helped = hints ? `, ${hints} with a hint` : "";
  paint(view(steps));
  byId("title").textContent = "Score";
  say(`${asked - missed.length} of ${asked} right${helped}.`,
    missed.length ? `Missed: ${missed.join(", ")}.` : "Nothing was missed.");
  byId("asked").textContent = "";
  byId("typed").hidden = true;
  byId("onward").textContent = "Again";
  byId("onward").focus();
}

function goOn() {
  if (!current()) enter(mode);
  else if (++asked < data.quiz[mode].questions.length) ask();
  else finish();
}

// Into the step page

leaf.opens = opens;
leaf.keys.p = () => enter("gradients");
const toStep = leaf.fromPaper;
leaf.fromPaper = k => {
  if (!mode) toStep(k); else if (current()) paint(known(open ? 0 : 1));
};
byId("mode").addEventListener("change", event => event.target.value ? enter(event.target.value) : leave());
byId("hint").addEventListener("click", () => {
  hinted = true;
  say(`The rule is ${current().hint}.`);
});
byId("reveal").addEventListener("click", () => tell(false, "The"));
byId("onward").addEventListener("click", goOn);
byId("check").addEventListener("click", () => check(byId("typed").value));
byId("typed").addEventListener("keydown", event => {  // no form: a sandboxed frame sends none
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();  // or the button that gets the focus would be pressed, too
  if (open) check(byId("typed").value); else goOn();
});
addEventListener("keydown", event => {
  if (event.key !== "Escape" || !mode || event.ctrlKey || event.metaKey || event.altKey) return;
  leave();
  byId("next").focus();  // the field that had the focus is gone
});
