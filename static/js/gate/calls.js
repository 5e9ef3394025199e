// Asking the server. What comes back is {status, body}; status 0 means that nobody answered.

const PATIENCE = 5000;
const LONG_PATIENCE = 60_000;

export function get(path) {
  return call(path, { method: "GET" }, PATIENCE);
}

export function post(path, body, patience = PATIENCE) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) }, patience);
}

export function postMany(path, body) {
  return post(path, body, LONG_PATIENCE);
}

async function call(path, options, patience) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), patience);
  try {
    const answer = await fetch(path, { ...options, signal: limit.signal, credentials: "same-origin", headers: { Accept: "application/json", ...options.headers } });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null, date: answer.headers.get("Date") };
  } catch {
    return { status: 0, body: null };
  } finally {
    clearTimeout(timer);
  }
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
