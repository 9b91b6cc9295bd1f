// @ts-check
// A store that many people share: it is taken with a key made per person only, and each of them has a session of their own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient, memoryStorage } from "wasm-oidc";

import { CLIENT, startProvider } from "./provider.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

/** A store as KV is one, seen from all requests. */
function shared() {
  const entries = new Map();
  return {
    entries,
    load: async (/** @type {string} */ key) => entries.get(key) ?? null,
    save: async (/** @type {string} */ key, /** @type {string} */ text) => void entries.set(key, text),
    delete: async (/** @type {string} */ key) => void entries.delete(key),
    lock: (/** @type {string} */ _, /** @type {() => Promise<void>} */ run) => run(),
  };
}

const options = () => ({ issuer: provider.issuer, ...CLIENT, scopes: "openid offline_access", apiOrigins: [provider.issuer] });

test("a shared store without a key per person is refused, with the ways out [X38]", async () => {
  for (const sessionKey of [undefined, null]) {
    const made = { ...options(), storage: shared(), sessionKey };
    for (const make of [async () => IdpClient.createSync(made), () => IdpClient.create(made)]) {
      await assert.rejects(make, (/** @type {any} */ error) => {
        assert.deepEqual([error.name, error.code, error.recovery], ["ConfigurationError", "missing_option", "fix"]);
        assert.match(error.message, /sessionKey.*single-user/s);
        return true;
      });
    }
  }
});

test("an empty key, one that is no text, and one beside a store that nobody shares are refused", () => {
  for (const [more, said] of /** @type {[object, RegExp][]} */ ([
    [{ storage: shared(), sessionKey: "" }, /"sessionKey": expected a string that is not empty/],
    [{ storage: shared(), sessionKey: 7 }, /"sessionKey": expected a string that is not empty/],
    [{ storage: "memory", sessionKey: "a" }, /"sessionKey": only beside/],
    [{ sessionKey: "a" }, /"sessionKey": only beside/],
  ])) {
    assert.throws(() => IdpClient.createSync({ ...options(), ...more }), (/** @type {any} */ error) => {
      assert.deepEqual([error.name, error.code], ["ConfigurationError", "invalid_option"]);
      assert.match(error.message, said);
      return true;
    });
  }
});

test("a process that serves one person needs none", () => {
  const storage = { ...memoryStorage(), lock: (/** @type {string} */ _, /** @type {() => Promise<void>} */ run) => run() };
  assert.equal(IdpClient.createSync({ ...options(), storage, session: "single-user" }).storage, "custom");
});

test("requests of ten people over one store each find their own session, and end nobody else's [X38]", async () => {
  const storage = shared();
  const users = Array.from({ length: 10 }, (_, at) => `user${at}person`);
  const of = (/** @type {string} */ user) => IdpClient.create({ ...options(), storage, sessionKey: `session of ${user}` });
  await Promise.all(users.map(async (user) => {
    const idp = await of(user);
    assert.equal(idp.agent, null);
    const auth = await idp.createAuthorizationRequest();
    await idp.adopt(await idp.exchangeCode(provider.authorize(auth.url, user), auth));
  }));
  assert.equal(storage.entries.size, users.length);
  const asked = Array.from({ length: 50 }, (_, at) => users[at % users.length]);
  const found = await Promise.all(asked.map(async (user) => {
    const idp = await of(user);
    return [(await idp.getAgent())?.id, (await (await idp.fetch(`${provider.issuer}/api`)).json()).sub];
  }));
  assert.deepEqual(found, asked.map((user) => [user, user]));
  await (await of(users[0])).clear();
  assert.equal((await of(users[0])).agent, null);
  assert.equal((await of(users[1])).agent?.id, users[1]);
});

test("neither the store's keys nor what the client shows holds the key", async () => {
  const storage = shared();
  const idp = await IdpClient.create({ ...options(), storage, sessionKey: "a-session-id" });
  await idp.saveTokens(provider.tokensOf("user1person"));
  assert.equal(storage.entries.size, 1);
  assert.doesNotMatch(JSON.stringify([...storage.entries]), /a-session-id/);
  assert.equal(idp.options.sessionKey, "[redacted]");
  // What is looked at by another wasm knows nothing of the session.
  assert.equal((await idp.checkToken((await idp.getTokens())?.id_token ?? "")).valid, true);
});
