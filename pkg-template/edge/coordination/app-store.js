// @ts-check
// A store of the app's own, which may throw at once, reject with whatever it likes, or never answer: errors of ours instead.

import { configurationError, isOAuthError, toError } from "../../errors.js";
import { inTime } from "../../in-time.js";

/** @typedef {import("../../index.d.ts").TokenStorage} TokenStorage */

/**
 * @param {string} who takes it
 * @param {any} store
 */
export function appStore(who, store) {
  const missing = ["load", "save", "delete"].filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) {
    throw configurationError("invalid_option", `${who}: expected a store with load, save and delete; this has no ${missing.join(", no ")}`);
  }
  return {
    /** @param {string} key @returns {Promise<string | null>} */
    async load(key) {
      const text = await asked("load", () => store.load(key));
      if (text == null || typeof text === "string") return text ?? null;
      throw unavailable("load", "it gave neither a string nor null");
    },
    /** @param {string} key @param {string} text @param {{ expiresAt?: number }} [options] */
    save: (key, text, options) => asked("save", () => store.save(key, text, options)),
    /** @param {string} key */
    delete: (key) => asked("delete", () => store.delete(key)),
  };
}

/**
 * @param {string} method of the app's store, which may throw at once and give what it likes
 * @param {() => any} ask
 */
async function asked(method, ask) {
  try {
    return await inTime(method, ask());
  } catch (thrown) {
    throw isOAuthError(thrown) ? thrown : unavailable(method, thrown);
  }
}

/**
 * @param {string} method
 * @param {any} cause
 */
export function unavailable(method, cause) {
  const message = `the store cannot be used: its ${method} failed: ${cause?.message ?? cause}`;
  return toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
}
