"use strict";
/* global leaf */
// What every page with a toolbar does alike: it turns its leaves by button, slider, key, play
// and address, takes a theme, and goes to paper.  What a leaf shows is the script's below.

const byId = name => document.getElementById(name);
const all = (selector, parent = document) => [...parent.querySelectorAll(selector)];
const data = JSON.parse(byId("mn-data").textContent);

// The name in a table's row becomes a button, which without a script would be a dead one.
function pressable(cell, css, act) {
  const button = document.createElement("button");
  button.className = css;
  button.append(...cell.childNodes);
  button.addEventListener("click", act);
  cell.append(button);
}

function setAddress(place) {
  const hash = place + (leaf.address?.() ?? "");
  if (location.hash === hash) return;
  try { history.replaceState(null, "", hash); } catch { /* a frame has no address of its own */ }
}

// Leaves 0 to last are turned, from when the page is read.  The script below says what a leaf is,
// as `leaf`:
//   last; title(k): its name for listeners; show(k): shows it;
//   toPaper(), fromPaper(k): shows everything for print, and leaf k again;
//   keys: more keys and what they do; resting: while true, keys turn no leaf;
//   resized(): the window, or the size of everything in it, has changed;
//   onward(k): makes the leaf after k, where there is always one more: its number, or null;
//   opens(hash): true if an address that names no leaf was its to follow;
//   reads(hash), address(): reads what else stands in an address, and writes it.

const details = all("details"), live = document.querySelector("[aria-live]");
let now = -1, timer = 0, unfolded = null;

// Not disabled, which would take the focus away from whoever presses on at an end.
function dim(button, on) {
  button.setAttribute("aria-disabled", on);
}

function go(k, again = false) {
  k = Math.max(0, Math.min(leaf.last, k));
  if (k === now && !again) return;
  now = k;
  leaf.show(k);
  byId("slider").value = k;
  byId("slider").setAttribute("aria-valuetext", leaf.title(k));
  for (const button of [byId("first"), byId("back")]) dim(button, k === 0);
  dim(byId("last"), k === leaf.last);
  dim(byId("next"), isEnd());
  if (isEnd()) play(false);
  if (!timer) setAddress("#step-" + k);  // browsers take it amiss at every step of a play
}
const isEnd = () => now === leaf.last && !leaf.onward;
function onward() {
  const k = leaf.onward ? leaf.onward(now) : now + 1;
  if (k === null) play(false); else go(k, Boolean(leaf.onward));
}
function turn(k, again = false) {
  play(false);
  go(k, again);
}

function play(on) {
  clearInterval(timer);
  if (on && isEnd()) go(0);
  const playing = on && !isEnd(), speed = +byId("speed").value, button = byId("play");
  timer = playing ? setInterval(onward, speed) : 0;
  button.firstChild.textContent = playing ? "❚❚" : "▶";
  button.lastChild.textContent = playing ? " Pause" : " Play";
  button.setAttribute("aria-pressed", playing);
  const was = live.getAttribute("aria-live"), is = playing ? "off" : "polite";
  live.setAttribute("aria-live", is);  // Play goes on before a step is read out
  if (was !== is && !playing && now >= 0) go(now, true);  // so that the step it stops at is
}

// Everything 1.6 times as large.
function project(on) {
  document.documentElement.classList.toggle("projector", on);
  byId("projector").setAttribute("aria-pressed", on);
  leaf.resized?.();
}
const isProjected = () => byId("projector").getAttribute("aria-pressed") === "true";

const turns = {
  first: () => turn(0), back: () => turn(now - 1), play: () => play(!timer),
  next: () => { play(false); onward(); }, last: () => turn(leaf.last)
};
const turnKeys = {
  Home: turns.first, ArrowLeft: turns.back, " ": turns.play, ArrowRight: turns.next, End: turns.last,
  z: () => project(!isProjected()),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const on = event.target, sideways = {ArrowRight: 60, ArrowLeft: -60}[event.key];
  const act = {...turnKeys, ...leaf.keys}[event.key];
  const frame = event.shiftKey && sideways && on.closest("[role=region]");
  if (frame) {
    frame.scrollLeft += sideways;
  } else if (leaf.resting || !act || on.matches("select,[type=radio],[type=text]") ||
      event.key === " " && on.matches("button,summary")) {
    return;
  } else {
    act();
  }
  event.preventDefault();
}

function follow() {
  const hash = location.hash;
  leaf.reads?.(hash);
  if (leaf.opens?.(hash)) return;
  const step = /^#step-([0-9]+)/.exec(hash);
  turn(step ? +step[1] : data.begin ?? 0, true);
}

addEventListener("DOMContentLoaded", () => {
  for (const [name, act] of Object.entries(turns)) byId(name).addEventListener("click", act);
  byId("slider").addEventListener("input", event => turn(+event.target.value));
  byId("speed").addEventListener("change", () => { if (timer) play(true); });
  byId("projector").addEventListener("click", () => project(!isProjected()));
  byId("theme").addEventListener("change", event => {
    document.documentElement.dataset.theme = event.target.value;
  });
  addEventListener("keydown", press);
  addEventListener("hashchange", follow);
  addEventListener("resize", () => leaf.resized?.());
  document.documentElement.classList.remove("nojs");
  for (const part of details) part.open = part.matches("figcaption *") && document.documentElement.clientWidth > 820;
  follow();
});

// On paper everything is unfolded; afterwards the page is as it was.
addEventListener("beforeprint", () => {
  unfolded ??= details.map(part => part.open);
  play(false);
  for (const part of details) part.open = true;
  leaf.toPaper();
});
addEventListener("afterprint", () => {
  details.forEach((part, i) => { part.open = unfolded?.[i] ?? part.open; });
  unfolded = null;
  leaf.fromPaper(now);
});
