// @ts-check
// Waiting, by timers of whoever waits: in workerd nothing of another request may be waited for.

import { toError } from "../../errors.js";

/** @param {number} milliseconds */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * The outcome of what takes its time, where it comes soon enough; it goes on either way.
 *
 * @template T
 * @param {number} seconds
 * @param {PromiseLike<T>} work
 * @param {string} [what] was to be done
 * @returns {Promise<T>}
 */
export async function within(seconds, work, what = "the tokens were not renewed") {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const message = `${what} within ${seconds} s; it goes on`;
    const error = /** @type {const} */ ({ class: "TimeoutError", code: "timeout", message, recovery: "retry" });
    timer = setTimeout(() => reject(toError(error)), seconds * 1000);
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
