// Keyboard: `/` search, `g` then a letter goes there, `j` and `k` move over rows, `r` refreshes, `?` explains. Can be switched off in Appearance.

const typing = (node) => node.closest("input, textarea, select, [contenteditable], dialog[open]");

export function startKeys() {
  if (document.documentElement.dataset.keys === "off") return;
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    const stroke = event.key.toLowerCase();
    const done = Date.now() - going < 1500 ? go(stroke) : press(event.key);
    going = stroke === "g" && !done ? Date.now() : 0;
    if (done) event.preventDefault();
  });
}

function go(letter) {
  const link = document.querySelector(`[data-key-go="${CSS.escape(letter)}"]`);
  link?.click();
  return Boolean(link);
}

function press(letter) {
  if (letter === "/") return focus(document.querySelector("[data-search]"));
  if (letter === "?") return show(document.getElementById("keys"));
  if (letter === "j") return row(1);
  if (letter === "k") return row(-1);
  if (letter === "r" && document.querySelector("[data-live]")) return document.body.dispatchEvent(new CustomEvent("live"));
  return false;
}

function focus(node) {
  node?.focus();
  node?.select?.();
  return Boolean(node);
}

function show(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
  return Boolean(dialog);
}

function row(step) {
  const links = [...document.querySelectorAll("[data-rows] [data-row-link], .table tbody tr a:first-of-type")].filter((a, i, all) => all.indexOf(a) === i);
  if (!links.length) return false;
  const here = links.indexOf(document.activeElement);
  return focus(links[Math.min(Math.max(here + step, 0), links.length - 1)]);
}
