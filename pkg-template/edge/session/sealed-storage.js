// @ts-check
// The app's store as this handler writes to it: names are hashes already, and values are sealed, so that who reads the
// store has nobody's tokens.

/** For what is kept without an end: longer than any session, in seconds. */
const LONGEST = 400 * 24 * 3600;

/**
 * @param {import("../../index.d.ts").TokenStorage} store
 * @param {import("./seal.js").Seals} seals
 * @returns {import("../../index.d.ts").TokenStorage}
 */
export function sealedStorage(store, seals) {
  return Object.freeze({
    async load(/** @type {string} */ key) {
      const text = await store.load(key);
      const content = typeof text === "string" ? await seals.open("record", text) : undefined;
      // What stands under one name is nothing under another.
      return content?.key === key ? content.value : null;
    },
    async save(/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ { expiresAt } = {}) {
      const end = expiresAt ?? Math.floor(Date.now() / 1000) + LONGEST;
      await store.save(key, await seals.seal("record", { key, value }, end), { expiresAt: end });
    },
    delete: (/** @type {string} */ key) => store.delete(key),
    ...(store.lock && { lock: store.lock.bind(store) }),
  });
}
