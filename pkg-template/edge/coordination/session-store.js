// @ts-check
// Sessions by reference: the cookie holds an id, a store the rest. The store may lag as Cloudflare KV does; the index,
// which does not, says what is over.

import { appStore } from "./app-store.js";
import { signedOut } from "./failures.js";
import { sessionIndex } from "./session-index.js";
import { requireSession } from "./session-name.js";

/**
 * @param {import("../../index.d.ts").TokenStorage} store
 * @param {{ index?: import("./index.d.ts").SessionIndex }} [options]
 * @returns {import("./index.d.ts").SessionStore}
 */
export function sessionStore(store, { index } = {}) {
  const kept = appStore("sessionStore", store);
  const known = index ?? sessionIndex(store);
  const keyOf = (/** @type {string} */ name) => `wasm-oidc:kept-${name}`;
  const forget = (/** @type {string} */ name) => kept.delete(keyOf(name));
  return Object.freeze({
    index: known,
    begin: (/** @type {import("./index.d.ts").SessionFacts} */ facts) => known.begin(facts),
    async load(/** @type {string} */ id) {
      const name = await requireSession(id);
      const [text, isOver] = await Promise.all([kept.load(keyOf(name)), known.isOver(id)]);
      return isOver ? null : text;
    },
    async save(/** @type {string} */ id, /** @type {string} */ text, /** @type {{ expiresAt: number }} */ { expiresAt }) {
      const name = await requireSession(id);
      if (await known.isOver(id)) throw signedOut();
      await kept.save(keyOf(name), text, { expiresAt });
    },
    async end(/** @type {Parameters<import("./index.d.ts").SessionStore["end"]>[0]} */ facts) {
      await known.end(facts);
      await forget(await requireSession(facts.id));
    },
    async endBy(/** @type {Parameters<import("./index.d.ts").SessionStore["endBy"]>[0]} */ token) {
      const names = await known.endBy(token);
      await Promise.all(names.map(forget));
      return names.length;
    },
  });
}
