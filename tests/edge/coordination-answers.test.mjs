// @ts-check
// What becomes of the answer to a refresh: it is stored before anybody gets it, however late it comes, unless the session
// is over.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { lockingCoordinator, newId, offline, open, refusal, rotatingProvider, tokensOf } from "./coordination.mjs";

/** A store whose locks have ended though their holders live. */
const unlocked = () => ({ ...memoryStorage(), lock: (/** @type {string} */ _, /** @type {() => any} */ run) => run() });

/** All that a store holds. @param {ReturnType<typeof memoryStorage> | ReturnType<typeof unlocked>} store */
const textsOf = async (store) => (await Promise.all((await store.list()).map((key) => store.load(key)))).join();

test("a caller waits for its time, and the refresh goes on without it", async () => {
  const store = memoryStorage();
  const id = newId();
  const slow = open();
  const coordinator = lockingCoordinator(store, { waitSeconds: 0.2 });
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, () => slow.promise), { name: "TimeoutError", code: "timeout", recovery: "retry" });
  slow.resolve(tokensOf(1, { expiresIn: 60 }));
  const late = await lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, async () => tokensOf(9));
  assert.equal(late.access_token, "access-1");
});

test("an answer that comes after the end of the session is dropped and given back, and nothing brings the session back", async () => {
  const store = memoryStorage();
  const id = newId();
  const [sent, slow] = [open(), open()];
  const coordinator = lockingCoordinator(store);
  /** @type {any[]} */
  const discarded = [];
  const under = coordinator.renew({ id, tokens: tokensOf(0) }, async () => (sent.resolve(), slow.promise), {
    discard: (tokens) => discarded.push(tokens.refresh_token),
  });
  await sent.promise;
  assert.equal((await coordinator.end({ id }))?.refresh_token, "refresh-0");
  slow.resolve(tokensOf(1, { expiresIn: 60 }));
  const signedOut = { name: "LoginRequiredError", code: "signed_out" };
  await assert.rejects(under, signedOut);
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(2)), signedOut);
  assert.deepEqual(discarded, ["refresh-1"]);
  assert.ok(!(await textsOf(store)).includes("refresh-1"), "no token is left in the store");
});

test("the end of a session gives the newest tokens, which the caller may not have, and leaves none in the store", async () => {
  const store = memoryStorage();
  const coordinator = lockingCoordinator(store);
  const id = newId();
  assert.equal(await coordinator.end({ id: newId() }), null);
  await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
  assert.equal((await coordinator.end({ id }))?.refresh_token, "refresh-1");
  assert.ok(!(await textsOf(store)).includes("refresh-1"));
});

test("an end that comes while an answer is stored wins", async () => {
  const store = memoryStorage();
  const id = newId();
  const other = lockingCoordinator(store);
  let isFirst = true;
  const slow = {
    ...store,
    save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => {
      if (text.includes("access-1") && isFirst) {
        isFirst = false;
        await other.end({ id });
      }
      await store.save(key, text, options);
    },
  };
  const renewing = lockingCoordinator(slow).renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
  await assert.rejects(renewing, { code: "signed_out" });
  assert.ok(!(await textsOf(store)).includes("access-1"));
});

test("who was taken for dead and answers after all gets what the other one stored, and changes nothing", async () => {
  for (const answer of [tokensOf(5, { expiresIn: 60 }), refusal()]) {
    const store = unlocked();
    const id = newId();
    const [sent, slow] = [open(), open()];
    const refresh = async () => {
      sent.resolve();
      const given = await slow.promise;
      if (given instanceof Error) throw given;
      return given;
    };
    const first = lockingCoordinator(store, { leaseSeconds: 60 }).renew({ id, tokens: tokensOf(0) }, refresh);
    await sent.promise;
    const hasty = lockingCoordinator(store, { leaseSeconds: 0 });
    assert.equal((await hasty.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }))).access_token, "access-1");
    slow.resolve(answer);
    if (answer instanceof Error) await assert.rejects(first, { code: "invalid_grant" });
    else assert.equal((await first).access_token, "access-1");
    assert.equal((await hasty.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(9))).access_token, "access-1");
  }
});

test("a failure of one that was taken for dead leaves the mark of the other", async () => {
  const store = unlocked();
  const id = newId();
  const [sent, slow, sentAgain, slowAgain] = [open(), open(), open(), open()];
  const fails = async () => (sent.resolve(), await slow.promise, Promise.reject(offline()));
  const first = lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, fails);
  await sent.promise;
  const hasty = lockingCoordinator(store, { leaseSeconds: 0 });
  const second = hasty.renew({ id, tokens: tokensOf(0) }, async () => (sentAgain.resolve(), slowAgain.promise));
  await sentAgain.promise;
  const before = await textsOf(store);
  slow.resolve();
  await assert.rejects(first, { code: "network_failure" });
  assert.equal(await textsOf(store), before);
  slowAgain.resolve(tokensOf(1, { expiresIn: 60 }));
  assert.equal((await second).access_token, "access-1");
});

test("one that slept since it looked looks again: before it writes, and before it sends", async () => {
  for (const sleepsIn of ["load", "save"]) {
    const store = unlocked();
    const id = newId();
    const clock = Date.now;
    let isAwake = true;
    const sleep = async () => {
      isAwake = false;
      await lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, async () => tokensOf(1, { expiresIn: 60 }));
      Date.now = () => clock() + 10_000;
    };
    const sleepy = {
      ...store,
      load: async (/** @type {string} */ key) => {
        const text = await store.load(key);
        if (sleepsIn === "load" && isAwake && !key.includes("over")) await sleep();
        return text;
      },
      save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => {
        // Its mark comes before that of the other one.
        if (sleepsIn === "save" && isAwake) await sleep();
        else await store.save(key, text, options);
      },
    };
    try {
      let count = 0;
      const renewed = await lockingCoordinator(sleepy).renew({ id, tokens: tokensOf(0) }, async () => ((count += 1), tokensOf(9)));
      assert.deepEqual([renewed.access_token, count], ["access-1", 0], sleepsIn);
    } finally {
      Date.now = clock;
    }
  }
});

test("an answer is not lost because the store fails once", async () => {
  const store = memoryStorage();
  let failures = 0;
  const flaky = {
    ...store,
    save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => {
      if (text.includes("access-1") && (failures += 1) === 1) throw new Error("the store is busy");
      return store.save(key, text, options);
    },
  };
  const coordinator = lockingCoordinator(flaky);
  const id = newId();
  const provider = rotatingProvider();
  assert.equal((await coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh)).access_token, "access-1");
  assert.equal((await coordinator.renew({ id, tokens: tokensOf(0) }, provider.refresh)).access_token, "access-1");
  assert.deepEqual([provider.sent.length, failures], [1, 2]);
});

test("nothing is sent where the mark cannot be written", async () => {
  const store = { ...memoryStorage(), save: async () => Promise.reject(new Error("the store is full")) };
  const provider = rotatingProvider();
  await assert.rejects(lockingCoordinator(store).renew({ id: newId(), tokens: tokensOf(0) }, provider.refresh), /the store is full/);
  assert.equal(provider.sent.length, 0);
});

test("the mark is in the store before the token is sent, and names nothing that could be used", async () => {
  const store = memoryStorage();
  const id = newId();
  let seen = "";
  await lockingCoordinator(store).renew({ id, tokens: tokensOf(0) }, async () => {
    const keys = await store.list();
    assert.ok(!keys.join().includes(id));
    seen = String(await store.load(keys[0]));
    return tokensOf(1, { expiresIn: 60 });
  });
  const { sending } = JSON.parse(seen);
  assert.ok(sending.sentAt > 0 && !JSON.stringify(sending).includes("refresh-0"));
});

test("a refresh that never ends does not hold its lock for ever, and its answer is kept whenever it comes", async () => {
  const store = memoryStorage();
  const coordinator = lockingCoordinator(store, { leaseSeconds: 0.3 });
  const id = newId();
  const slow = open();
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, () => slow.promise), { name: "TimeoutError", code: "timeout" });
  // The failure is everybody's for a moment, and nobody waits for a lock.
  await assert.rejects(coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(9)), { code: "timeout" });
  slow.resolve(tokensOf(1, { expiresIn: 60 }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const late = await coordinator.renew({ id, tokens: tokensOf(0) }, async () => tokensOf(9));
  assert.equal(late.access_token, "access-1");
});
