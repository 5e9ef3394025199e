// Forms and requests of a page: a button that works shows it, and a session that ended is said over the page, so work stays.

export function startSession() {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const button = event.submitter ?? event.target.querySelector("[type=submit], button:not([type])");
    if (!button || button.dataset.again !== undefined) return;
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    setTimeout(() => button.setAttribute("aria-disabled", "true"));
    setTimeout(() => button.setAttribute("aria-busy", "true"), 400);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("[aria-busy], [aria-disabled=true]")) rest(button);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    for (const button of event.target.querySelectorAll?.("[aria-busy]") ?? []) rest(button);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const where = event.detail.xhr.responseURL;
    if (!where || new URL(where).pathname !== "/login") return;
    event.detail.shouldSwap = false;
    const dialog = document.getElementById("signed-out");
    if (dialog && !dialog.open) dialog.showModal();
  });
  document.querySelector("[data-summary]")?.focus();
}

function rest(button) {
  button.removeAttribute("aria-busy");
  button.removeAttribute("aria-disabled");
}
