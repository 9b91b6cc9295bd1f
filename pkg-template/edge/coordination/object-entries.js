// @ts-check
// What a Durable Object keeps: texts under keys, each with its end, in storage that is strongly consistent, and an alarm
// that empties it.

import { memoryStorage } from "../../storage.js";

/** Milliseconds after the end of a lease for which nobody needs to be woken. */
const LEASE_LEFT_OVER = 3_600_000;

/** @typedef {{ text: string, expiresAt?: number, alarmAt?: number }} Entry ends in Unix seconds, alarms in milliseconds */

export class ObjectEntries {
  #storage;
  /** An object is one place in the world: its promises may be shared. */
  #turns = memoryStorage();

  /** @param {any} storage of the object's state */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} key */
  async load(key) {
    /** @type {Entry | undefined} */
    const entry = await this.#storage.get(`entry:${key}`);
    return entry === undefined || isOver(entry) ? null : entry.text;
  }

  /**
   * @param {string} key
   * @param {string} text
   * @param {{ expiresAt?: number, alarmAt?: number }} [options]
   */
  async save(key, text, { expiresAt, alarmAt = expiresAt && expiresAt * 1000 } = {}) {
    await this.#storage.put(`entry:${key}`, { text, expiresAt, alarmAt });
    if (alarmAt === undefined) return;
    const alarm = await this.#storage.getAlarm();
    if (alarm === null || alarm > alarmAt) await this.#storage.setAlarm(alarmAt);
  }

  /** @param {string} key */
  async delete(key) {
    await this.#storage.delete(`entry:${key}`);
  }

  /**
   * @template T
   * @param {string} key
   * @param {() => PromiseLike<T>} run
   * @returns {Promise<T>}
   */
  lock(key, run) {
    return /** @type {Promise<T>} */ (this.#turns.lock(key, run));
  }

  /**
   * Remembers a key; whether nobody did before.
   *
   * @param {string} key
   * @param {number} expiresAt
   */
  add(key, expiresAt) {
    return this.lock(key, async () => {
      if ((await this.load(key)) !== null) return false;
      await this.save(key, "used", { expiresAt });
      return true;
    });
  }

  /**
   * Gives a lease to who has none of another's.
   *
   * @param {string} key
   * @param {string} token
   * @param {number} milliseconds
   * @param {boolean} isNew whether it may be taken where nobody has it
   * @returns {Promise<boolean>}
   */
  lease(key, token, milliseconds, isNew) {
    const name = `lease:${key}`;
    return this.lock(name, async () => {
      const holder = await this.load(name);
      if (holder !== token && (holder !== null || !isNew)) return false;
      const until = Date.now() + milliseconds;
      await this.save(name, token, { expiresAt: until / 1000, alarmAt: until + LEASE_LEFT_OVER });
      return true;
    });
  }

  /** @param {string} key @param {string} token */
  release(key, token) {
    const name = `lease:${key}`;
    return this.lock(name, async () => {
      if ((await this.load(name)) === token) await this.delete(name);
    });
  }

  /** Deletes what is over, and asks to be woken for the next. */
  async sweep() {
    /** @type {Map<string, Entry>} */
    const entries = await this.#storage.list();
    let next = Infinity;
    for (const [key, entry] of entries) {
      if (isOver(entry)) await this.#storage.delete(key);
      else next = Math.min(next, entry.alarmAt ?? Infinity);
    }
    if (next !== Infinity) await this.#storage.setAlarm(next);
  }
}

/** @param {Entry} entry */
function isOver({ expiresAt }) {
  return expiresAt !== undefined && expiresAt * 1000 <= Date.now();
}
