// @ts-check
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
