// Pages before sign-in work without script; this only makes them kinder.
import { startSession } from "./session.js";

startSession();

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
}
