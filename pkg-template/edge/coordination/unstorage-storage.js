// @ts-check
// Any driver of the package unstorage as a store. It changes keys (`/` becomes `:`, `?` and what follows is cut) and
// makes folders of them, and most of its drivers know no end: so keys are spelled out and ends are kept with the text.

import { configurationError, toError } from "../../errors.js";

/** What a part of a key may hold: what every file system tells apart, the ones that ignore case too. */
const PLAIN = /^[a-z0-9_-]$/;

/** How long the name of one file may be, in characters, below what any file system takes. */
const LONGEST_PART = 200;

/**
 * @param {import("./index.d.ts").UnstorageStorage} storage
 * @param {{ lock?: import("./index.d.ts").Lock, prefix?: string }} [options]
 * @returns {any}
 */
export function unstorageStorage(storage, { lock, prefix = "wasm-oidc" } = {}) {
  for (const name of /** @type {const} */ (["getItem", "setItem", "removeItem", "getKeys"])) {
    if (typeof storage?.[name] !== "function") {
      throw configurationError("invalid_option", `unstorageStorage: expected what createStorage of unstorage makes; this has no ${name}`);
    }
  }
  if (lock !== undefined && typeof lock !== "function") {
    throw configurationError("invalid_option", 'unstorageStorage, option "lock": expected a function, such as redisLock(client)');
  }
  const base = spelled(prefix);
  const nameOf = (/** @type {string} */ key) => `${base}:${spelled(key)}`;
  return Object.freeze({
    async load(/** @type {string} */ key) {
      const entry = await asked(() => storage.getItem(nameOf(key)));
      if (entry === null || entry === undefined) return null;
      if (typeof entry.text !== "string") throw unavailable(new Error("what is stored is not from here"));
      if (!isOver(entry.expiresAt)) return entry.text;
      // Most drivers keep it for ever.
      await asked(() => storage.removeItem(nameOf(key)));
      return null;
    },
    async save(/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ { expiresAt } = {}) {
      const entry = { text: String(value), ...(expiresAt !== undefined && { expiresAt }) };
      const ttl = expiresAt === undefined ? undefined : Math.max(Math.ceil(expiresAt - Date.now() / 1000), 1);
      await asked(() => storage.setItem(nameOf(key), entry, ttl === undefined ? {} : { ttl }));
    },
    delete: (/** @type {string} */ key) => asked(() => storage.removeItem(nameOf(key))),
    async list(start = "") {
      const names = await asked(() => storage.getKeys(base));
      const keys = names.map((name) => read(name.slice(base.length + 1)));
      return keys.filter((key) => key.startsWith(start));
    },
    ...(lock !== undefined && { lock }),
  });
}

/**
 * A key in letters that no driver changes, in parts that no file system finds too long. All parts but the last end with a
 * plus, so that no file has the name of a folder.
 *
 * @param {string} key
 */
function spelled(key) {
  let text = "";
  for (const letter of String(key)) {
    const bytes = PLAIN.test(letter) ? undefined : new TextEncoder().encode(letter);
    text += bytes === undefined ? letter : Array.from(bytes, (byte) => `=${byte.toString(16).padStart(2, "0")}`).join("");
  }
  return (text.match(new RegExp(`.{1,${LONGEST_PART}}`, "g")) ?? ["="]).join("+:");
}

/** @param {string} name */
function read(name) {
  const text = name.replaceAll("+:", "");
  return text === "=" ? "" : decodeURIComponent(text.replaceAll("=", "%"));
}

/** @param {unknown} end in Unix seconds */
function isOver(end) {
  return typeof end === "number" && end * 1000 <= Date.now();
}

/**
 * @template T
 * @param {() => Promise<T>} ask
 */
async function asked(ask) {
  try {
    return await ask();
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** @param {any} cause */
function unavailable(cause) {
  const message = `the storage of unstorage cannot be used: ${cause?.message ?? cause}`;
  return toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
}
