// @ts-check
// A coordinator and a store whose Durable Objects do the work. One object a session, one a key: as many as there are,
// so that none is busy.

import { leaseLock } from "./lease-lock.js";
import { callObject, requireNamespace } from "./object-calls.js";
import { requireSession } from "./session-name.js";
import { within } from "./time.js";

/**
 * @param {import("./index.d.ts").ObjectNamespace} namespace
 * @param {{ waitSeconds?: number }} [options]
 * @returns {import("./index.d.ts").RefreshCoordinator}
 */
export function durableObjectCoordinator(namespace, { waitSeconds = 30 } = {}) {
  requireNamespace("durableObjectCoordinator", namespace);
  return Object.freeze({
    async renew(/** @type {import("./index.d.ts").RenewableSession} */ { id, tokens, expiresAt }) {
      const call = { job: "renew", session: { id, tokens, expiresAt } };
      return within(waitSeconds, callObject(namespace, await requireSession(id), call));
    },
    async end(/** @type {{ id: string, expiresAt?: number }} */ { id, expiresAt }) {
      return callObject(namespace, await requireSession(id), { job: "end", session: { id, expiresAt } });
    },
  });
}

/**
 * @param {import("./index.d.ts").ObjectNamespace} namespace
 * @param {{ holdSeconds?: number, waitSeconds?: number }} [options]
 */
export function durableObjectStorage(namespace, { holdSeconds = 10, waitSeconds = 90 } = {}) {
  requireNamespace("durableObjectStorage", namespace);
  const ask = (/** @type {string} */ job, /** @type {string} */ key, values = {}) =>
    callObject(namespace, `key:${key}`, { job, key, ...values });
  return Object.freeze({
    load: (/** @type {string} */ key) => ask("load", key),
    save: (/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ { expiresAt } = {}) =>
      ask("save", key, { text: String(value), expiresAt }),
    delete: (/** @type {string} */ key) => ask("delete", key),
    add: (/** @type {string} */ key, /** @type {number} */ expiresAt) => ask("add", key, { expiresAt }),
    lock: leaseLock(
      {
        acquire: (key, token, milliseconds) => ask("acquire", key, { token, milliseconds }),
        extend: (key, token, milliseconds) => ask("extend", key, { token, milliseconds }),
        release: (key, token) => ask("release", key, { token }),
      },
      { holdSeconds, waitSeconds },
    ),
  });
}
