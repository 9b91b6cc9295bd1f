// @ts-check
// A lock in one Redis, as its documentation has it for `SET`: `NX PX` and a random value, compared before it is deleted.

import { leaseLock } from "./lease-lock.js";
import { senderOf } from "./redis-client.js";

/** Each in one step: between looking and doing the lock may end and become another's. */
const EXTEND = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) else return 0 end';
const RELEASE = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end';

/**
 * @param {any} client
 * @param {{ holdSeconds?: number, waitSeconds?: number, prefix?: string }} [options]
 */
export function redisLock(client, { holdSeconds = 10, waitSeconds = 90, prefix = "wasm-oidc:lock:" } = {}) {
  const ask = senderOf("redisLock", client);
  return leaseLock(
    {
      acquire: async (key, token, milliseconds) =>
        String(await ask("SET", prefix + key, token, "NX", "PX", milliseconds)) === "OK",
      extend: (key, token, milliseconds) => ask("EVAL", EXTEND, 1, prefix + key, token, milliseconds),
      release: (key, token) => ask("EVAL", RELEASE, 1, prefix + key, token),
    },
    { holdSeconds, waitSeconds },
  );
}
