// @ts-check
// A store that everybody sees alike at once, as far as that can be told: one that has locks.

import { configurationError } from "../../errors.js";
import { inTime } from "../../in-time.js";

/** @typedef {import("../../index.d.ts").TokenStorage} TokenStorage */

/**
 * @param {string} who takes it
 * @param {any} store
 * @returns {Required<Pick<TokenStorage, "load" | "save" | "delete" | "lock">>}
 */
export function strongStore(who, store) {
  const missing = ["load", "save", "delete"].filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) {
    throw configurationError("invalid_option", `${who}: expected a store with load, save, delete and lock; this has no ${missing.join(", no ")}`);
  }
  if (typeof store.lock !== "function") {
    throw configurationError(
      "missing_option",
      `${who}: the store has no \`lock\`, so it cannot keep two isolates from doing the same, and may lag behind, as ` +
        "Cloudflare KV does: take durableObjectStorage(namespace), unstorageStorage(storage, { lock: redisLock(client) }), " +
        "fileStorage(path) or, in one process, memoryStorage()",
    );
  }
  return {
    load: (key) => inTime("load", store.load(key)),
    save: (key, value, options) => inTime("save", store.save(key, value, options)),
    delete: (key) => inTime("delete", store.delete(key)),
    lock: (key, run) => store.lock(key, run),
  };
}
