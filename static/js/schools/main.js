// Suspend and reactivate in a dialog over the page; without script the same links lead to pages of their own.

const dialog = document.getElementById("standing");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-standing]");
  if (link && dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link);
  }
  if (event.target.closest("dialog a[data-close]")) event.preventDefault();
});

async function open(link) {
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    location.assign(link.href);
    return;
  }
  const menu = link.closest("details");
  if (menu) menu.open = false;
  (menu?.querySelector("summary") ?? link).focus(); // where the browser leads back to when the dialog closes
  dialog.innerHTML = await answer.text();
  watch(dialog);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), textarea")?.focus();
}

// Progress opens under its row; the same link closes it again.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-progress]");
  const row = link?.closest("tr");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const menu = link.closest("details");
  menu.open = false;
  menu.querySelector("summary").focus();
  if (row.nextElementSibling?.matches(".schools__more")) {
    row.nextElementSibling.remove();
    return;
  }
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    location.assign(link.href);
    return;
  }
  const more = document.createElement("tr");
  more.className = "schools__more";
  const cell = document.createElement("td");
  cell.colSpan = row.cells.length;
  cell.setAttribute("role", "status");
  cell.innerHTML = await answer.text();
  more.append(cell);
  row.after(more);
});

// The button waits for the exact name; the server looks at it again.
function watch(root) {
  for (const button of root.querySelectorAll("[data-needs-name]")) {
    const input = button.form.querySelector("[name=confirm_name]");
    const look = () => { button.disabled = input.value !== button.dataset.needsName; };
    input.addEventListener("input", look);
    look();
  }
}

watch(document);
