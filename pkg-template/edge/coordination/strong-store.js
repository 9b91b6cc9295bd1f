// @ts-check
// A store that everybody sees alike at once, as far as that can be told: one that has locks.

import { configurationError, isOAuthError } from "../../errors.js";
import { appStore, unavailable } from "./app-store.js";

/**
 * @param {string} who takes it
 * @param {any} store
 */
export function strongStore(who, store) {
  const asked = appStore(who, store);
  if (typeof store.lock !== "function") {
    throw configurationError(
      "missing_option",
      `${who}: the store has no \`lock\`, so it cannot keep two isolates from doing the same, and may lag behind, as ` +
        "Cloudflare KV does: take durableObjectStorage(namespace), unstorageStorage(storage, { lock: redisLock(client) }), " +
        "fileStorage(path) or, in one process, memoryStorage()",
    );
  }
  return {
    ...asked,
    /** @param {string} key @param {() => PromiseLike<unknown>} run */
    lock: (key, run) => locked(store, key, run),
  };
}

/**
 * @param {any} store
 * @param {string} key
 * @param {() => PromiseLike<unknown>} run
 */
async function locked(store, key, run) {
  /** @type {{ thrown: unknown } | undefined} */
  let failure;
  const watched = async () => {
    try {
      return await run();
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  };
  try {
    return await store.lock(key, watched);
  } catch (thrown) {
    // What was done under the lock has its own reasons.
    if (failure !== undefined) throw failure.thrown;
    throw isOAuthError(thrown) ? thrown : unavailable("lock", thrown);
  }
}
