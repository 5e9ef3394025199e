// The dialog that finds a learner by name and scans the badge on record.

import { read } from "./codes.js";
import { OLD } from "./roster.js";
import { say, settings, time } from "./words.js";

export function startFind(roster, onChosen) {
  const dialog = document.getElementById("find");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const note = dialog.querySelector(".find__note");

  function draw() {
    const found = roster.find(input.value);
    list.replaceChildren(...found.map((learner) => row(learner)));
    note.textContent = remark(found);
  }

  function remark(found) {
    if (!roster.learners.length) return say("rosterOff");
    if (input.value.trim() && !found.length) return say("nobody");
    return Date.now() - roster.at > OLD ? say("rosterOld", { time: time(roster.at) }) : "";
  }

  function row(learner) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const name = document.createElement("strong");
    const more = document.createElement("span");
    const carries = learner.badge?.state === "active";
    name.textContent = learner.name;
    more.textContent = carries ? learner.class?.name ?? "" : say("noBadge");
    button.type = "button";
    button.disabled = !carries;
    button.append(name, more);
    button.addEventListener("click", () => {
      dialog.close();
      onChosen(learner.badge.code);
    });
    item.append(button);
    return item;
  }

  input.addEventListener("input", draw);
  // A scanner types into this field like anybody else.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !read(input.value, settings.badge)) return;
    event.preventDefault();
    dialog.close();
    onChosen(input.value);
  });
  document.getElementById("find-open").addEventListener("click", async () => {
    input.value = "";
    draw();
    dialog.showModal();
    input.focus();
    await roster.load();
    draw();
  });
}
