// A scanner that types: a burst of keys less than 35 ms apart that ends in Enter. Works with nothing focused and never
// takes a key from a field: there the burst is typed like anything else and the field's own form sees the Enter.

const APART = 35;
const SHORTEST = 4;

export function listen(onCode) {
  let keys = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (inField(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const fast = event.timeStamp - last < APART;
    if (event.key === "Enter") {
      const code = keys;
      keys = "";
      if (!fast || code.length < SHORTEST) return;
      event.preventDefault();
      event.stopPropagation();
      onCode(code);
    } else if (event.key.length === 1) {
      keys = fast ? keys + event.key : event.key;
      last = event.timeStamp;
      if (fast && event.key === " ") event.preventDefault();
    }
  }, true);
}

function inField(element) {
  return element instanceof HTMLElement && (element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName) || textInput(element));
}

function textInput(element) {
  return element.tagName === "INPUT" && !["radio", "checkbox", "button", "submit"].includes(element.type);
}
