// @ts-check
// Isolates whose clocks differ, and versions of this library that differ, over one store.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { dieSending, lockingCoordinator, newId, nowSeconds, offline, rotatingProvider, tokensOf } from "./coordination.mjs";

/** @param {number} seconds @param {() => Promise<void>} act */
async function ahead(seconds, act) {
  const clock = Date.now;
  Date.now = () => clock() + seconds * 1000;
  try {
    await act();
  } finally {
    Date.now = clock;
  }
}

test("tokens that came later are the newer ones, though the clock of who renewed them is behind", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  const given = tokensOf(0, { issued: nowSeconds() + 100 });
  await coordinator.renew({ id, tokens: given }, async () => tokensOf(1, { expiresIn: 60, issued: nowSeconds() }));
  assert.equal((await coordinator.renew({ id, tokens: given }, async () => tokensOf(9))).access_token, "access-1");
});

test("tokens that the store does not know are taken where they are newer, as after another sign-in", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60, issued: nowSeconds() - 50 }));
  /** @type {any[]} */
  const sent = [];
  const refresh = async (/** @type {any} */ tokens) => (sent.push(tokens.refresh_token), tokensOf(8, { expiresIn: 60, issued: nowSeconds() }));
  assert.equal((await coordinator.renew({ id, tokens: tokensOf(7, { issued: nowSeconds() }) }, refresh)).access_token, "access-8");
  assert.deepEqual(sent, ["refresh-7"]);
});

test("a pause that a clock far ahead wrote pauses nobody", async () => {
  const store = memoryStorage();
  const id = newId();
  const fail = async () => Promise.reject(offline());
  await ahead(3600, async () => {
    await assert.rejects(lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, fail), { code: "network_failure" });
  });
  const renewed = await lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
  assert.equal(renewed.access_token, "access-1");
});

test("a mark that a clock far ahead wrote is waited for no longer than any other", async () => {
  const store = memoryStorage();
  const id = newId();
  const provider = rotatingProvider();
  await ahead(3600, () => dieSending(store, { id }));
  const start = performance.now();
  await lockingCoordinator(store, { leaseSeconds: 1 }).renew({ id, tokens: tokensOf(0) }, provider.refresh);
  assert.ok(performance.now() - start >= 700);
});

test("a record of a newer version is left as it is, a broken one says nothing", async () => {
  const store = memoryStorage();
  const coordinator = lockingCoordinator(store);
  const id = newId();
  await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
  const [key] = await store.list();
  const newer = JSON.stringify({ version: 2 });
  await store.save(key, newer);
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(9)), { name: "StorageError", message: /newer version/ });
  assert.equal(await store.load(key), newer);
  for (const broken of ["", "null", "[]", "{", '{"version":1}', '"text"']) {
    await store.save(key, broken);
    assert.equal((await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(2, { expiresIn: 60 }))).access_token, "access-2", broken);
  }
});
