// @ts-check
// One refresh across isolates: several Workers on one Durable Object in workerd, and a real provider that revokes the
// family of a refresh token that comes twice (RFC 9700 4.14.2).
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { EDGES, startWorkers } from "./objects.mjs";
import { startEdgeProvider, until } from "./provider.mjs";

/** @type {Awaited<ReturnType<typeof startEdgeProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startWorkers>>} */
let workers;
before(async () => {
  provider = await startEdgeProvider();
  workers = await startWorkers(provider.options);
});
after(async () => {
  await workers?.dispose();
  await provider?.close();
});
beforeEach(() => provider.forget());

/** @param {any} session @param {string} way @param {number} count */
const askAtOnce = (session, way, count) =>
  Promise.all(Array.from({ length: count }, (_, at) => workers.ask({ way, session, options: { waitSeconds: 120 } }, { at })));

/** A request to another Worker that is cancelled when its refresh is at the provider. @param {any} call */
async function leave(call) {
  const signal = createServer(async (_, response) => {
    await until(() => provider.arrived() === 1);
    // The request's body is on its way.
    setTimeout(() => response.end(), 200);
  }).listen(0, "127.0.0.1");
  await once(signal, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (signal.address());
  try {
    assert.equal(await workers.ask({ way: "leave", call, when: `http://127.0.0.1:${port}/` }), "left");
  } finally {
    signal.close();
  }
}

test("fifty requests in three isolates on one expired session send one refresh, by the object", async (t) => {
  const session = await provider.session();
  provider.forget();
  const answers = await askAtOnce(session, "object", 50);
  t.diagnostic(`50 requests in ${EDGES.length} isolates: ${provider.refreshes()} refresh at the provider`);
  assert.equal(provider.refreshes(), 1);
  assert.deepEqual(new Set(answers.map(({ access_token: token }) => token)).size, 1);
  assert.ok(answers[0].expires_at > Date.now() / 1000 && answers[0].access_token !== session.tokens.access_token);
  // The family lives: the newest token renews.
  const again = await workers.ask({ way: "object", session: { ...session, tokens: { ...answers[0], expires_at: 1 } } });
  assert.ok(again.access_token && again.access_token !== answers[0].access_token, JSON.stringify(again.error));
});

test("fifty requests in three isolates send one refresh, by locks in objects", async (t) => {
  const session = await provider.session();
  provider.forget();
  const answers = await askAtOnce(session, "lock", 50);
  t.diagnostic(`50 requests in ${EDGES.length} isolates: ${provider.refreshes()} refresh at the provider`);
  assert.equal(provider.refreshes(), 1);
  assert.equal(new Set(answers.map(({ access_token: token }) => token)).size, 1, JSON.stringify(answers.find(({ error }) => error)));
});

test("a caller that leaves does not cancel the refresh of the object", async () => {
  const session = await provider.session();
  provider.forget();
  const letGo = provider.hold();
  await leave({ way: "object", session });
  letGo();
  const answer = await workers.ask({ way: "object", session }, { at: 1 });
  assert.ok(answer.access_token, JSON.stringify(answer));
  assert.equal(provider.refreshes(), 1);
});

test("a caller that leaves takes a refresh of its own with it: sent once more, then told as lost, never a third time", async () => {
  const session = await provider.session();
  provider.forget();
  const letGo = provider.hold();
  await leave({ way: "lock", session });
  letGo();
  await until(() => provider.refreshes() === 1);
  const options = { leaseSeconds: 1 };
  for (let at = 0; at < 3; at += 1) {
    const { error } = await workers.ask({ way: "lock", session, options }, { at });
    assert.deepEqual([error.code, error.recovery], ["refresh_outcome_lost", "reauthenticate"]);
  }
  assert.equal(provider.refreshes(), 2);
});

test("an object that is restarted before it sent sends once, and one that is restarted later knows the newest tokens", async () => {
  const session = await provider.session();
  provider.forget();
  await workers.crashNext("before");
  const answers = await askAtOnce(session, "object", 10);
  assert.equal(new Set(answers.map(({ access_token: token }) => token)).size, 1, JSON.stringify(answers));
  assert.equal(provider.refreshes(), 1);
  await workers.ask({ way: "EVICT", session });
  const late = await workers.ask({ way: "object", session }, { at: 2 });
  assert.equal(late.access_token, answers[0].access_token);
  assert.equal(provider.refreshes(), 1);
});

test("an object that dies with an answer in its hands sends once more, and tells that the outcome is lost", async () => {
  const session = await provider.session();
  provider.forget();
  await workers.crashNext("after");
  for (let at = 0; at < 3; at += 1) {
    const { error } = await workers.ask({ way: "object", session }, { at });
    assert.deepEqual([error.name, error.code, error.recovery], ["RefreshError", "refresh_outcome_lost", "reauthenticate"]);
  }
  assert.equal(provider.refreshes(), 2);
});

test("a session that ends while it is renewed stays ended, and its late tokens are revoked", async () => {
  const session = await provider.session();
  provider.forget();
  const letGo = provider.hold();
  const renewing = workers.ask({ way: "object", session });
  await until(() => provider.arrived() === 1);
  const known = await workers.ask({ way: "end", session: { id: session.id } }, { at: 1 });
  assert.equal(known.refresh_token, session.tokens.refresh_token);
  letGo();
  assert.equal((await renewing).error.code, "signed_out");
  assert.equal((await workers.ask({ way: "object", session }, { at: 2 })).error.code, "signed_out");
  assert.equal(provider.refreshes(), 1);
  assert.equal(provider.requests.filter(({ path }) => path === "/token/revocation").length, 1);
});

test("a provider that is broken leaves the session in the object as it was, and is not asked by everybody", async () => {
  const session = await provider.session();
  provider.forget();
  provider.breakDown(true);
  const failures = await askAtOnce(session, "object", 10);
  for (const { error } of failures) assert.deepEqual([error.name, error.recovery], ["RefreshError", "retry"], JSON.stringify(error));
  assert.equal(provider.arrived(), 1);
  provider.breakDown(false);
  await until(async () => (await workers.ask({ way: "object", session }, { at: 1 })).access_token);
  assert.equal(provider.refreshes(), 2);
});

test("a refresh token that the provider does not take ends the session for every isolate", async () => {
  const session = await provider.session();
  provider.forget();
  const foreign = { ...session, tokens: { ...session.tokens, refresh_token: "of somebody else" } };
  for (const answer of [...(await askAtOnce(foreign, "object", 6)), await workers.ask({ way: "object", session })]) {
    assert.deepEqual([answer.error.name, answer.error.code], ["RefreshError", "invalid_grant"]);
  }
  assert.equal(provider.refreshes(), 1);
});

test("what is saved in an object is what every isolate reads from then on, until it ends and an alarm empties the object", async () => {
  const save = { way: "save", key: "a/b?c", text: "one" };
  await workers.ask(save);
  assert.equal(await workers.ask({ way: "load", key: "a/b?c" }, { at: 1 }), "one");
  await workers.ask({ ...save, text: "two", expiresAt: Date.now() / 1000 + 2 }, { at: 1 });
  assert.equal(await workers.ask({ way: "load", key: "a/b?c" }, { at: 2 }), "two");
  await until(async () => (await workers.ask({ way: "load", key: "a/b?c" })) === null);
  await until(async () => (await workers.ask({ way: "KEYS", key: "a/b?c" })).length === 0);
  await workers.ask({ ...save, key: "other" });
  await workers.ask({ way: "delete", key: "other" }, { at: 1 });
  assert.equal(await workers.ask({ way: "load", key: "other" }, { at: 2 }), null);
});

test("a key is new to one isolate of all that ask at once, until it ends", async () => {
  const add = (/** @type {number} */ at) => workers.ask({ way: "add", key: "proof", expiresAt: Date.now() / 1000 + 4 }, { at });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => add(at)));
  assert.equal(answers.filter((isNew) => isNew === true).length, 1, JSON.stringify(answers));
  await until(async () => (await add(1)) === true);
});

test("a lock in an object lets one isolate in at a time, and stays with one that lives longer than its time", async () => {
  const times = [2500, ...Array.from({ length: 11 }, () => 10)];
  await Promise.all(times.map((milliseconds, at) => workers.ask({ way: "increment", milliseconds }, { at })));
  assert.equal(await workers.ask({ way: "load", key: "count" }), "12");
});

test("Cloudflare KV keeps texts under any key, and an end that is nearer than KV takes", async () => {
  assert.deepEqual(await workers.ask({ way: "kv" }), {
    before: ["text", "of a long key", "for ever", null],
    after: null,
    names: [],
    deleted: null,
  });
});
