// @ts-check
// What an app can hand in as its store of sessions: honest, careless and hostile ones.

export function plainStore() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    kept,
    load: (/** @type {string} */ key) => kept.get(key),
    save: (/** @type {string} */ key, /** @type {string} */ value, /** @type {unknown[]} */ ...more) => {
      if (more.length > 0) throw new Error("a third argument that says nothing");
      kept.set(key, value);
      return "saved";
    },
    delete: (/** @type {string} */ key) => kept.delete(key),
  };
}

/** @type {Map<string, Promise<unknown>>} */
const turns = new Map();

export function lockingStore() {
  const { kept, ...plain } = plainStore();
  return {
    kept,
    load: async (/** @type {string} */ key) => plain.load(key),
    save: async (/** @type {string} */ key, /** @type {string} */ value) => plain.save(key, value),
    delete: async (/** @type {string} */ key) => plain.delete(key),
    async lock(/** @type {string} */ key, /** @type {() => unknown} */ run) {
      const before = turns.get(key);
      const turn = (async () => {
        await before;
        await run();
      })();
      turns.set(key, turn);
      await turn;
    },
  };
}

/** What each method of a broken store does. @type {Record<string, () => unknown>} */
const FAULTS = {
  "throws at once": () => {
    throw new Error("thrown at once");
  },
  "throws no error": () => {
    throw undefined;
  },
  "rejects with a string": () => Promise.reject("a string"),
  "rejects with nothing": () => Promise.reject(),
  "rejects with an error whose message throws": () =>
    Promise.reject(
      Object.defineProperty(new Error(), "message", {
        get() {
          throw new Error("read");
        },
      }),
    ),
  "is a thenable that throws": () => ({
    then() {
      throw new Error("a bad thenable");
    },
  }),
  "never settles": () => new Promise(() => {}),
};

export const brokenStoreNames = () => Object.keys(FAULTS);

/** @param {string} name */
export function brokenStore(name) {
  const fault = FAULTS[name];
  return { load: fault, save: fault, delete: fault };
}

/**
 * @param {string} code
 * @param {string} message
 */
export function storeThatRejects(code, message) {
  const reject = async () => {
    throw Object.assign(new Error(message), { code });
  };
  return { load: reject, save: reject, delete: reject };
}

/** Locks that are not had. @type {Record<string, (key: string, run: () => unknown) => unknown>} */
const LOCKS = {
  "throws at once": FAULTS["throws at once"],
  "rejects with nothing": FAULTS["rejects with nothing"],
  "is a thenable that throws": FAULTS["is a thenable that throws"],
  "answers with nothing": () => undefined,
  "settles without having called": async () => true,
  "never settles": FAULTS["never settles"],
};

export const brokenLockNames = () => Object.keys(LOCKS);

/** @param {string} name */
export const storeWithBrokenLock = (name) => ({ ...plainStore(), lock: LOCKS[name] });

/**
 * Grants after a while, whoever waits; `held` says how long the holder kept it, `undefined` before that.
 *
 * @param {number} milliseconds
 */
export function storeThatGrantsLate(milliseconds) {
  /** @type {{ held: number | undefined, lock: (key: string, run: () => unknown) => Promise<void> }} */
  const store = {
    ...plainStore(),
    held: undefined,
    async lock(_, run) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const start = performance.now();
      await run();
      store.held = performance.now() - start;
    },
  };
  return store;
}
