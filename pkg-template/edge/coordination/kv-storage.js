// @ts-check
// Cloudflare KV as a store. It is eventually consistent, so it has no lock, and it takes no end nearer than 60 seconds.

import { configurationError, toError } from "../../errors.js";
import { fingerprint } from "./fingerprint.js";

/** The least seconds that KV keeps what has an end. */
const LEAST_TTL = 60;

/** The longest key that KV takes, in bytes. */
const LONGEST_KEY = 512;

/**
 * @param {import("./index.d.ts").KvNamespace} namespace
 * @param {{ prefix?: string }} [options]
 */
export function kvStorage(namespace, { prefix = "" } = {}) {
  for (const name of /** @type {const} */ (["getWithMetadata", "put", "delete", "list"])) {
    if (typeof namespace?.[name] !== "function") {
      throw configurationError("invalid_option", `kvStorage: expected a KV namespace of the Worker's environment; this has no ${name}`);
    }
  }
  const nameOf = async (/** @type {string} */ key) => {
    const name = prefix + key;
    return new TextEncoder().encode(name).length <= LONGEST_KEY ? name : `${prefix}${await fingerprint("key", key)}`;
  };
  return Object.freeze({
    async load(/** @type {string} */ key) {
      const name = await nameOf(key);
      const { value, metadata } = await asked(() => namespace.getWithMetadata(name));
      return isOver(metadata) ? null : value;
    },
    async save(/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ { expiresAt } = {}) {
      const name = await nameOf(key);
      if (expiresAt === undefined) return asked(() => namespace.put(name, String(value)));
      const left = Math.ceil(expiresAt - Date.now() / 1000);
      await asked(() =>
        namespace.put(name, String(value), { expirationTtl: Math.max(left, LEAST_TTL), metadata: { expiresAt } }),
      );
    },
    async delete(/** @type {string} */ key) {
      const name = await nameOf(key);
      await asked(() => namespace.delete(name));
    },
    async list(start = "") {
      /** @type {string[]} */
      const keys = [];
      /** @type {string | undefined} */
      let cursor;
      do {
        /** @type {any} */
        const page = await asked(() => namespace.list({ prefix: prefix + start, cursor }));
        for (const { name, metadata } of page.keys) if (!isOver(metadata)) keys.push(name.slice(prefix.length));
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor !== undefined);
      return keys;
    },
  });
}

/** @param {any} metadata */
function isOver(metadata) {
  return typeof metadata?.expiresAt === "number" && metadata.expiresAt * 1000 <= Date.now();
}

/**
 * @template T
 * @param {() => Promise<T>} ask
 */
async function asked(ask) {
  try {
    return await ask();
  } catch (/** @type {any} */ cause) {
    const message = `Cloudflare KV cannot be used: ${cause?.message ?? cause}`;
    throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
  }
}
