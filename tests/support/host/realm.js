// @ts-check
// Looking at, and tampering with, what the realm gives to every script in it. What was replaced is put back by the
// function that is returned.

/**
 * Puts a value in the place of a member of the global scope, or of an object in it (`crypto.subtle`).
 *
 * @param {string} path
 * @param {unknown} value
 */
export const replace = (path, value) => redefine(path, { value, writable: true });

/**
 * Lets a member throw when it is read, as a browser does with storage that the user blocked.
 *
 * @param {string} path
 */
export const block = (path) =>
  redefine(path, {
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  });

/**
 * @param {string} path
 * @param {PropertyDescriptor} descriptor
 */
function redefine(path, descriptor) {
  const names = path.split(".");
  const name = /** @type {string} */ (names.pop());
  /** @type {any} */
  let owner = globalThis;
  for (const step of names) owner = owner[step];
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { ...descriptor, configurable: true });
  return () => {
    if (before === undefined) delete owner[name];
    else Object.defineProperty(owner, name, before);
  };
}

/** Counts the timers that were started and neither ran nor were cleared; `stop` puts the real ones back. */
export function watchTimers() {
  const pending = new Set();
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  const putBack = [
    replace("setTimeout", (/** @type {() => void} */ callback, /** @type {number} */ delay, /** @type {any[]} */ ...more) => {
      const timer = start(() => {
        pending.delete(timer);
        // @ts-expect-error: the arguments of setTimeout are those of its callback
        callback(...more);
      }, delay);
      pending.add(timer);
      return timer;
    }),
    replace("clearTimeout", (/** @type {any} */ timer) => {
      pending.delete(timer);
      clear(timer);
    }),
  ];
  return { pending: () => pending.size, stop: () => putBack.forEach((back) => back()) };
}

/** Lets every second last a hundredth, for limits that are longer than a test; the function puts the real timers back. */
export function hurry() {
  const { setTimeout: start } = globalThis;
  return replace("setTimeout", (/** @type {() => void} */ callback, /** @type {number} */ delay, /** @type {any[]} */ ...more) =>
    // @ts-expect-error: the arguments of setTimeout are those of its callback
    start(callback, delay / 100, ...more),
  );
}

/** Collects rejections that nobody handles: in Node one of them ends the process. */
export function watchRejections() {
  /** @type {string[]} */
  const rejections = [];
  if (typeof process === "object") {
    const note = (/** @type {unknown} */ reason) => rejections.push(String(reason));
    process.on("unhandledRejection", note);
    return { rejections, stop: () => process.off("unhandledRejection", note) };
  }
  const note = (/** @type {PromiseRejectionEvent} */ event) => {
    event.preventDefault();
    rejections.push(String(event.reason));
  };
  addEventListener("unhandledrejection", note);
  return { rejections, stop: () => removeEventListener("unhandledrejection", note) };
}
