"use strict";
// What every page with a toolbar does alike: it turns its leaves by button, slider, key, play
// and address, takes a theme, and goes to paper.  What a leaf shows is the script's below.

const byId = name => document.getElementById(name);
const all = (selector, parent = document) => [...parent.querySelectorAll(selector)];
const data = JSON.parse(byId("mn-data").textContent);

function add(parent, tag, css, text) {
  const element = parent.appendChild(document.createElement(tag));
  if (css) element.className = css;
  element.textContent = text;
  return element;
}

// The name in a table's row becomes a button, which without a script would be a dead one.
function pressable(cell, css, act) {
  const name = cell.textContent;
  cell.textContent = "";
  add(cell, "button", css, name).addEventListener("click", act);
}

function setAddress(hash) {
  if (location.hash === hash) return;
  try { history.replaceState(null, "", hash); } catch { /* a frame has no address of its own */ }
}

// Turns leaves 0 to last, from when the page is read.  The page says what a leaf is, as `leaf`:
//   last; title(k): its name for listeners; show(k): shows it;
//   toPaper(), fromPaper(k): shows everything for print, and leaf k again;
//   keys: more keys and what they do;
//   opens(hash): true if an address that names no leaf was its to follow.
class Pages {
  constructor(leaf) {
    addEventListener("DOMContentLoaded", () => this.start());
    this.leaf = leaf;
    this.now = -1;
    this.timer = 0;
    this.resting = false;  // while true, keys turn no leaf
    this.details = document.querySelector("details");
    this.live = document.querySelector("[aria-live]");
  }

  go(k, again = false) {
    k = Math.max(0, Math.min(this.leaf.last, k));
    if (k === this.now && !again) return;
    this.now = k;
    this.leaf.show(k);
    byId("slider").value = k;
    byId("slider").setAttribute("aria-valuetext", this.leaf.title(k));
    byId("first").disabled = byId("back").disabled = k === 0;
    byId("next").disabled = byId("last").disabled = k === this.leaf.last;
    if (k === this.leaf.last) this.stop();
    setAddress("#step-" + k);
  }
  turn(k, again = false) {
    this.stop();
    this.go(k, again);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.look(false);
  }
  play() {
    if (this.now === this.leaf.last) this.go(0);
    if (this.leaf.last === 0) return;
    this.timer = setInterval(() => this.go(this.now + 1), +byId("speed").value);
    this.look(true);
  }
  playOrStop() {
    if (this.timer) this.stop(); else this.play();
  }
  look(playing) {
    const button = byId("play"), tooFast = playing && byId("speed").value < 600;
    button.firstChild.textContent = playing ? "❚❚" : "▶";
    button.lastChild.textContent = playing ? " Pause" : " Play";
    button.setAttribute("aria-pressed", playing);
    this.live.setAttribute("aria-live", tooFast ? "off" : "polite");  // nobody listens that fast
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target, sideways = {ArrowRight: 60, ArrowLeft: -60}[event.key];
    if (event.shiftKey && sideways && on.matches("[role=region]")) {
      on.scrollLeft += sideways;
      event.preventDefault();
      return;
    }
    if (this.resting || on.matches("select,[type=radio],form input")) return;
    const keys = {
      ArrowRight: () => this.turn(this.now + 1), ArrowLeft: () => this.turn(this.now - 1),
      Home: () => this.turn(0), End: () => this.turn(this.leaf.last), ...this.leaf.keys
    };
    if (!on.matches("button,summary")) keys[" "] = () => this.playOrStop();
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }

  follow() {
    if (this.leaf.opens?.(location.hash)) return;
    const step = /^#step-([0-9]+)/.exec(location.hash);
    this.turn(step ? +step[1] : 0, true);
  }

  // On paper everything is unfolded; afterwards the page is as it was.
  toPaper() {
    this.open ??= this.details.open;
    this.stop();
    this.details.open = true;
    this.leaf.toPaper();
  }
  fromPaper() {
    this.details.open = this.open ?? this.details.open;
    delete this.open;
    this.leaf.fromPaper(this.now);
  }

  start() {
    const clicks = {
      first: () => this.turn(0), back: () => this.turn(this.now - 1), play: () => this.playOrStop(),
      next: () => this.turn(this.now + 1), last: () => this.turn(this.leaf.last)
    };
    for (const [name, act] of Object.entries(clicks)) byId(name).addEventListener("click", act);
    byId("slider").addEventListener("input", event => this.turn(+event.target.value));
    byId("speed").addEventListener("change", () => { if (this.timer) { this.stop(); this.play(); } });
    byId("theme").addEventListener("change", event => {
      document.documentElement.dataset.theme = event.target.value;
    });
    addEventListener("keydown", event => this.press(event));
    addEventListener("hashchange", () => this.follow());
    addEventListener("beforeprint", () => this.toPaper());
    addEventListener("afterprint", () => this.fromPaper());
    document.documentElement.classList.remove("nojs");
    this.details.open = false;
    this.follow();
  }
}
