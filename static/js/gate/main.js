// The gate screen: reads badges, asks the server, shows the answer, keeps what could not be sent.

import { startMenus } from "../shell/menu.js";
import { get } from "./calls.js";
import { bare, read } from "./codes.js";
import { startFind } from "./find.js";
import { addLast, startPanel } from "./panel.js";
import { Queue } from "./queue.js";
import { savedHere, show, shown, startResult } from "./result.js";
import { Roster } from "./roster.js";
import { muted } from "./sound.js";
import { openStore } from "./store.js";
import { listen } from "./wedge.js";
import { say, settings } from "./words.js";

const AGAIN = 10_000;
const CLOCK_OFF = 2 * 60;
const by = (id) => document.getElementById(id);
const store = await openStore(settings.school);
const queue = new Queue(store, settings.calls);
const roster = new Roster(store, settings.calls.learners);
const lately = new Map(); // bare code -> when it was scanned
const seen = new Map(); // learner -> direction and time of the last plain result of this phone

async function scan(text) {
  const code = bare(text);
  if (!code || !by("gate").value) return;
  if (Date.now() - (lately.get(code) ?? 0) < AGAIN) return again();
  lately.set(code, Date.now());
  const whole = read(text, settings.badge);
  const tap = {
    scan_id: newId(), badge: whole ?? text.trim().slice(0, settings.badge.longest), gate: by("gate").value,
    direction: document.querySelector("[name=direction]:checked").value, scanned_at: new Date().toISOString(),
  };
  const answer = await queue.scan(tap);
  const result = answer ? shown(answer, tap, await earlier(answer)) : savedHere(tap, roster.holder(whole), queue.online);
  show(result);
  addLast(result, !answer);
  if (answer) watchClock(answer);
  if (answer) by("lockdown").hidden = answer.code !== "lockdown";
  if (answer?.learner && answer.code === "ok") seen.set(answer.learner.id, { direction: answer.direction, at: answer.scanned_at });
}

// When somebody who is already in or out was seen before: what this phone knows, else the roll.
async function earlier(answer) {
  if (answer.code !== "already_in" && answer.code !== "already_out") return null;
  const known = seen.get(answer.learner.id);
  if (known?.direction === answer.direction) return known.at;
  if (answer.code === "already_out") return null;
  const roll = await get(settings.calls.onSite);
  return roll.body?.items?.find((item) => item.learner.id === answer.learner.id)?.since ?? null;
}

function again() {
  const place = by("again");
  place.textContent = say("again");
  place.hidden = false;
  // A dialog lies above the page, so the words go into it while one is open.
  (document.querySelector("dialog[open]") ?? document.body).append(place);
  clearTimeout(again.timer);
  again.timer = setTimeout(() => { place.hidden = true; place.textContent = ""; }, 1500);
}

function watchClock(answer) {
  queue.clockOff = Math.abs(answer.skew_seconds) > CLOCK_OFF;
  queue.changed();
}

// Ids are made here, also where the browser's own maker is kept for secure origins.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function startTyping() {
  const input = by("code");
  const error = by("code-error");
  const wrong = (is) => {
    input.setAttribute("aria-invalid", String(is));
    error.hidden = !is;
    error.querySelector("span").textContent = is ? say("badCode") : "";
  };
  input.addEventListener("input", () => wrong(false));
  by("typed").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!bare(input.value)) return input.focus();
    if (!read(input.value, settings.badge)) {
      wrong(true);
      return input.select();
    }
    scan(input.value);
    input.value = "";
  });
}

function startSound() {
  const button = by("sound");
  const state = button.querySelector(".gate__state");
  const draw = () => {
    button.setAttribute("aria-pressed", String(!muted.on));
    button.querySelector("use").setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, muted.on ? "#muted" : "#sound"));
    state.textContent = muted.on ? state.dataset.off : state.dataset.on;
  };
  button.addEventListener("click", () => {
    muted.on = !muted.on;
    draw();
  });
  draw();
}

// Leaving while scans lie here only: not without being told, and not before they are sent.
function startLeaving() {
  const dialog = by("unsent");
  by("sign-out").addEventListener("submit", async (event) => {
    event.preventDefault();
    const count = (await store.all()).filter((one) => !one.look).length;
    if (!count) return event.target.submit();
    dialog.querySelector("[data-count]").textContent = say("held", { count });
    document.querySelector(".gate__menu").open = false;
    dialog.showModal();
  });
  by("send-now").addEventListener("click", async () => {
    await queue.flush();
    if (!(await queue.waiting()).length) dialog.close();
  });
}

function rememberGate() {
  const name = `gate-at-${settings.school}`;
  const kept = localStorage.getItem(name);
  if ([...by("gate").options].some((option) => option.value === kept)) by("gate").value = kept;
  by("gate").addEventListener("change", () => {
    localStorage.setItem(name, by("gate").value);
    by("gate").blur(); // so that the next burst of a scanner is not typed into the list
  });
}

async function stayAwake() {
  if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => null);
}

startMenus();
startResult();
startPanel(queue);
startTyping();
startSound();
startLeaving();
startFind(roster, scan);
rememberGate();
listen(scan);
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
queue.flush();
roster.load();
document.documentElement.dataset.ready = "";
