// @ts-check
// How long anybody waits for a function of the app's.

import { toError } from "./errors.js";

/** As long as a store of the app's has for an answer. */
const LIMIT_SECONDS = 10;

/**
 * The answer, which may be a promise.
 *
 * @template T
 * @param {string} name of the function
 * @param {T | PromiseLike<T>} answer
 */
export async function inTime(name, answer) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const message = `the app's own \`${name}\` did not answer within ${LIMIT_SECONDS} s`;
    const error = /** @type {const} */ ({ class: "TimeoutError", code: "timeout", message, recovery: "retry" });
    timer = setTimeout(() => reject(toError(error)), LIMIT_SECONDS * 1000);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
