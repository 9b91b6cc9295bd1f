// @ts-check
// Drivers of unstorage as stores: the same behaviour whatever a driver makes of keys and ends.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { IdpClient, memoryStorage } from "wasm-oidc";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import kvDriver from "unstorage/drivers/cloudflare-kv-binding";
import memoryDriver from "unstorage/drivers/memory";

import { kvStorage, lockingCoordinator, newId, rotatingProvider, sessionIndex, tokensOf, unstorageStorage } from "./coordination.mjs";

const KEYS = ["plain", "https://a.example/b?c=d#e", "A", "a", "a:b", "a/b", "a", "../../etc/passwd", "ä €", "", "=", "+:", "long".repeat(100)];

/** A KV namespace in memory: what it is given, and no more. */
function namespace() {
  /** @type {Map<string, { value: string, metadata: any, options: any }>} */
  const kept = new Map();
  return {
    kept,
    get: async (/** @type {string} */ key) => kept.get(key)?.value ?? null,
    getWithMetadata: async (/** @type {string} */ key) => ({ value: kept.get(key)?.value ?? null, metadata: kept.get(key)?.metadata ?? null }),
    put: async (/** @type {string} */ key, /** @type {string} */ value, /** @type {any} */ options) => {
      if (options?.expirationTtl < 60) throw new Error("expiration_ttl of less than 60");
      kept.set(key, { value, metadata: options?.metadata, options });
    },
    delete: async (/** @type {string} */ key) => void kept.delete(key),
    list: async ({ prefix = "", cursor = "0" }) => {
      const all = [...kept].filter(([name]) => name.startsWith(prefix)).map(([name, { metadata }]) => ({ name, metadata }));
      const from = Number(cursor);
      const isLast = from + 2 >= all.length;
      return { keys: all.slice(from, from + 2), list_complete: isLast, ...(!isLast && { cursor: String(from + 2) }) };
    },
  };
}

/** @param {any} store with `list` */
async function keepsTexts(store) {
  const keys = [...new Set(KEYS)];
  for (const key of keys) await store.save(key, `text of ${key}`);
  for (const key of keys) assert.equal(await store.load(key), `text of ${key}`);
  assert.deepEqual((await store.list()).sort(), keys.sort());
  assert.deepEqual((await store.list("a")).sort(), ["a", "a/b", "a:b"]);
  await store.save("plain", '{"looks":"like JSON"}');
  assert.equal(await store.load("plain"), '{"looks":"like JSON"}');
  for (const key of keys) await store.delete(key);
  await store.delete("never there");
  assert.deepEqual([await store.list(), await store.load("plain")], [[], null]);
}

/** @param {any} store */
async function endsTexts(store) {
  await store.save("ends", "soon", { expiresAt: Date.now() / 1000 + 50 });
  await store.save("is over", "already", { expiresAt: Date.now() / 1000 - 1 });
  assert.deepEqual([await store.load("ends"), await store.load("is over")], ["soon", null]);
  const clock = Date.now;
  try {
    Date.now = () => clock() + 51_000;
    assert.equal(await store.load("ends"), null);
  } finally {
    Date.now = clock;
  }
}

test("the memory driver keeps texts under any key and ends them", async () => {
  const storage = createStorage({ driver: memoryDriver() });
  await keepsTexts(unstorageStorage(storage));
  await endsTexts(unstorageStorage(storage));
  assert.deepEqual(await storage.getKeys(), [], "what was over is gone");
});

test("the file system driver keeps texts under any key, in its folder, and ends them", async () => {
  const base = await mkdtemp(join(tmpdir(), "wasm-oidc-unstorage-"));
  try {
    const storage = createStorage({ driver: fsDriver({ base }) });
    await keepsTexts(unstorageStorage(storage));
    await endsTexts(unstorageStorage(storage));
    assert.deepEqual(await readdir(base), ["wasm-oidc"]);
  } finally {
    await rm(base, { recursive: true });
  }
});

test("the driver of Cloudflare KV keeps texts under any key and ends them, in 60 seconds at the earliest", async () => {
  const binding = namespace();
  await keepsTexts(unstorageStorage(createStorage({ driver: kvDriver({ binding: /** @type {any} */ (binding) }) })));
  await endsTexts(unstorageStorage(createStorage({ driver: kvDriver({ binding: /** @type {any} */ (binding) }) })));
});

test("Cloudflare KV keeps texts and ends them, and asks it for 60 seconds at least", async () => {
  const binding = namespace();
  const store = kvStorage(binding, { prefix: "ours:" });
  await binding.put("theirs", "text", undefined);
  const short = new Set(KEYS.filter((key) => key !== ""));
  for (const key of short) await store.save(key, key);
  assert.deepEqual((await store.list()).sort(), [...short].sort());
  for (const key of short) await store.delete(key);
  await endsTexts(store);
  assert.deepEqual([...binding.kept.values()].map(({ options }) => options?.expirationTtl), [undefined, 60, 60]);
  assert.throws(() => kvStorage(/** @type {any} */ (undefined)), { name: "ConfigurationError", code: "invalid_option" });
  const broken = kvStorage({ ...binding, getWithMetadata: async () => Promise.reject(new Error("503")) });
  await assert.rejects(broken.load("key"), { name: "StorageError", code: "storage_unavailable", message: /503/ });
});

test("a storage has a lock where it is given one, and is refused for refresh tokens without", async () => {
  const storage = createStorage({ driver: memoryDriver() });
  const { lock } = memoryStorage();
  const provider = rotatingProvider();
  const id = newId();
  const coordinator = lockingCoordinator(unstorageStorage(storage, { lock: /** @type {any} */ (lock) }));
  await Promise.all(Array.from({ length: 20 }, () => coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh)));
  assert.equal(provider.sent.length, 1);

  const refused = { name: "ConfigurationError", code: "missing_option" };
  for (const store of [unstorageStorage(storage), kvStorage(namespace())]) {
    assert.throws(() => lockingCoordinator(store), refused);
    assert.throws(() => sessionIndex(store), refused);
    assert.throws(() => IdpClient.createSync({ issuer: "https://idp.example", clientId: "a", session: "single-user", storage: store }), refused);
  }
  assert.throws(() => unstorageStorage(/** @type {any} */ ({})), { code: "invalid_option" });
  assert.throws(() => unstorageStorage(storage, { lock: /** @type {any} */ ("redis") }), { code: "invalid_option" });
});
