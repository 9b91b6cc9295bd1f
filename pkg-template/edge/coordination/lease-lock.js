// @ts-check
// A lock among processes that share nothing but a server: held for a time, by whoever can show its token, and longer as
// long as the holder shows that it lives.

import { toError } from "../../errors.js";
import { sleep } from "./time.js";

/** Milliseconds between two attempts at first and at most; it is a matter of one refresh. */
const FIRST_LOOK = 20;
const LAST_LOOK = 250;

/**
 * What a server does, each in one step. `token` is the holder's, `milliseconds` how long it holds without a sign of life.
 *
 * @typedef {object} Leases
 * @property {(key: string, token: string, milliseconds: number) => Promise<boolean>} acquire whether nobody held it
 * @property {(key: string, token: string, milliseconds: number) => Promise<unknown>} extend where it is still this token's
 * @property {(key: string, token: string) => Promise<unknown>} release where it is still this token's
 */

/**
 * @param {Leases} leases
 * @param {{ holdSeconds: number, waitSeconds: number }} times
 * @returns {import("./index.d.ts").Lock}
 */
export function leaseLock(leases, { holdSeconds, waitSeconds }) {
  const hold = holdSeconds * 1000;
  return async (key, run) => {
    const token = crypto.randomUUID();
    await taken(leases, key, token, hold, waitSeconds);
    const heartbeat = setInterval(() => void leases.extend(key, token, hold).catch(() => {}), hold / 3);
    try {
      return await run();
    } finally {
      clearInterval(heartbeat);
      // Where it cannot be given back it ends by itself.
      await leases.release(key, token).catch(() => {});
    }
  };
}

/**
 * @param {Leases} leases
 * @param {string} key
 * @param {string} token
 * @param {number} hold
 * @param {number} waitSeconds
 */
async function taken(leases, key, token, hold, waitSeconds) {
  const end = Date.now() + waitSeconds * 1000;
  for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 1.5, LAST_LOOK)) {
    const isMine = await leases.acquire(key, token, hold).catch((cause) => {
      const message = `the lock cannot be had: ${cause?.message ?? cause}`;
      throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
    });
    if (isMine) return;
    if (Date.now() >= end) {
      const message = `somebody holds this lock for more than ${waitSeconds} s`;
      throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry" });
    }
    // Those who wait do not all look at the same time.
    await sleep(pause * (0.5 + Math.random()));
  }
}
