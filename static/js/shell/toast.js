// One line, six seconds, stops while somebody points at it or stands in it.

const LASTS = 6000;

export function startToasts() {
  for (const toast of document.querySelectorAll(".toast")) time(toast);
  document.addEventListener("toast", (event) => say(event.detail.value ?? event.detail));
}

export function say(text) {
  const place = document.querySelector(".toasts");
  const toast = document.createElement("div");
  toast.className = "toast";
  const line = document.createElement("span");
  line.textContent = text;
  toast.append(line);
  place.append(toast);
  time(toast);
}

function time(toast) {
  let timer = 0;
  const go = () => { timer = setTimeout(() => toast.remove(), LASTS); };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", go);
  go();
}
