// @ts-check
// What reaches `reportError` and Node's handlers for what nobody caught.

/**
 * @param {() => unknown} work
 * @returns {Promise<unknown[]>} what was reported meanwhile
 */
export async function tellReports(work) {
  /** @type {unknown[]} */
  const reported = [];
  const note = (/** @type {unknown} */ thrown) => void reported.push(thrown);
  const before = globalThis.reportError;
  globalThis.reportError = note;
  process.on("unhandledRejection", note);
  try {
    await work();
    // Rejections that nobody handles are told after the microtasks.
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    globalThis.reportError = before;
    process.off("unhandledRejection", note);
  }
  return reported;
}
