// @ts-check
// Sessions that end for everybody: by the person, and by the provider (OIDC Back-Channel Logout 2.5 to 2.7), in a strong
// store, whatever one that lags still says.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { newId, nowSeconds, sessionIndex, sessionStore } from "./coordination.mjs";

const ISSUER = "https://idp.example";
const SIGNED_OUT = { name: "LoginRequiredError", code: "signed_out", recovery: "reauthenticate" };

/** @param {object} [differences] */
const factsOf = (differences) => ({
  id: newId(),
  issuer: ISSUER,
  subject: "usr_ada",
  sessionId: "sid-1",
  issuedAt: nowSeconds() - 10,
  expiresAt: nowSeconds() + 3600,
  ...differences,
});

/** A logout token that was verified. @param {object} differences */
const tokenOf = (differences) => ({ issuer: ISSUER, issuedAt: nowSeconds(), ...differences });

/** A store at the other end of a wire: others come in between. */
function slowStore() {
  const store = memoryStorage();
  const later = () => new Promise((resolve) => setTimeout(resolve, 2));
  return {
    ...store,
    load: async (/** @type {string} */ key) => (await later(), store.load(key)),
    save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => (await later(), store.save(key, text, options)),
  };
}

/** A store as Cloudflare KV is far from where something was written: what was there before is read until `catchUp`. */
function laggingStore() {
  const there = memoryStorage();
  /** @type {Map<string, string | null>} */
  let stale = new Map();
  const { load, save, list } = there;
  return {
    load: async (/** @type {string} */ key) => (stale.has(key) ? (stale.get(key) ?? null) : load(key)),
    save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => {
      if (!stale.has(key)) stale.set(key, await load(key));
      await save(key, text, options);
    },
    delete: async (/** @type {string} */ key) => {
      if (!stale.has(key)) stale.set(key, await load(key));
      await there.delete(key);
    },
    catchUp: () => void (stale = new Map()),
    keys: list,
  };
}

test("a logout token with a session of the provider ends that session and no other", async () => {
  const index = sessionIndex(memoryStorage());
  const [first, second, elsewhere] = [factsOf(), factsOf({ sessionId: "sid-2" }), factsOf({ issuer: "https://other.example" })];
  for (const facts of [first, second, elsewhere]) await index.begin(facts);
  assert.equal((await index.endBy(tokenOf({ subject: "usr_ada", sessionId: "sid-1" }))).length, 1);
  assert.deepEqual(await Promise.all([first, second, elsewhere].map(({ id }) => index.isOver(id))), [true, false, false]);
});

test("a logout token with a subject alone ends all sessions of that subject", async () => {
  const index = sessionIndex(memoryStorage());
  const all = [factsOf(), factsOf({ sessionId: "sid-2" }), factsOf({ sessionId: undefined }), factsOf({ subject: "usr_ben", sessionId: "sid-3" })];
  for (const facts of all) await index.begin(facts);
  assert.equal((await index.endBy(tokenOf({ subject: "usr_ada" }))).length, 3);
  assert.deepEqual(await Promise.all(all.map(({ id }) => index.isOver(id))), [true, true, true, false]);
  assert.deepEqual(await index.endBy(tokenOf({ subject: "usr_ada" })), []);
});

test("a sign-in that was under way when its logout came does not begin, and a later one does", async () => {
  const index = sessionIndex(memoryStorage());
  const at = nowSeconds();
  await index.endBy(tokenOf({ subject: "usr_ada", issuedAt: at }));
  await index.endBy(tokenOf({ sessionId: "sid-9", issuedAt: at }));
  await assert.rejects(index.begin(factsOf({ issuedAt: at - 1 })), SIGNED_OUT);
  await assert.rejects(index.begin(factsOf({ subject: "usr_ben", sessionId: "sid-9", issuedAt: at + 5 })), SIGNED_OUT);
  await index.begin(factsOf({ issuedAt: at + 1 }));
});

test("sessions that begin and end at once are all found", async () => {
  const store = slowStore();
  const indexes = [sessionIndex(store), sessionIndex(store)];
  const all = Array.from({ length: 40 }, () => factsOf());
  await Promise.all(all.map((facts, at) => indexes[at % 2].begin(facts)));
  await Promise.all(all.slice(0, 10).map((facts, at) => indexes[at % 2].end(facts)));
  assert.equal((await indexes[0].endBy(tokenOf({ subject: "usr_ada" }))).length, 30);
});

test("a session that is over is forgotten when it would have ended anyway, and so is who it belonged to", async () => {
  const store = memoryStorage();
  const index = sessionIndex(store);
  const facts = factsOf({ expiresAt: nowSeconds() + 1 });
  await index.begin(facts);
  await index.end(facts);
  assert.equal(await index.isOver(facts.id), true);
  assert.deepEqual((await store.list()).length, 1, "the groups are empty");
  assert.ok(!(await store.list()).join().includes(facts.id));
});

test("a session that has ended by itself belongs to nobody", async () => {
  const index = sessionIndex(memoryStorage());
  await index.begin(factsOf({ expiresAt: nowSeconds() + 60 }));
  await index.begin(factsOf({ expiresAt: nowSeconds() + 600 }));
  const clock = Date.now;
  Date.now = () => clock() + 61_000;
  try {
    assert.equal((await index.endBy(tokenOf({ subject: "usr_ada" }))).length, 1);
  } finally {
    Date.now = clock;
  }
});

test("a subject with more sessions than are counted loses the oldest, so that no logout misses one", async () => {
  const index = sessionIndex(memoryStorage());
  const first = factsOf({ sessionId: undefined });
  await index.begin(first);
  for (let count = 0; count < 499; count += 1) await index.begin(factsOf({ sessionId: undefined }));
  assert.equal(await index.isOver(first.id), false);
  await index.begin(factsOf({ sessionId: undefined }));
  assert.equal(await index.isOver(first.id), true);
});

test("a session that a lagging store still knows after its logout is over [X35]", async () => {
  const kept = laggingStore();
  const sessions = sessionStore(kept, { index: sessionIndex(memoryStorage()) });
  const facts = factsOf();
  await sessions.begin(facts);
  await sessions.save(facts.id, "the session", facts);
  kept.catchUp();
  assert.equal(await sessions.load(facts.id), "the session");

  assert.equal(await sessions.endBy(tokenOf({ sessionId: "sid-1" })), 1);
  // The store lags, and for it the session is as it was.
  assert.equal(await kept.load((await storedKey(facts.id)) ?? ""), "the session");
  assert.equal(await sessions.load(facts.id), null);
  kept.catchUp();
  assert.deepEqual([await sessions.load(facts.id), await kept.keys()], [null, []]);
});

test("a request that was under way when a session ended does not bring it back [X35]", async () => {
  const kept = laggingStore();
  const sessions = sessionStore(kept, { index: sessionIndex(memoryStorage()) });
  const facts = factsOf();
  await sessions.begin(facts);
  await sessions.save(facts.id, "the session", facts);
  await sessions.end(facts);
  await assert.rejects(sessions.save(facts.id, "with new tokens", facts), SIGNED_OUT);
  kept.catchUp();
  assert.deepEqual([await sessions.load(facts.id), await kept.keys()], [null, []]);
});

test("a store that may lag is no index, and no store of sessions without one [X35]", async () => {
  const refused = { name: "ConfigurationError", code: "missing_option", message: /Cloudflare KV/ };
  assert.throws(() => sessionIndex(laggingStore()), refused);
  assert.throws(() => sessionStore(laggingStore()), refused);
  assert.throws(() => sessionStore(/** @type {any} */ ({}), { index: sessionIndex(memoryStorage()) }), { code: "invalid_option" });
  await assert.rejects(sessionIndex(memoryStorage()).begin(factsOf({ id: "guessable" })), { code: "invalid_option" });
  await assert.rejects(sessionIndex(memoryStorage()).endBy(/** @type {any} */ (tokenOf({}))), { code: "invalid_option" });
});

/** The key of a session in its store, which is no secret. @param {string} id */
async function storedKey(id) {
  const spy = memoryStorage();
  await sessionStore(spy).save(id, "text", { expiresAt: nowSeconds() + 60 });
  return (await spy.list()).find((key) => key.includes("kept"));
}
