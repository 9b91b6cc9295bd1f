// @ts-check
// The app's store of used DPoP proofs, as the wasm asks it (RFC 9449 11.1).

import { configurationError } from "../errors.js";
import { describe } from "../instance.js";

/**
 * @param {any} store
 * @returns {(proofJson: string) => Promise<string>}
 */
export function replaysOverText(store) {
  const add = adding(store);
  return async (proofJson) => {
    try {
      const { key, expiresAt } = JSON.parse(proofJson);
      return JSON.stringify({ isFirst: await add(key, expiresAt) });
    } catch (thrown) {
      return JSON.stringify({ thrown: describe(thrown) });
    }
  };
}

/**
 * @param {any} store
 * @returns {(key: string, expiresAt: number) => boolean | Promise<boolean>}
 */
function adding(store) {
  if (typeof store?.add === "function") return (key, expiresAt) => store.add(key, expiresAt);
  const isStorage = ["load", "save", "lock"].every((name) => typeof store?.[name] === "function");
  if (!isStorage) {
    throw configurationError(
      "invalid_option",
      'option "replayStore": expected an object with add(key, expiresAt), or a TokenStorage with a lock; a store without one, such as ' +
        "Workers KV, lets two isolates take the same proof",
    );
  }
  return (key, expiresAt) =>
    store.lock(key, async () => {
      if ((await store.load(key)) != null) return false;
      await store.save(key, "used", { expiresAt });
      return true;
    });
}
