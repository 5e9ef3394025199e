// Live pages: one beat every 30 s (or as often as the mark says, until what it shows is over) while the tab is visible, an honest mark when the last answer is old.
import { morph } from "./morph.js";

const USUAL = 30_000;
const STALE_AFTER = 90_000;

export function startBeat(root = document) {
  const marks = [...root.querySelectorAll("[data-live]")];
  if (!marks.length) return;
  const every = Math.min(USUAL, ...marks.filter((mark) => mark.dataset.every).map((mark) => mark.dataset.every * 1000));
  let fresh = Date.now();
  let due = fresh + every;

  const over = () => every < USUAL && document.querySelector("[data-live-done]");
  const beat = () => {
    due = Date.now() + every;
    document.body.dispatchEvent(new CustomEvent("live"));
  };
  const look = () => {
    if (over()) return marks.forEach((mark) => { mark.hidden = true; });
    const state = Date.now() - fresh > STALE_AFTER ? "stale" : "live";
    for (const mark of marks) if (mark.dataset.state !== state) mark.dataset.state = state;
    if (!document.hidden && Date.now() >= due) beat();
  };
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-live-retry]")) beat();
  });

  const polls = (event) => event.detail.requestConfig?.elt.matches("[data-live-poll]");
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!polls(event) || !event.detail.shouldSwap) return; // refused, or session.js said that the session ended
    event.detail.shouldSwap = false;
    morph(event.detail.target, event.detail.serverResponse);
    fresh = Date.now();
    const at = new Date(event.detail.xhr.getResponseHeader("Date") || fresh);
    for (const mark of marks) tell(mark, at);
    for (const told of document.querySelectorAll("[data-rail-told]")) count(told);
    look();
    document.body.dispatchEvent(new CustomEvent("live:done"));
  });
}

function count(told) {
  const shown = document.querySelectorAll(`[data-rail-count="${told.dataset.railTold}"]`);
  for (const one of shown) if (one.textContent !== told.textContent) one.textContent = told.textContent;
}

function tell(mark, at) {
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: mark.dataset.zone }).format(at);
  for (const time of mark.querySelectorAll("time")) {
    time.textContent = clock;
    time.dateTime = at.toISOString();
  }
}
