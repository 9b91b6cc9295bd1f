// @ts-check
// What an app shows: one frozen object, the same until something changes, and who is told when it does.

import { callListener } from "./report.js";

/** @typedef {import("./index.d.ts").Snapshot} Snapshot */

export class Snapshots {
  /** @type {Snapshot} */
  #current = Object.freeze({ status: "signed-out", agent: null, isRefreshing: false, error: null });
  #told = this.#current;
  #isTelling = false;
  /** @type {Set<{ listener: (snapshot: Snapshot) => void }>} */
  #subscriptions = new Set();

  /** The last one that was made. */
  get current() {
    return this.#current;
  }

  /**
   * @param {Snapshot} next
   * @returns {Snapshot} the one before, where nothing changed
   */
  become(next) {
    const names = /** @type {(keyof Snapshot)[]} */ (Object.keys(next));
    if (names.some((name) => next[name] !== this.#current[name])) this.#current = Object.freeze(next);
    return this.#current;
  }

  /** Tells the subscribers, until all have seen the last one: one of them may change it. */
  tell() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (this.#told !== this.#current) {
      const snapshot = (this.#told = this.#current);
      for (const subscription of [...this.#subscriptions]) {
        if (this.#subscriptions.has(subscription)) callListener(subscription.listener, snapshot);
      }
    }
    this.#isTelling = false;
  }

  /**
   * @param {(snapshot: Snapshot) => void} listener
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    // First, so that nobody is told the same twice.
    this.tell();
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    callListener(listener, this.#current);
    return () => void this.#subscriptions.delete(subscription);
  }
}
