// The result of an onboarding: links asked for once by the tab that made the school, copied, printed, not lost by accident.

const here = new URL(location.href);
const first = here.searchParams.get("new") === "1";
if (first) {
  here.searchParams.delete("new");
  history.replaceState(null, "", here); // a reload is no first look
}
const slips = () => Boolean(document.querySelector("[data-slips]"));
let held = slips();

async function handOver(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Part": "1" } });
  if (!answer.ok || answer.redirected) return;
  const place = document.getElementById("handover");
  place.innerHTML = await answer.text();
  held = slips();
  form.remove();
  place.querySelector("h2")?.focus();
}

function look() {
  const form = document.querySelector("[data-handover][data-first]");
  if (first && form && !form.dataset.asked && !document.hidden) {
    form.dataset.asked = "1";
    handOver(form).catch(() => { delete form.dataset.asked; }); // its button is still there
  }
}

document.body.addEventListener("live:done", look);
document.addEventListener("visibilitychange", look);
look();

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const secret = copy.parentElement.querySelector("[data-secret]");
    if (await kept(secret)) {
      copy.textContent = copy.dataset.done;
      copy.dataset.copied = "";
      if (![...document.querySelectorAll("[data-copy]")].some((one) => one.dataset.copied === undefined)) held = false;
    }
  }
  if (event.target.closest("[data-print]")) {
    held = false;
    print();
  }
});

async function kept(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(node); // no clipboard on this page: one keystroke is left to do
    return false;
  }
}

addEventListener("beforeunload", (event) => {
  if (held) event.preventDefault();
});
