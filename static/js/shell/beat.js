// Live pages: one beat every 30 s while the tab is visible, an honest mark when the last answer is old.
import { morph } from "./morph.js";

const EVERY = 30_000;
const STALE_AFTER = 90_000;

export function startBeat(root = document) {
  const marks = [...root.querySelectorAll("[data-live]")];
  if (!marks.length) return;
  let fresh = Date.now();
  let due = fresh + EVERY;

  const beat = () => {
    due = Date.now() + EVERY;
    document.body.dispatchEvent(new CustomEvent("live"));
  };
  const look = () => {
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
    look();
    document.body.dispatchEvent(new CustomEvent("live:done"));
  });
}

function tell(mark, at) {
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: mark.dataset.zone }).format(at);
  for (const time of mark.querySelectorAll("time")) {
    time.textContent = clock;
    time.dateTime = at.toISOString();
  }
}
