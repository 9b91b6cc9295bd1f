// @ts-check
// One refresh for all who share a store, whatever becomes of the one who sends it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import {
  dieSending, kvStorage, lockingCoordinator, newId, nowSeconds, oauthError, offline, open, refusal, rotatingProvider, tokensOf,
} from "./coordination.mjs";

/** @typedef {import("wasm-oidc").TokenSet} TokenSet */

test("fifty callers over one store send one refresh, and all get its tokens", async () => {
  const provider = rotatingProvider();
  const store = memoryStorage();
  const id = newId();
  const coordinators = Array.from({ length: 5 }, () => lockingCoordinator(store));
  const callers = Array.from({ length: 50 }, (_, index) => coordinators[index % 5].renew({ id, tokens: tokensOf(0) }, provider.refresh));
  const renewed = await Promise.all(callers);
  assert.deepEqual(provider.sent, ["refresh-0"]);
  assert.deepEqual(new Set(renewed.map(({ access_token: token }) => token)), new Set(["access-1"]));
});

test("sessions do not wait for each other, and get their own tokens", async () => {
  const store = memoryStorage();
  const coordinator = lockingCoordinator(store);
  const slow = open();
  const first = coordinator.renew({ id: newId(), tokens: tokensOf(0) }, () => slow.promise);
  const second = await coordinator.renew({ id: newId(), tokens: tokensOf(7) }, async () => tokensOf(8, { expiresIn: 60 }));
  assert.equal(second.access_token, "access-8");
  slow.resolve(tokensOf(1, { expiresIn: 60 }));
  assert.equal((await first).access_token, "access-1");
});

test("a caller with old tokens gets the newest, however many renewals later", async () => {
  const provider = rotatingProvider();
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  let tokens = tokensOf(0);
  for (let generation = 1; generation <= 40; generation += 1) tokens = await coordinator.renew({ id, tokens }, provider.refresh);
  assert.equal(tokens.access_token, "access-40");
  for (const old of [39, 30, 3, 0]) {
    assert.equal((await coordinator.renew({ id, tokens: tokensOf(old) }, provider.refresh)).access_token, "access-40");
  }
  assert.equal(provider.sent.length, 40);
});

test("a caller with old tokens has the newest renewed where those have ended too", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1));
  /** @type {any[]} */
  const sent = [];
  const renew = async (/** @type {TokenSet} */ tokens) => (sent.push(tokens.refresh_token), tokensOf(2, { expiresIn: 60 }));
  assert.equal((await coordinator.renew({ id, tokens: tokensOf(0) }, renew)).access_token, "access-2");
  assert.deepEqual(sent, ["refresh-1"]);
});

test("a refresh token that does not rotate is sent again when its access token has ended", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  let count = 0;
  const renew = async () => ({ ...tokensOf((count += 1), { expiresIn: 60, issued: nowSeconds() }), refresh_token: "refresh-0" });
  const first = await coordinator.renew({ id, tokens: tokensOf(0) }, renew);
  const again = await coordinator.renew({ id, tokens: tokensOf(0) }, renew);
  const second = await coordinator.renew({ id, tokens: first }, renew);
  assert.deepEqual([first, again, second].map(({ access_token: token }) => token), ["access-1", "access-1", "access-2"]);
});

test("a failure that passes leaves the session as it was, and is everybody's for a moment", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  let count = 0;
  const fail = async () => {
    count += 1;
    throw offline();
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => coordinator.renew({ id, tokens: tokensOf(0) }, fail)));
  for (const outcome of outcomes) {
    assert.equal(outcome.status, "rejected");
    assert.deepEqual([outcome.reason.name, outcome.reason.code, outcome.reason.recovery], ["RefreshError", "network_failure", "retry"]);
  }
  assert.equal(count, 1);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const provider = rotatingProvider();
  assert.equal((await coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh)).access_token, "access-1");
});

test("a refusal after a failure is told as lost only where the failure may have hidden an answer", async () => {
  const failures = /** @type {[any, string][]} */ ([
    [{ class: "RefreshError", code: "network_failure" }, "refresh_outcome_lost"],
    [{ class: "RefreshError", code: "server_error", status: 502 }, "refresh_outcome_lost"],
    [{ class: "TokenExchangeError", code: "invalid_client", status: 401, recovery: "fix" }, "invalid_grant"],
    [{ class: "RefreshError", code: "temporarily_unavailable", status: 429 }, "invalid_grant"],
    [{ class: "ConfigurationError", code: "endpoint_missing", recovery: "fix" }, "invalid_grant"],
  ]);
  const clock = Date.now;
  for (const [failure, told] of failures) {
    const coordinator = lockingCoordinator(memoryStorage());
    const id = newId();
    await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, async () => Promise.reject(oauthError(failure))), { code: failure.code });
    Date.now = () => clock() + 3000;
    try {
      await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, async () => Promise.reject(refusal())), { code: told });
    } finally {
      Date.now = clock;
    }
  }
});

test("a request that was not answered in time may live on: the next one waits until it counts as lost", async () => {
  const coordinator = lockingCoordinator(memoryStorage(), { leaseSeconds: 3 });
  const id = newId();
  const start = performance.now();
  const late = async () => Promise.reject(oauthError({ class: "TimeoutError", code: "timeout" }));
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, late), { code: "timeout" });
  await new Promise((resolve) => setTimeout(resolve, 2100));
  let waited = 0;
  await coordinator.renew({ id, tokens: tokensOf(0) }, async () => ((waited = performance.now() - start), tokensOf(1, { expiresIn: 60 })));
  assert.ok(waited > 2900, `sent after ${waited} ms`);
});

test("a provider that says when to come back is not asked before", async () => {
  const coordinator = lockingCoordinator(memoryStorage());
  const id = newId();
  const busy = async () => {
    throw oauthError({ class: "RefreshError", code: "temporarily_unavailable", status: 429, retryAfter: 3600 });
  };
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, busy), { code: "temporarily_unavailable" });
  const clock = Date.now;
  try {
    // At most a minute, whatever it says.
    for (const [seconds, expected] of /** @type {[number, string][]} */ ([[50, "temporarily_unavailable"], [61, "asked"]])) {
      Date.now = () => clock() + seconds * 1000;
      const asked = async () => Promise.reject(oauthError({ class: "RefreshError", code: "asked" }));
      await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, asked), { code: expected });
    }
  } finally {
    Date.now = clock;
  }
});

test("invalid_grant ends the session for everybody, without another request", async () => {
  const store = memoryStorage();
  const id = newId();
  let count = 0;
  const refuse = async () => {
    count += 1;
    throw refusal();
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, refuse)));
  outcomes.push(...(await Promise.allSettled([lockingCoordinator(store).renew({ id, tokens: tokensOf(5) }, refuse)])));
  assert.equal(count, 1);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, "rejected");
    assert.deepEqual([outcome.reason.name, outcome.reason.code, outcome.reason.recovery], ["RefreshError", "invalid_grant", "reauthenticate"]);
  }
});

test("an answer that is provably wrong ends the session, one that only the clock or missing keys speak against does not", async () => {
  for (const [code, isOver] of /** @type {[string, boolean][]} */ ([["signature_invalid", true], ["key_not_found", false], ["id_token_expired", false]])) {
    const coordinator = lockingCoordinator(memoryStorage());
    const id = newId();
    const wrong = async () => Promise.reject(oauthError({ class: "TokenVerificationError", code }));
    await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, wrong), { code });
    const clock = Date.now;
    Date.now = () => clock() + 3000;
    try {
      const again = coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
      await (isOver ? assert.rejects(again, { code, name: "TokenVerificationError" }) : again);
    } finally {
      Date.now = clock;
    }
  }
});

test("a sender that dies is waited for as long as its request may live, and the token is sent once more", async () => {
  const provider = rotatingProvider();
  const store = memoryStorage();
  const id = newId();
  await dieSending(store, { id });
  const start = performance.now();
  const renewed = await lockingCoordinator(store, { leaseSeconds: 1 }).renew({ id, tokens: tokensOf(0) }, provider.refresh);
  assert.equal(renewed.access_token, "access-1");
  assert.ok(performance.now() - start > 500, "the lease was waited for");
  assert.equal(provider.sent.length, 1);
});

test("a token that was sent by somebody who died is told as lost where the provider refuses it then", async () => {
  const provider = rotatingProvider();
  const store = memoryStorage();
  const id = newId();
  await dieSending(store, { id }, provider.refresh);
  const coordinator = lockingCoordinator(store, { leaseSeconds: 0 });
  const lost = { name: "RefreshError", code: "refresh_outcome_lost", recovery: "reauthenticate" };
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh), lost);
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh), lost);
  assert.deepEqual(provider.sent, ["refresh-0", "refresh-0"]);
});

test("a refresh token is sent at most once more: where two senders died, no third one tries", async () => {
  const store = memoryStorage();
  const id = newId();
  let sent = 0;
  const send = () => void (sent += 1);
  await dieSending(store, { id }, send);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await dieSending(store, { id }, send);
  await assert.rejects(lockingCoordinator(store, { leaseSeconds: 0 }).renew({ id, tokens: tokensOf(0) }, async () => (send(), tokensOf(1))), {
    code: "refresh_outcome_lost",
  });
  assert.equal(sent, 2);
});

test("a sender that was only slow stores its answer, and who waited for it gets that", async () => {
  // A lock that ended though its holder lives.
  const store = { ...memoryStorage(), lock: (/** @type {string} */ _, /** @type {() => any} */ run) => run() };
  const id = newId();
  const coordinator = lockingCoordinator(store, { leaseSeconds: 30 });
  const [sent, slow] = [open(), open()];
  const first = coordinator.renew({ id, tokens: tokensOf(0) }, async () => (sent.resolve(), slow.promise));
  await sent.promise;
  let count = 0;
  const second = coordinator.renew({ id, tokens: tokensOf(0) }, async () => ((count += 1), tokensOf(9)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  slow.resolve(tokensOf(1, { expiresIn: 60 }));
  assert.deepEqual([(await first).access_token, (await second).access_token, count], ["access-1", "access-1", 0]);
});

test("a store without locks is refused, and so are a guessable id and tokens that cannot be renewed", async () => {
  const namespace = { getWithMetadata: async () => ({ value: null, metadata: null }), put: async () => {}, delete: async () => {}, list: async () => ({ keys: [], list_complete: true }) };
  assert.throws(() => lockingCoordinator(kvStorage(namespace)), { name: "ConfigurationError", code: "missing_option", message: /durableObjectStorage/ });
  assert.throws(() => lockingCoordinator(/** @type {any} */ ({})), { name: "ConfigurationError", code: "invalid_option" });
  assert.throws(() => lockingCoordinator(memoryStorage(), { leaseSeconds: -1 }), { code: "invalid_option" });
  const coordinator = lockingCoordinator(memoryStorage());
  const refresh = async () => tokensOf(1);
  await assert.rejects(coordinator.renew({ id: "7", tokens: tokensOf(0) }, refresh), { code: "invalid_option" });
  const { refresh_token: _, ...without } = tokensOf(0);
  await assert.rejects(coordinator.renew({ id: newId(), tokens: without }, refresh), { name: "RefreshError", code: "no_refresh_token" });
});
