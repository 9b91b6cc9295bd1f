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

// Another tab of the origin, and what happens to this one.

/**
 * Collects what is said on a channel, for as long as the page lives.
 *
 * @param {string} name
 */
export function said(name) {
  /** @type {unknown[]} */
  const all = [];
  new BroadcastChannel(name).onmessage = ({ data }) => all.push(data);
  return all;
}

/**
 * @param {string} name
 * @param {unknown} message
 */
export function say(name, message) {
  const channel = new BroadcastChannel(name);
  channel.postMessage(message);
  channel.close();
}

/**
 * @param {"window" | "document"} target
 * @param {string} event
 */
export const happens = (target, event) => void globalThis[target].dispatchEvent(new Event(event));

/** Counts the listeners that are added from now on; the function puts the real methods back and says whether all went. */
export function nothingListensAnyMore() {
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  let count = 0;
  EventTarget.prototype.addEventListener = function (...args) {
    count += 1;
    // @ts-expect-error: whatever the arguments are
    add.apply(this, args);
  };
  EventTarget.prototype.removeEventListener = function (...args) {
    count -= 1;
    // @ts-expect-error: whatever the arguments are
    remove.apply(this, args);
  };
  return () => {
    Object.assign(EventTarget.prototype, { addEventListener: add, removeEventListener: remove });
    return count === 0;
  };
}

/** A `LockManager` of a realm that may not have locks. @param {string} fails */
export const lockRequestThat = (fails) => ({
  request() {
    const refusal = new DOMException("Access to the Locks API is denied in this context.", "SecurityError");
    if (fails === "throws") throw refusal;
    return Promise.reject(refusal);
  },
});
