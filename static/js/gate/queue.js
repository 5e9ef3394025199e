// Scans on their way: kept first, sent at once or when the network is back, forgotten only when the server has them.

import { post, postMany } from "./calls.js";

const TOGETHER = 100;
const PAUSE = 10_000;

export class Queue extends EventTarget {
  constructor(store, calls) {
    super();
    this.store = store;
    this.calls = calls;
    this.online = navigator.onLine;
    this.held = "";
    this.clockOff = false;
    this.busy = new Set();
    this.number = Date.now() * 1000;
    addEventListener("online", () => this.flush());
    addEventListener("offline", () => this.say(0));
    setInterval(() => this.flush(), PAUSE);
  }

  async waiting() {
    return (await this.store.all()).filter((scan) => !scan.look && !this.busy.has(scan.tap.scan_id));
  }

  async needingALook() {
    return (await this.store.all()).filter((scan) => scan.look);
  }

  // The server's answer, or null when the scan is kept for later.
  async scan(tap) {
    const kept = { tap, number: this.number++ };
    this.busy.add(tap.scan_id);
    try {
      await this.store.put(kept);
      const answer = this.online || navigator.onLine ? await post(this.calls.scan, tap) : { status: 0 };
      this.say(answer.status);
      if (answer.status === 200 || answer.status === 201) {
        await this.forget(tap.scan_id);
        return answer.body;
      }
      if ([404, 409, 422].includes(answer.status)) await this.lookAt(kept, answer.body);
      return null;
    } finally {
      this.busy.delete(tap.scan_id);
      this.changed();
    }
  }

  async flush() {
    if (this.sending || !navigator.onLine) return;
    this.sending = true;
    try {
      await this.sendAll();
    } finally {
      this.sending = false;
      this.changed();
    }
  }

  async sendAll() {
    const all = await this.waiting();
    for (let done = 0; done < all.length; done += TOGETHER) {
      this.dispatchEvent(new CustomEvent("sending", { detail: { done, count: all.length } }));
      const part = all.slice(done, done + TOGETHER);
      const answer = await postMany(this.calls.batch, { scans: part.map((scan) => scan.tap) });
      this.say(answer.status);
      if (answer.status !== 200) return;
      for (const [place, result] of answer.body.results.entries()) await this.settle(part[place], result);
    }
    if (all.length) this.dispatchEvent(new Event("sent"));
  }

  async settle(scan, result) {
    if (result.errors || result.verdict === "refused") await this.lookAt(scan, result);
    else await this.forget(scan.tap.scan_id);
  }

  async lookAt(scan, result) {
    await this.store.put({ ...scan, look: { code: result?.code ?? "", learner: result?.learner?.name ?? "", errors: result?.errors ?? [] } });
  }

  async forget(id) {
    await this.store.remove(id);
    this.changed();
  }

  // What an answer says about the network and about us.
  say(status) {
    this.online = status > 0;
    this.held = status === 401 || status === 403 ? "signIn" : status === 423 ? "suspended" : "";
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
