// @ts-check
// A lock in one Redis, as its documentation has it for `SET`: `NX PX` and a random value, compared before it is deleted.

import { configurationError } from "../../errors.js";
import { leaseLock } from "./lease-lock.js";

/** Each in one step: between looking and doing the lock may end and become another's. */
const EXTEND = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) else return 0 end';
const RELEASE = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end';

/**
 * @param {any} client
 * @param {{ holdSeconds?: number, waitSeconds?: number, prefix?: string }} [options]
 */
export function redisLock(client, { holdSeconds = 10, waitSeconds = 90, prefix = "wasm-oidc:lock:" } = {}) {
  const send = senderOf(client);
  const ask = async (/** @type {(string | number)[]} */ ...command) => send(command.map(String));
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

/**
 * @param {any} client
 * @returns {(command: string[]) => Promise<unknown>}
 */
function senderOf(client) {
  // ioredis has a `sendCommand` too, of its own objects.
  if (typeof client?.call === "function" && typeof client !== "function") return ([name, ...args]) => client.call(name, ...args);
  if (typeof client?.sendCommand === "function") return (command) => client.sendCommand(command);
  if (typeof client === "function") return client;
  throw configurationError("invalid_option", "redisLock: expected a client of ioredis or of redis, or a function that sends a command");
}
