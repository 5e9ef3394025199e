// The answer, over the whole screen. Plain ones leave by themselves; amber and black wait for a hand.

import { signal } from "./sound.js";
import { initials, say, settings, time } from "./words.js";

const STAYS = 1800;
const ICONS = { in: "arrow-in", out: "arrow-out", watch: "clock", stop: "hand", lockdown: "lock", saved: "offline" };
const dialog = document.getElementById("result");
let timer = 0;

export function startResult() {
  document.getElementById("next").addEventListener("click", close);
  dialog.addEventListener("close", () => clearTimeout(timer));
}

// What there is to show of a server's answer; `earlier` is when the learner was seen before, if known.
export function shown(answer, tap, earlier) {
  const code = settings.codes[answer.code];
  const plain = code.tone === "plain";
  const tone = plain ? answer.direction : code.tone;
  const title = plain ? say(answer.direction === "in" ? "checkedIn" : "checkedOut") : code.title;
  const line = [code.line, earlier ? say("since", { time: time(earlier) }) : ""].filter(Boolean).join(" ");
  return { tone, title, line, ...holder(answer.learner, tap), at: answer.scanned_at, leaves: plain };
}

// What there is to show of a scan that is only kept here: never a colour that means it was let through.
export function savedHere(tap, learner, online) {
  return { tone: "saved", title: say("saved"), line: say(online ? "savedHeld" : "savedLine"), ...holder(learner, tap), at: tap.scanned_at, leaves: true };
}

// Where nobody is known, the code that was read.
function holder(learner, tap) {
  return { name: learner?.name ?? tap.badge, group: learner?.class?.name ?? "", initials: initials(learner?.name ?? "") };
}

export function show(result) {
  clearTimeout(timer);
  dialog.dataset.tone = result.tone;
  const use = dialog.querySelector("use");
  use.setAttribute("href", `${use.dataset.sprite}#${ICONS[result.tone]}`);
  dialog.querySelector("h2").textContent = result.title;
  dialog.querySelector("[data-name]").textContent = result.name;
  dialog.querySelector("[data-more]").textContent = [result.group ? say("grade", { name: result.group }) : "", time(result.at)].filter(Boolean).join(" · ");
  dialog.querySelector(".result__initials").textContent = result.initials;
  dialog.querySelector(".result__line").textContent = result.line;
  if (!dialog.open) dialog.showModal();
  signal(result.tone);
  if (result.leaves) timer = setTimeout(close, STAYS);
}

function close() {
  dialog.close();
}
