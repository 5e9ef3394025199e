// What the screen says about itself: network, saved scans, scans that need a look, the last results.

import { icon, say, settings, time } from "./words.js";

const LAST = 3;
const SAID = 6000;
const by = (id) => document.getElementById(id);
const MARKS = { in: "arrow-in", out: "arrow-out", watch: "clock", stop: "hand", lockdown: "lock", saved: "offline" };

export function startPanel(queue) {
  let sentAt = 0;
  queue.addEventListener("sending", ({ detail }) => band(say("sending", detail)));
  queue.addEventListener("sent", () => {
    sentAt = Date.now();
    setTimeout(draw, SAID + 50);
  });
  queue.addEventListener("change", draw);

  async function draw() {
    const [waiting, look] = [await queue.waiting(), await queue.needingALook()];
    const net = by("net");
    net.toggleAttribute("data-off", !queue.online);
    text(net.querySelector("[data-text]"), say(queue.online ? "online" : "offline"));
    const count = waiting.length;
    if (!queue.sending || !count) {
      const sent = Date.now() - sentAt < SAID;
      band(count ? say(queue.online ? "held" : "waiting", { count }) : sent ? say("sent", { time: time(sentAt) }) : "", !count);
    }
    warn(queue);
    drawLook(queue, look);
  }
  draw();
}

function band(line, good = false) {
  const place = by("band");
  text(place, line);
  place.hidden = !line;
  place.dataset.tone = good ? "ok" : "";
}

function warn(queue) {
  const reason = queue.held || (queue.store.lasting ? "" : "forgetful") || (queue.clockOff ? "clock" : "");
  const line = reason && say(reason);
  text(by("warning"), line);
  by("warning").hidden = !line;
}

// A live region speaks when its text changes; the same words again stay quiet.
function text(place, line) {
  if (place.textContent !== line) place.textContent = line;
}

function drawLook(queue, scans) {
  const section = by("look");
  section.hidden = !scans.length;
  if (!scans.length) return;
  text(section.querySelector("h2"), say("look", { count: scans.length }));
  section.querySelector("ul").replaceChildren(...scans.map((scan) => lookRow(queue, scan)));
}

function lookRow(queue, { tap, look }) {
  const item = document.createElement("li");
  const line = document.createElement("span");
  const button = document.createElement("button");
  const who = look.learner || tap.badge;
  const why = settings.codes[look.code]?.line ?? look.errors.map((error) => error.message).join(" ");
  line.textContent = `${who} · ${time(tap.scanned_at)}. ${why}`;
  button.type = "button";
  button.className = "button";
  button.textContent = say("seen", { name: who });
  button.addEventListener("click", () => queue.forget(tap.scan_id));
  item.append(line, button);
  return item;
}

export function addLast(result, saved) {
  const item = document.createElement("li");
  const who = document.createElement("span");
  const what = document.createElement("em");
  what.textContent = saved ? say("savedMark") : result.title;
  who.append(`${[result.name, time(result.at)].filter(Boolean).join(" · ")} · `, what);
  item.append(icon(MARKS[result.tone]), who);
  by("last").prepend(item);
  while (by("last").children.length > LAST) by("last").lastElementChild.remove();
}
