// The register by keyboard, and marks that survive a lost connection: they wait here and are sent again.

const register = document.querySelector("[data-register]");
const waiting = new Map(); // learner's row id -> the values of its form

const rows = () => [...register.querySelectorAll("tr[data-key]")];
const pressed = (row) => row.querySelector("[aria-pressed=true], .marks__one--proposed") ?? row.querySelector(".marks__one");

function keys(event) {
  const row = event.target.closest("tr[data-key]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) return;
  if (step(row, event.key) || mark(row, event.key) || reason(row, event)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function step(row, key) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!by) return false;
  const all = rows();
  pressed(all[all.indexOf(row) + by] ?? row)?.focus();
  return true;
}

function mark(row, key) {
  if (document.documentElement.dataset.keys === "off" || !/^[plae]$/i.test(key)) return false;
  const button = row.querySelector(`[name=mark][value=${key.toUpperCase()}]`);
  button?.focus();
  button?.click();
  return Boolean(button);
}

function reason(row, event) {
  const list = event.key === "Enter" && row.querySelector("[data-reason]");
  if (!list || event.target.value !== "E") return false;
  list.focus();
  return true;
}

function send(form, values) {
  window.htmx.ajax("POST", form.getAttribute("action"), { source: form, target: form.getAttribute("hx-target"), swap: "outerHTML", values });
}

function keep(form, values) {
  const row = form.closest("tr");
  waiting.set(row.id, values);
  show(row);
  say(register.dataset.unsaved);
}

function show(row) {
  const sign = row?.querySelector(".register__unsaved");
  if (!sign) return;
  sign.hidden = false;
  sign.title = register.dataset.unsaved;
}

function say(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: text }));
}

function again() {
  for (const [id, values] of [...waiting]) {
    const form = document.getElementById(id)?.querySelector("[data-mark-form]");
    if (form) send(form, values);
  }
}

if (register) {
  register.addEventListener("keydown", keys);
  register.addEventListener("change", (event) => {
    if (!event.target.matches("[data-reason]")) return;
    const form = event.target.form;
    send(form, { ...Object.fromEntries(new FormData(form)), mark: "E" });
  });
  document.addEventListener("htmx:sendError", (event) => {
    const form = event.target.closest?.("[data-mark-form]");
    if (form) keep(form, Object.fromEntries(event.detail.requestConfig.formData ?? Object.entries(event.detail.requestConfig.parameters)));
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.closest?.("[data-mark-form]")) say(register.dataset.failed);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 200) waiting.delete(event.detail.target?.id);
  });
  document.body.addEventListener("live:done", () => {
    window.htmx.process(register); // rows that came new know nothing of htmx yet
    for (const id of waiting.keys()) show(document.getElementById(id));
  });
  window.addEventListener("online", again);
  setInterval(() => { if (waiting.size && navigator.onLine) again(); }, 15_000);
  window.addEventListener("beforeunload", (event) => { if (waiting.size) event.preventDefault(); });
}
