// @ts-check
// What a listener of the app throws is the app's, and must not stop anybody else.

/** @param {unknown} thrown */
export function report(thrown) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(thrown);
  else queueMicrotask(() => Promise.reject(thrown));
}

/**
 * @template T
 * @param {(value: T) => void} listener
 * @param {T} value
 */
export function callListener(listener, value) {
  try {
    listener(value);
  } catch (thrown) {
    report(thrown);
  }
}
