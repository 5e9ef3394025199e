// Sentences and times, as the server gave them.

export const settings = JSON.parse(document.getElementById("gate-settings").textContent);
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: settings.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function time(moment) {
  return clock.format(new Date(moment));
}

export function say(name, values = {}) {
  const found = settings.words[name];
  const sentence = typeof found === "string" ? found : values.count === 1 ? found.one : found.many;
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`%(${key})s`, value), sentence);
}

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return words.length ? (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase() : "";
}

// An icon out of the sprite the page names.
export function icon(name) {
  const sprite = document.querySelector("#result use").dataset.sprite;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
