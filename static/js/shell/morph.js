// Swaps only what differs, so that focus, scroll, open menus and half-typed text stay. Rows are told apart by data-key or id.
// A row with data-leaves is seen to leave: it stays for a moment as `leaving`, which is no part of the page any more.

const LONGEST = 2000; // where no animation ends, as none began

export function morph(target, html) {
  const next = document.createElement(target.tagName);
  next.innerHTML = new DOMParser().parseFromString(html, "text/html").body.innerHTML;
  if (/^\s*<t[rdhb]/i.test(html)) next.innerHTML = html;
  const held = document.activeElement;
  children(target, next);
  if (held?.isConnected && held !== document.activeElement) held.focus({ preventScroll: true });
}

const key = (node) => (node.nodeType === 1 ? node.dataset.key || node.id || "" : "");
const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

function children(old, next) {
  const keyed = new Map([...old.children].filter(key).map((child) => [key(child), child]));
  const staying = new Set([...next.children].map(key));
  for (const [name, child] of keyed) if (!staying.has(name)) leave(child);
  let place = stays(old.firstChild);
  for (const wanted of [...next.childNodes]) {
    const known = key(wanted) && keyed.get(key(wanted));
    if (known && known !== place && same(known, wanted)) old.insertBefore(known, place);
    else if (!place || !same(place, wanted)) {
      old.insertBefore(wanted, place);
      continue;
    }
    const here = known && same(known, wanted) ? known : place;
    place = stays(here.nextSibling);
    change(here, wanted);
  }
  while (place) {
    const gone = place;
    place = stays(place.nextSibling);
    gone.remove();
  }
}

function stays(node) {
  while (node?.nodeType === 1 && node.classList.contains("leaving")) node = node.nextSibling;
  return node;
}

function leave(row) {
  if (!row.matches("[data-leaves]") || matchMedia("(prefers-reduced-motion: reduce)").matches) return row.remove();
  row.removeAttribute("data-key"); // should it come back meanwhile, it comes as another
  row.classList.add("leaving");
  row.inert = true;
  row.addEventListener("animationend", () => row.remove());
  setTimeout(() => row.remove(), LONGEST);
}

function change(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeType !== 1) {
    old.nodeValue = next.nodeValue;
    return;
  }
  const busy = old === document.activeElement && old.matches("input, select, textarea");
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !(name === "open" && old.matches("details, dialog"))) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && !(busy && name === "value")) old.setAttribute(name, value);
  }
  children(old, next);
}
