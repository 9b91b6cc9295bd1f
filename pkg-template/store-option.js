// @ts-check
// The option `storage`: one of the built-in stores by its name, or a store of the app's own.

import { configurationError } from "./errors.js";
import { encryptedStorage } from "./storage.js";

/**
 * The object that keeps sessions, where it is one.
 *
 * @param {any} storage
 * @returns {object | undefined}
 */
export function storeOf(storage) {
  if (storage === "encrypted") return encryptedStorage();
  if (storage == null || (typeof storage === "string" && storage !== "custom")) return undefined;
  const missing = ["load", "save", "delete"].filter((name) => typeof storage[name] !== "function");
  if (missing.length > 0) {
    const expected = '"memory", "session", "local", "encrypted" or an object with load, save and delete';
    throw configurationError("invalid_option", `option "storage": expected ${expected}; this has no ${missing.join(", no ")}`);
  }
  if (typeof storage.lock !== "function" && !hasSharedLocks()) {
    throw configurationError(
      "missing_option",
      "option \"storage\": a store needs `lock(key, run)` where there are no Web Locks, or two processes would send one " +
        "refresh token twice; where one process is alone with the store, `lock: (key, run) => run()` says so",
    );
  }
  return storage;
}

/** Web Locks reach all pages and workers of an origin, but in Node only the threads of one process. */
function hasSharedLocks() {
  const { document, navigator, process } = /** @type {any} */ (globalThis);
  return navigator?.locks !== undefined && (document !== undefined || process?.versions?.node === undefined);
}
