// Learners by name, searched on the phone. The list is kept with the scans, so that a name is known without a network.

import { get } from "./calls.js";

const FRESH = 60 * 60 * 1000;
export const OLD = 12 * FRESH;

export class Roster {
  constructor(store, path) {
    this.store = store;
    this.path = path;
    this.learners = [];
    this.at = 0;
  }

  async load() {
    const kept = await this.store.note("roster").catch(() => null);
    if (kept) this.take(kept.learners, kept.at);
    if (Date.now() - this.at > FRESH) await this.refresh();
  }

  async refresh() {
    const learners = [];
    let cursor = "";
    do {
      const answer = await get(this.path + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""));
      if (answer.status !== 200) return;
      learners.push(...answer.body.items.map(({ id, name, class: group, badge }) => ({ id, name, class: group, badge })));
      cursor = answer.body.next;
    } while (cursor);
    this.take(learners, Date.now());
    await this.store.note("roster", { learners, at: this.at }).catch(() => null);
  }

  take(learners, at) {
    this.learners = learners.map((learner) => ({ ...learner, plain: plain(learner.name) }));
    this.at = at;
    this.byCode = new Map(learners.filter((one) => one.badge?.state === "active").map((one) => [one.badge.code, one]));
  }

  holder(code) {
    return this.byCode?.get(code);
  }

  // Everybody whose words begin with the words typed; those who are many are cut.
  find(text, most = 30) {
    const words = plain(text).split(" ").filter(Boolean);
    if (!words.length) return [];
    return this.learners.filter((one) => words.every((word) => one.plain.split(" ").some((part) => part.startsWith(word)))).slice(0, most);
  }
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
