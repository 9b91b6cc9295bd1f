// The stores of the package where there is no page, and stores of an app's own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ConfigurationError, IdpClient, StorageError, encryptedStorage, memoryStorage, ready, webStorage } from "wasm-oidc";

await ready();

const OPTIONS = { issuer: "https://idp.example", clientId: "app", session: "single-user" };

function plain() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    load: (/** @type {string} */ key) => kept.get(key),
    save: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    delete: (/** @type {string} */ key) => kept.delete(key),
    lock: (/** @type {string} */ _key, /** @type {() => unknown} */ run) => run(),
  };
}

/** @param {unknown} storage */
const made = (storage) => IdpClient.createSync(/** @type {any} */ ({ ...OPTIONS, storage }));

/**
 * @param {unknown} storage
 * @param {string} code
 * @param {RegExp} says
 */
function assertRefused(storage, code, says) {
  assert.throws(
    () => made(storage),
    (error) => error instanceof ConfigurationError && error.code === code && says.test(error.message),
    `${code} ${says}`,
  );
}

test("a store of the app's own is called custom", () => {
  for (const storage of [plain(), memoryStorage()]) {
    const idp = made(storage);
    assert.deepEqual([idp.storage, idp.options.storage], ["custom", "custom"]);
    idp.dispose();
  }
});

test("a store that lacks a method is refused, and the message names what is missing", () => {
  const { load, save, lock } = plain();
  assertRefused({}, "invalid_option", /"storage": .*has no load, no save, no delete$/);
  assertRefused({ load, save, lock }, "invalid_option", /has no delete$/);
  assertRefused({ load, save, lock, delete: true }, "invalid_option", /has no delete$/);
  for (const odd of [7, true, [], () => {}, "custom"]) assertRefused(odd, "invalid_option", /has no load/);
});

test("a word that is no storage is refused with all that are [W7]", () => {
  const all = /expected "memory", "session", "local", "encrypted" or an object with load, save and delete, got string/;
  for (const word of ["cookie", ""]) assertRefused(word, "invalid_option", all);
});

test("a store without locks is refused where no Web Locks are shared, and the message says what to do", () => {
  const { lock, ...store } = plain();
  assertRefused(store, "missing_option", /`lock: \(key, run\) => run\(\)`/);
  assertRefused({ ...store, lock: true }, "missing_option", /two processes would send one refresh token twice/);
  assertRefused(webStorage("local"), "missing_option", /lock/);
  // Some versions of Node have Web Locks, which no other process knows.
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks: {} }, configurable: true });
  try {
    assertRefused(store, "missing_option", /lock/);
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, "navigator");
    else Object.defineProperty(globalThis, "navigator", before);
  }
  made({ ...store, lock }).dispose();
});

test("a storage that is named is taken without locks", () => {
  for (const word of ["memory", "session", "local", "encrypted", undefined, null]) {
    const idp = made(word);
    assert.equal(idp.storage, word ?? "memory");
    idp.dispose();
  }
});

test("memory keeps, lists, forgets and clears, and no two share it", async () => {
  const [one, other] = [memoryStorage(), memoryStorage()];
  assert.equal(await one.load("a"), null);
  await one.save("a", "1");
  await one.save("a", "2");
  await one.save("b:1", "");
  assert.deepEqual([await one.load("a"), await one.load("b:1"), await other.load("a")], ["2", "", null]);
  assert.deepEqual([await one.list("b:"), (await one.list()).sort()], [["b:1"], ["a", "b:1"]]);
  await one.delete("a");
  await one.delete("a");
  assert.deepEqual([await one.exists("a"), await one.exists("b:1")], [false, true]);
  await one.clear();
  assert.deepEqual(await one.list(), []);
});

test("memory has locks: one at a time for each key, whatever becomes of the others", async () => {
  const storage = memoryStorage();
  /** @type {string[]} */
  const order = [];
  const turn = (/** @type {string} */ name, /** @type {string} */ key, fails = false) =>
    storage.lock(key, async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const first = turn("first", "a", true);
  const others = [turn("second", "a"), turn("third", "a")];
  await assert.rejects(Promise.resolve(first), /first/);
  await Promise.all(others);
  assert.deepEqual(order, ["first begins", "first ends", "second begins", "second ends", "third begins", "third ends"]);
  order.length = 0;
  await Promise.all([turn("one", "a"), turn("other", "b")]);
  assert.deepEqual(order.slice(0, 2), ["one begins", "other begins"]);
});

test("the stores of a browser say that there is none here", async () => {
  for (const storage of [webStorage("session"), encryptedStorage()]) {
    for (const call of [storage.load("a"), storage.save("a", "1"), storage.delete("a"), storage.exists("a"), storage.list(), storage.clear()]) {
      await assert.rejects(Promise.resolve(call), (error) => error instanceof StorageError && error.code === "storage_unavailable" && error.recovery === "retry");
    }
  }
  assert.throws(() => webStorage(/** @type {any} */ ("cookie")), { name: "ConfigurationError", code: "invalid_option" });
});

test("a client asks its own store, and goes on in memory where that fails", async () => {
  const metadata = { issuer: OPTIONS.issuer, jwks_uri: `${OPTIONS.issuer}/keys` };
  const broken = async () => {
    throw "no";
  };
  for (const [load, warned] of /** @type {[any, string[]][]} */ ([[() => null, []], [broken, ["storage_unavailable"]], [() => 7, ["storage_unavailable"]]])) {
    /** @type {string[]} */
    const asked = [];
    const storage = { ...plain(), load: (/** @type {string} */ key) => (asked.push(key), load()) };
    const idp = await IdpClient.create(/** @type {any} */ ({ ...OPTIONS, issuer: undefined, metadata, storage }));
    /** @type {string[]} */
    const warnings = [];
    idp.on("warning", ({ detail }) => warnings.push(detail.reason ?? ""));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(asked.length > 0 && asked.every((key) => key.startsWith("wasm-oidc:session:")), String(asked));
    assert.deepEqual(warnings, warned);
    assert.equal(await idp.getAgent(), null);
    idp.dispose();
  }
});
