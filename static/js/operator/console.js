// The console: what is new in Needs you now is said once; a wall screen keeps its clock going and stays awake.

const region = document.querySelector("[data-needs-said]");
const needs = () => new Map([...document.querySelectorAll("[data-need]")].map((row) => [row.dataset.key, row.dataset.need]));
let known = needs();

document.body.addEventListener("live:done", () => {
  const now = needs();
  const fresh = [...now].filter(([key]) => !known.has(key)).map(([, title]) => title);
  known = now;
  if (fresh.length) region.textContent = `${region.dataset.new} ${fresh.join(". ")}`;
});

const clock = document.querySelector("[data-wall-clock]");
if (clock) {
  const shown = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
  const tick = () => {
    const text = shown.format(new Date());
    if (clock.textContent !== text) clock.textContent = text;
  };
  tick();
  setInterval(tick, 1000);
  // The lock ends whenever the tab is hidden, and a browser may refuse it: then the screen may sleep, nothing else.
  const stayAwake = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
  };
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
}
