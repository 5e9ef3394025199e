// A password can be shown while it is typed; without script there is no button.

export function startReveals() {
  for (const field of document.querySelectorAll("[data-reveal]")) {
    const input = field.querySelector("input");
    const button = field.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.textContent = shown ? button.dataset.show : button.dataset.hide;
      input.focus();
    });
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }
}
