// @ts-check
// What a client tells: the snapshot, its subscribers, and events, in this order, before the call that caused it settles.
// Never inside wasm, never under a lock.

import { toError } from "./errors.js";
import { Snapshots } from "./snapshot.js";

/**
 * @typedef {object} Facts of the client, as they are when asked
 * @property {() => import("./agent.js").Agent | null} agent
 * @property {() => boolean} isRefreshing
 * @property {() => boolean} isDead whether a trap ended the client's instance
 */

class ClientEvent extends Event {
  /**
   * @param {string} type
   * @param {object} detail
   */
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

export class News {
  #target;
  #facts;
  #snapshots = new Snapshots();
  /** @type {any[]} */
  #records = [];
  #isHeld = false;
  /** How many ways to be signed in are being tried. */
  #signingIn = 0;
  #isRefreshing = false;
  /** Why there is no fresh session. @type {import("./errors.js").OAuthError | null} */
  #error = null;

  /**
   * @param {EventTarget} target where events are dispatched
   * @param {Facts} facts
   */
  constructor(target, facts) {
    this.#target = target;
    this.#facts = facts;
  }

  get snapshot() {
    const agent = this.#facts.isDead() ? null : this.#facts.agent();
    const status = agent !== null ? "signed-in" : this.#signingIn > 0 ? "loading" : "signed-out";
    return this.#snapshots.become({ status, agent, isRefreshing: this.#isRefreshing, error: this.#error });
  }

  /** @param {(snapshot: import("./index.d.ts").Snapshot) => void} listener */
  subscribe(listener) {
    // What subscribers are told is the latest.
    void this.snapshot;
    return this.#snapshots.subscribe(listener);
  }

  /** Keeps events back: nobody can listen yet. */
  hold() {
    this.#isHeld = true;
  }

  /** From the next task on, listeners hear what was kept back. */
  letGo() {
    this.#isHeld = this.#records.length > 0;
    if (!this.#isHeld) return;
    setTimeout(() => {
      this.#isHeld = false;
      this.tell();
    });
  }

  /**
   * Takes an event as Rust records it; told in a microtask.
   *
   * @param {any} record
   */
  queue(record) {
    if (this.#records.push(record) === 1) this.tellSoon();
  }

  /** Where the app's own code called, which may be a store that Rust is waiting for. */
  tellSoon() {
    queueMicrotask(() => this.tell());
  }

  /**
   * What may end with somebody signed in: until then, the snapshot says that it is under way.
   *
   * @template T
   * @param {() => Promise<T>} work
   */
  async whileSigningIn(work) {
    this.#signingIn += 1;
    this.tellSoon();
    try {
      return await work();
    } finally {
      this.#signingIn -= 1;
      this.tell();
    }
  }

  /** @param {any} error of the trap that ended the client's instance */
  died(error) {
    this.#error = error;
    this.#isRefreshing = false;
  }

  /** Tells what there is to tell: snapshot, subscribers, events. */
  tell() {
    const records = this.#isHeld ? [] : this.#records.splice(0);
    const before = this.#snapshots.current.agent;
    const errors = records.map((record) => this.#note(record));
    const { agent } = this.snapshot;
    this.#snapshots.tell();
    records.forEach(({ type, source, reason, message, appStateJson }, at) => {
      if (type === "statechanged") return;
      // Nobody asks who signed in when somebody signed out.
      const detail = { agent: type === "signedout" ? before : agent, source };
      if (reason !== undefined) Object.assign(detail, { reason });
      if (message !== undefined) Object.assign(detail, { message });
      if (errors[at] !== null) Object.assign(detail, { error: errors[at] });
      if (appStateJson !== undefined) Object.assign(detail, { appState: JSON.parse(appStateJson) });
      this.#target.dispatchEvent(new ClientEvent(type, Object.freeze(detail)));
    });
  }

  /**
   * What an event means for the snapshot.
   *
   * @param {any} record
   */
  #note({ type, error: record }) {
    const error = record === undefined ? null : toError(record);
    if (type === "statechanged") this.#isRefreshing = !this.#facts.isDead() && this.#facts.isRefreshing();
    if (type === "signedin" || type === "refreshed") this.#error = null;
    if (type === "refreshfailed" || type === "signedout") this.#error = error;
    return error;
  }
}
