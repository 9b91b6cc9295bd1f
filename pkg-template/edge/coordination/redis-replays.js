// @ts-check
// Remembers used DPoP proofs in a Redis (RFC 9449 11.1): looking and remembering is one command.

import { senderOf } from "./redis-client.js";

/**
 * @param {any} client
 * @param {{ prefix?: string }} [options]
 */
export function redisReplayStore(client, { prefix = "wasm-oidc:replay:" } = {}) {
  const ask = senderOf("redisReplayStore", client);
  return Object.freeze({
    add: async (/** @type {string} */ key, /** @type {number} */ expiresAt) =>
      String(await ask("SET", prefix + key, "1", "NX", "EXAT", Math.ceil(expiresAt))) === "OK",
  });
}
