// @ts-check
// Waiting, by timers of whoever waits: in workerd nothing of another request may be waited for.

import { toError } from "../../errors.js";

/** @param {number} milliseconds */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * The outcome of a renewal, where it comes in time; it goes on either way.
 *
 * @template T
 * @param {number} seconds
 * @param {PromiseLike<T>} work
 * @returns {Promise<T>}
 */
export async function within(seconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const message = `the tokens were not renewed within ${seconds} s; the renewal goes on`;
    const error = /** @type {const} */ ({ class: "TimeoutError", code: "timeout", message, recovery: "retry" });
    timer = setTimeout(() => reject(toError(error)), seconds * 1000);
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
