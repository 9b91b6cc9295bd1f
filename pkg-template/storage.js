// @ts-check
// The stores of sessions that come with the package: memory, Web Storage (WHATWG HTML 12.2), and IndexedDB, where what
// is kept is encrypted (AES-GCM of WebCrypto) with a key that no script can read.

import { configurationError, toError } from "./errors.js";

/** How the names of the client's own sessions begin. */
const SESSIONS = "wasm-oidc:session:";

/** Milliseconds until a database counts as unavailable: less than the client waits, so that the reason is told. */
const DATABASE_LIMIT = 8000;

const KEYS = "keys";
const RECORDS = "records";

/** The one row of `keys`. */
const KEY = "aes-gcm";

/** @typedef {{ iv: Uint8Array<ArrayBuffer>, ciphertext: ArrayBuffer }} Sealed */

export function memoryStorage() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  /** When what has an end is over, in Unix seconds. @type {Map<string, number>} */
  const ends = new Map();
  const save = (/** @type {string} */ key, /** @type {string} */ value, /** @type {number | undefined} */ end) => {
    for (const [other, end] of ends) if (end * 1000 < Date.now()) forget(other);
    kept.set(key, String(value));
    if (end === undefined) ends.delete(key);
    else ends.set(key, end);
  };
  const forget = (/** @type {string} */ key) => void (kept.delete(key), ends.delete(key));
  /** @type {Map<string, Promise<unknown>>} */
  const turns = new Map();
  return Object.freeze({
    load: async (/** @type {string} */ key) => kept.get(key) ?? null,
    save: async (/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ options = {}) =>
      save(key, value, options.expiresAt),
    delete: async (/** @type {string} */ key) => forget(key),
    exists: async (/** @type {string} */ key) => kept.has(key),
    list: async (prefix = "") => [...kept.keys()].filter((key) => key.startsWith(prefix)),
    clear: async () => (kept.clear(), ends.clear()),
    lock(/** @type {string} */ key, /** @type {() => unknown} */ run) {
      const turn = Promise.resolve(turns.get(key)).then(run);
      const leave = () => void (turns.get(key) === over && turns.delete(key));
      // The next in line does not care how this one ends.
      const over = turn.then(leave, leave);
      turns.set(key, over);
      return turn;
    },
  });
}

/** @param {"session" | "local"} kind */
export function webStorage(kind) {
  if (kind !== "session" && kind !== "local") {
    throw configurationError("invalid_option", 'webStorage: expected "session" or "local"');
  }
  const name = /** @type {const} */ (`${kind}Storage`);
  /** Names outside of those of sessions. @type {Set<string>} */
  const saved = new Set();

  /**
   * @template T
   * @param {(storage: Storage) => T} use
   * @returns {Promise<T>}
   */
  const using = async (use) => {
    try {
      // Reading the property throws where storage is blocked.
      const storage = globalThis[name];
      if (storage == null) throw new Error("there is none here");
      return use(storage);
    } catch (cause) {
      throw unavailable(name, cause);
    }
  };
  const own = (/** @type {Storage} */ storage, prefix = "") =>
    Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter(
      (key) => key.startsWith(prefix) && (key.startsWith(SESSIONS) || saved.has(key)),
    );

  return Object.freeze({
    load: (/** @type {string} */ key) => using((storage) => storage.getItem(key)),
    save: (/** @type {string} */ key, /** @type {string} */ value) =>
      using((storage) => {
        storage.setItem(key, value);
        saved.add(key);
      }),
    delete: (/** @type {string} */ key) => using((storage) => storage.removeItem(key)),
    exists: (/** @type {string} */ key) => using((storage) => storage.getItem(key) !== null),
    list: (prefix = "") => using((storage) => own(storage, prefix)),
    clear: () => using((storage) => own(storage).forEach((key) => storage.removeItem(key))),
  });
}

export function encryptedStorage({ name = "wasm-oidc" } = {}) {
  /** The open database, until somebody takes it away. @type {Promise<IDBDatabase> | undefined} */
  let connection;
  const forget = () => (connection = undefined);

  const open = () =>
    new Promise((/** @type {(database: IDBDatabase) => void} */ resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        for (const store of [KEYS, RECORDS]) request.result.createObjectStore(store);
      };
      request.onsuccess = () => {
        const database = request.result;
        // Whoever wants to delete it, or brings a newer version, does not have to wait for this page.
        database.onversionchange = () => {
          database.close();
          forget();
        };
        database.onclose = forget;
        resolve(database);
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("another tab holds an older version of the database open"));
    });

  /**
   * Runs `use` on the open database, and once more where it was closed or deleted meanwhile.
   *
   * @template T
   * @param {(database: IDBDatabase) => Promise<T>} use
   * @returns {Promise<T>}
   */
  const using = async (use) => {
    const attempt = async () => {
      connection ??= open();
      connection.catch(forget);
      return use(await connection);
    };
    const work = attempt().catch((thrown) => {
      if (thrown?.name !== "InvalidStateError" && thrown?.name !== "AbortError") throw thrown;
      forget();
      return attempt();
    });
    try {
      return await inTime(work);
    } catch (thrown) {
      throw /** @type {any} */ (thrown)?.code === "key_lost" ? thrown : unavailable("IndexedDB", thrown);
    }
  };

  /** @param {IDBDatabase} database */
  const keyOf = async (database) => {
    const [kept] = await transact(database, "readonly", (_, keys) => [keys.get(KEY)]);
    if (kept instanceof CryptoKey) return kept;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // Two tabs may be here at once. Transactions that write take turns, so both end with the key of the first.
    const [first] = await transact(database, "readwrite", (_, keys) => {
      const found = keys.get(KEY);
      found.onsuccess = () => found.result instanceof CryptoKey || keys.put(made, KEY);
      return [found];
    });
    return first instanceof CryptoKey ? first : made;
  };

  /** @param {string} key */
  const load = (key) =>
    using(async (database) => {
      const [sealed, secret] = await transact(database, "readonly", (records, keys) => [records.get(key), keys.get(KEY)]);
      if (sealed === undefined) return null;
      const opened = secret && (await crypto.subtle.decrypt(parameters(sealed.iv, key), secret, sealed.ciphertext).catch(noText));
      if (opened) return new TextDecoder().decode(opened);
      // Another tab may have saved a new one since.
      await transact(database, "readwrite", (records) => {
        const found = records.get(key);
        found.onsuccess = () => String(found.result?.iv) === String(sealed.iv) && records.delete(key);
        return [];
      });
      const message = "IndexedDB: the key of what was stored is gone, so it could not be read any more and was deleted";
      throw toError({ class: "StorageError", code: "key_lost", message, recovery: "reauthenticate" });
    });

  return Object.freeze({
    load,
    save: (/** @type {string} */ key, /** @type {string} */ value) =>
      using(async (database) => {
        const secret = await keyOf(database);
        // A nonce is never used twice with one key (NIST SP 800-38D 8).
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const ciphertext = await crypto.subtle.encrypt(parameters(iv, key), secret, new TextEncoder().encode(value));
        await transact(database, "readwrite", (records) => [records.put({ iv, ciphertext }, key)]);
      }),
    delete: (/** @type {string} */ key) =>
      using(async (database) => void (await transact(database, "readwrite", (records) => [records.delete(key)]))),
    exists: (/** @type {string} */ key) =>
      using(async (database) => (await transact(database, "readonly", (records) => [records.count(key)]))[0] > 0),
    list: (prefix = "") =>
      using(async (database) => {
        const [keys] = await transact(database, "readonly", (records) => [records.getAllKeys()]);
        return /** @type {string[]} */ (keys).filter((key) => key.startsWith(prefix));
      }),
    clear: () => using(async (database) => void (await transact(database, "readwrite", (records) => [records.clear()]))),
  });
}

/**
 * The results of the requests that `ask` makes, when the transaction is written.
 *
 * @param {IDBDatabase} database
 * @param {IDBTransactionMode} mode
 * @param {(records: IDBObjectStore, keys: IDBObjectStore) => IDBRequest[]} ask
 * @returns {Promise<any[]>}
 */
function transact(database, mode, ask) {
  return new Promise((resolve, reject) => {
    // Strict: a refresh token that is spent must not come back after a power cut.
    const transaction = database.transaction([RECORDS, KEYS], mode, { durability: "strict" });
    transaction.onabort = () => reject(transaction.error ?? new DOMException("the transaction was aborted", "AbortError"));
    const requests = ask(transaction.objectStore(RECORDS), transaction.objectStore(KEYS));
    transaction.oncomplete = () => resolve(requests.map((request) => request.result));
  });
}

/**
 * The name is bound to what is kept under it: records cannot change places.
 *
 * @param {Uint8Array<ArrayBuffer>} iv
 * @param {string} key
 */
function parameters(iv, key) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(key) };
}

/** What was sealed with another key, or changed, holds no text. */
function noText() {
  return undefined;
}

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTime(work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 8 seconds")), DATABASE_LIMIT);
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {string} what
 * @param {any} cause
 */
function unavailable(what, cause) {
  const message = `${what} cannot be used: ${cause?.message ?? cause}`;
  return toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
}
