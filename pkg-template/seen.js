// @ts-check
// Where it is remembered which logout tokens were taken: a store of the app's, which also serves as one for sessions.

import { configurationError } from "./errors.js";
import { memoryStorage } from "./storage.js";

/** The locks of this process, for a store that has none. */
const turns = memoryStorage();

/**
 * The store as the wasm uses it: what it saves is the time, in Unix seconds, from which on nobody asks for it.
 *
 * @param {any} store
 * @returns {object}
 */
export function storeOfSeen(store) {
  const missing = ["load", "save", "delete"].filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) {
    throw configurationError(
      store == null ? "missing_option" : "invalid_option",
      'option "store": expected an object with load, save and delete, which remembers the tokens that were taken: one that ' +
        "all processes share, or `memoryStorage()`, kept as long as the process, where there is one process",
    );
  }
  return {
    load: (/** @type {string} */ key) => store.load(key),
    save: (/** @type {string} */ key, /** @type {string} */ until) => store.save(key, until, { expiresAt: Number(until) }),
    delete: (/** @type {string} */ key) => store.delete(key),
    lock: (/** @type {string} */ key, /** @type {() => PromiseLike<unknown>} */ run) =>
      typeof store.lock === "function" ? store.lock(key, run) : turns.lock(key, run),
  };
}
