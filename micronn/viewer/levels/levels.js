"use strict";
/* global leaf, moving, steps, now, turn, filledIn */
// One graph on every level.  Python made the scenes, and every word and number in them; this
// script shows one after the other and marks the value that was asked for.  It stands in a block
// of its own, as it also goes with the scripts of the page that steps, whose level is "values",
// and of those whose numbers move, where the scenes open from the page's own pictures.
{
  const byName = name => document.getElementById(name);
  const page = document.documentElement, box = byName("levels"), frame = byName("scene");
  const told = byName("told"), tabs = [...document.querySelectorAll("#tabs [data-level]")];
  const host = typeof moving === "object" && moving;
  const steppable = typeof leaf === "object" && !host, first = location.hash;
  const hots = () => [...frame.querySelectorAll(".hot")];
  let scenes = {}, at = {};
  let came = "";  // from where, to a message that is told in another scene

  async function unpacked() {
    const bytes = Uint8Array.from(atob(box.dataset.scenes), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  // Pictures and panels are markup that Python wrote and escaped.
  const parsed = (text, type) => document.adoptNode(new DOMParser().parseFromString(text, type).documentElement);
  function picture(text) {
    const svg = parsed(text, "image/svg+xml");
    svg.setAttribute("role", "group");  // what is in it can be reached
    return svg;
  }

  // The scene of a level that a value stands in, or else the first of that level.
  function sceneOf(level, k) {
    const ids = Object.keys(scenes).filter(id => scenes[id].level === level);
    return ids.find(id => scenes[id].has.includes(+k)) ?? ids[0];
  }
  const named = place => place.replace("#", "").split("&")[0].split("/");
  const changed = () => steppable && leaf.address?.() || "";  // numbers, as an address has them
  const opens = place => named(place)[0] in scenes || steppable && named(place)[0] === "values";

  function go(place, focus = true) {
    const [id, k, i] = named(place);
    page.classList.toggle("levelled", id in scenes);
    if (id in scenes) open(id, k, i, focus); else if (host) close(); else step(k, focus);
    for (const tab of tabs) {
      if (tab.dataset.level === at.level) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    byName("up").setAttribute("aria-disabled", !above());
  }

  function open(id, asked, i, focus) {
    const scene = scenes[id];
    came = i !== undefined && at.id && at.id !== id ? `${at.id}/${at.k}` : "";
    if (at.id !== id) paint(scene);
    const k = scene.has.includes(+asked) ? asked : `${scene.has[0]}`;
    at = {id, k, i, level: scene.level};
    box.dataset.level = scene.level;
    const here = mark(k), place = [id, k, i].filter(part => part !== undefined).join("/");
    for (const wire of frame.querySelectorAll(".wire")) {
      wire.classList.toggle("here", i !== undefined && scene.wires[wire.id] === place);
    }
    write(scene, here, k, i);
    here?.scrollIntoView({block: "nearest", inline: "nearest"});
    if (focus) (i === undefined && here || told).focus({preventScroll: !host});
    if (!host) setPlace(place);
  }

  // Where numbers move: back in the page's own pictures, and the same place with other numbers.
  function close() {
    const {id} = at;
    at = {};
    if (id) host.rise(id);
  }
  function refresh() {
    if (host) host.heed();
    if (!(at.id in scenes)) return;
    const inTold = [...told.querySelectorAll("button")].indexOf(document.activeElement);
    const inFrame = frame.contains(document.activeElement);
    paint(scenes[at.id]);
    const here = mark(at.k);
    write(scenes[at.id], here, at.k, at.i);
    told.querySelectorAll("button")[inTold]?.focus();
    if (inFrame) here?.focus({preventScroll: true});
  }

  // The picture of a scene, and what is said in it, with the numbers of now.
  const found = () => host ? host.found : steppable && leaf.found?.();
  const now_ = text => text && found() ? filledIn(text, found()) : text;
  const told_ = scene => !host && found() && scene.moved || scene;
  function paint(scene) {
    const {svg} = told_(scene);
    frame.replaceChildren(...svg ? [picture(now_(svg))] : []);
  }

  function setPlace(place) {
    try { history.replaceState(null, "", `#${place}${changed()}`); } catch { /* a frame has no address */ }
  }

  // A value stands on a card, and perhaps in a line of it, which comes later.
  function mark(k) {
    const here = hots().filter(hot => hot.matches(`[data-n~="${k}"]`)).at(-1);
    if (!here) return null;  // a level without a picture
    for (const hot of hots()) {
      hot.classList.toggle("here", hot === here);
      hot.setAttribute("tabindex", hot === here ? 0 : -1);
      while (hot.childElementCount > 1) hot.lastChild.remove();
    }
    here.append(here.firstChild.cloneNode());
    return here;
  }

  function write(scene, here, k, i) {
    const [whole] = here ? here.dataset.n.split(" ") : scene.has;
    const {panels} = told_(scene), html = now_(panels[`${k}/${i}`] ?? panels[k] ?? panels[whole]);
    const said = document.createElement("p");
    said.textContent = here?.getAttribute("aria-label");
    told.replaceChildren(...html ? parsed(html, "text/html").querySelector("body").childNodes : [said]);
    for (const item of told.querySelectorAll(`[data-n~="${k}"]`)) item.setAttribute("aria-current", "true");
  }

  // The level of values of a page that steps: the step at which a gradient is complete.
  function step(k, focus) {
    const card = box.dataset.card + k, is = phase => (s => s.phase === phase && s.on.includes(card));
    const received = steps.findLastIndex(s => s.phase === "backward" && s.to.includes(card));
    const other = Math.max(steps.findIndex(is("seed")), steps.findIndex(is("forward")));
    at = {id: "values", level: "values"};
    leaf.resized?.();
    if (k !== undefined || now < 0 && !leaf.resting) turn(Math.max(received < 0 ? other : received, 0), true);
    if (focus) document.querySelector(".stage").focus();
  }

  function above() {
    const {id, k, i} = at;
    if (i !== undefined) return came || `${id}/${k}`;
    if (id === "values") {
      const ringed = [...steps[now]?.to ?? [], ...steps[now]?.on ?? []];
      const own = scenes[sceneOf("neurons")].has.find(n => ringed.includes(box.dataset.card + n));
      return `${sceneOf("neurons")}/${own}`;
    }
    const higher = scenes[id]?.above;
    if (host && !higher) return id ? "page" : "";
    return higher && `${higher}/${scenes[higher].has.includes(+k) ? k : scenes[id].has[0]}`;
  }

  function follow(element) {
    const hot = element.closest("[data-to]"), wire = element.closest(".wire");
    if (wire) return scenes[at.id].wires[wire.id];
    if (!hot) return "";
    const ks = hot.dataset.n?.split(" ") ?? [], {to = ""} = hot.dataset;
    if (to.includes("/")) return to;
    return `${to || at.id}/${ks.includes(at.k) ? at.k : ks[0]}`;
  }

  // The nearest place in the direction of an arrow key.
  function next(from, [dx, dy]) {
    const middle = hot => {
      const {x, y, width, height} = hot.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    };
    const [x, y] = middle(from);
    const far = hot => {
      const [a, b] = middle(hot).map((m, i) => m - [x, y][i]), along = a * dx + b * dy;
      return along > 2 ? along + 2 * Math.abs(a * dy - b * dx) : Infinity;
    };
    const ranked = hots().filter(hot => far(hot) < Infinity).sort((a, b) => far(a) - far(b));
    return ranked[0];
  }

  const ARROWS = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]};
  function press(event) {
    const on = event.target, typing = on.matches("input:not([type=radio],[type=range]),select,textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const inScene = at.id in scenes, hot = on.closest(".hot");
    let to = "";
    if (host && !box.contains(on)) return;
    if (event.key === "Backspace" || event.key === "Escape" && inScene) to = above();
    else if (hot && (event.key === "Enter" || event.key === " ")) to = follow(hot);
    else if (hot && ARROWS[event.key]) {
      const other = next(hot, ARROWS[event.key]);
      if (other) to = `${at.id}/${other.dataset.n.split(" ")[0]}`;
    }
    if (inScene && (!host || to || hot && ARROWS[event.key])) event.stopPropagation();  // no step is turned
    if (to || hot && ARROWS[event.key]) event.preventDefault();
    if (to) go(to);
  }

  async function begin() {
    scenes = await unpacked();
    page.classList.add("levels");
    if (host) {
      Object.assign(host, {open: go, refresh, scenes});
      host.heed();
    } else {
      go(opens(first) ? first : box.dataset.start, false);
      document.querySelector("header").append(byName("tabs"));
    }
    addEventListener("keydown", press, true);
    box.addEventListener("click", event => {
      const to = follow(event.target);
      if (to) go(to);
    });
    byName("up").addEventListener("click", () => { if (above()) go(above()); });
    for (const tab of tabs) {
      tab.addEventListener("click", () => {
        const {level} = tab.dataset, id = sceneOf(level, at.k) ?? level;
        go(at.k === undefined ? id : `${id}/${at.k}`);
      });
    }
    if (!host) addEventListener("hashchange", () => { if (opens(location.hash)) go(location.hash); });
  }
  // On that page a wire is the step in which a message goes back along it.
  function visit(event) {
    const wire = event.target.closest(".wire");
    const k = steps.findIndex(s => s.phase === "backward" && s.wires.includes(wire?.id));
    if (k >= 0 && !leaf.resting) turn(k);
  }

  if (steppable) {
    document.querySelector(".stage").addEventListener("click", visit);
    const others = leaf.opens;
    leaf.retold = refresh;
    leaf.opens = hash => opens(hash) || others?.(hash);
  }
  addEventListener("DOMContentLoaded", begin);
}
