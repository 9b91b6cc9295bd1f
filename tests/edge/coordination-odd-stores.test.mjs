// @ts-check
// Stores of the app's own that throw at once, reject with a string, give plain values or never answer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { lockingCoordinator, newId, nowSeconds, rotatingProvider, sessionIndex, sessionStore, tokensOf } from "./coordination.mjs";

const WAYS = /** @type {[string, () => any, RegExp][]} */ ([
  ["throws at once", () => { throw new Error("of the store"); }, /of the store/],
  ["rejects with a string", () => Promise.reject("a string of the store"), /a string of the store/],
  ["rejects with nothing", () => Promise.reject(undefined), /undefined/],
]);
const METHODS = ["load", "save", "delete", "lock"];
const TYPED = { name: "StorageError", code: "storage_unavailable", recovery: "retry" };

/** A store of which one method does not work. @param {string} method @param {() => any} way */
const odd = (method, way) => ({ ...memoryStorage(), [method]: way });

test("a store that fails in whatever way is a typed error of a coordinator, and nothing is sent", async () => {
  for (const [name, way, message] of WAYS) {
    for (const method of METHODS) {
      const provider = rotatingProvider();
      const coordinator = lockingCoordinator(odd(method, way));
      const renewing = coordinator.renew({ id: newId(), tokens: tokensOf(0) }, provider.refresh);
      if (method === "delete") await renewing;
      else await assert.rejects(renewing, { ...TYPED, message }, `${method} ${name}`);
      assert.equal(provider.sent.length, method === "delete" ? 1 : 0);
      if (method !== "lock") await assert.rejects(coordinator.end({ id: newId() }), { ...TYPED, message }, `${method} ${name}`);
    }
  }
  await assert.rejects(lockingCoordinator(odd("load", () => 7)).renew({ id: newId(), tokens: tokensOf(0) }, async () => tokensOf(1)), TYPED);
});

test("a store that fails in whatever way is a typed error of an index", async () => {
  const facts = () => ({ id: newId(), issuer: "https://idp.example", subject: "usr_ada", issuedAt: nowSeconds(), expiresAt: nowSeconds() + 60 });
  for (const [name, way, message] of WAYS) {
    for (const method of ["load", "save", "lock"]) {
      const index = sessionIndex(odd(method, way));
      await assert.rejects(index.begin(facts()), { ...TYPED, message }, `${method} ${name}`);
      await assert.rejects(index.endBy({ issuer: "https://idp.example", subject: "usr_ada", issuedAt: nowSeconds() }), { ...TYPED, message });
    }
    await assert.rejects(sessionIndex(odd("load", way)).isOver(newId()), { ...TYPED, message });
    const index = sessionIndex(memoryStorage());
    await assert.rejects(sessionStore(odd("load", way), { index }).load(newId()), { ...TYPED, message });
    await assert.rejects(sessionStore(odd("save", way), { index }).save(newId(), "text", facts()), { ...TYPED, message });
    await assert.rejects(sessionStore(odd("delete", way), { index }).end(facts()), { ...TYPED, message });
  }
});

test("a store that never answers is waited for as long as a caller likes", async () => {
  for (const method of ["load", "lock"]) {
    const coordinator = lockingCoordinator(odd(method, () => new Promise(() => {})), { waitSeconds: 0.1 });
    const renewing = coordinator.renew({ id: newId(), tokens: tokensOf(0) }, async () => tokensOf(1));
    await assert.rejects(renewing, { name: "TimeoutError", code: "timeout", recovery: "retry" });
  }
});

test("a store that gives plain values serves", async () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const plain = {
    load: (/** @type {string} */ key) => kept.get(key),
    save: (/** @type {string} */ key, /** @type {string} */ text) => void kept.set(key, text),
    delete: (/** @type {string} */ key) => void kept.delete(key),
    lock: memoryStorage().lock,
  };
  const provider = rotatingProvider();
  const id = newId();
  const coordinator = lockingCoordinator(plain);
  await Promise.all(Array.from({ length: 5 }, () => coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh)));
  assert.equal(provider.sent.length, 1);
  const sessions = sessionStore(plain);
  const facts = { id, issuer: "https://idp.example", subject: "usr_ada", issuedAt: nowSeconds(), expiresAt: nowSeconds() + 60 };
  await sessions.begin(facts);
  await sessions.save(id, "text", facts);
  assert.equal(await sessions.load(id), "text");
  await sessions.end(facts);
  assert.equal(await sessions.load(id), null);
});

test("what the app's own refresh throws comes out as it is", async () => {
  const thrown = new Error("of the app");
  const renewing = lockingCoordinator(memoryStorage()).renew({ id: newId(), tokens: tokensOf(0) }, async () => Promise.reject(thrown));
  await assert.rejects(renewing, (error) => error === thrown);
});
