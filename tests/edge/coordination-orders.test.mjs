// @ts-check
// Many callers with tokens of any age, in many orders, over a store that takes its time: no refresh token is sent twice,
// unless its sender died, and then once more.
import assert from "node:assert/strict";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { lockingCoordinator, newId, nowSeconds, offline, refusal, tokensOf } from "./coordination.mjs";

/** Numbers that look like chance, the same for the same seed (mulberry32). @param {number} seed */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** @param {() => number} random */
const aWhile = (random) => new Promise((resolve) => setTimeout(resolve, random() * 4));

/** @param {() => number} random */
function slowStore(random) {
  const { load, save, delete: forget, lock } = memoryStorage();
  return {
    load: async (/** @type {string} */ key) => (await aWhile(random), load(key)),
    save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ options) => (await aWhile(random), save(key, text, options)),
    delete: async (/** @type {string} */ key) => (await aWhile(random), forget(key)),
    lock,
  };
}

/** A provider that revokes on reuse, and whose access tokens often end at once. @param {() => number} random */
function provider(random, lost = 0) {
  const state = { current: 0, isRevoked: false, isBusy: false, overlaps: 0, sent: /** @type {Map<string, number>} */ (new Map()), lost, losses: 0 };
  const refresh = async (/** @type {any} */ { refresh_token: token }) => {
    if (state.isBusy) state.overlaps += 1;
    state.isBusy = true;
    state.sent.set(token, (state.sent.get(token) ?? 0) + 1);
    await aWhile(random);
    state.isBusy = false;
    if (token !== `refresh-${state.current}`) state.isRevoked = true;
    if (state.isRevoked) throw refusal();
    state.current += 1;
    if (random() < state.lost) {
      state.losses += 1;
      throw offline();
    }
    return tokensOf(state.current, { expiresIn: random() < 0.5 ? 60 : -1, issued: nowSeconds() });
  };
  return { state, refresh };
}

test("in any order, with tokens of any age, every refresh token is sent once, and one at a time", async () => {
  let sent = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = chance(seed);
    const { state, refresh } = provider(random);
    const store = slowStore(random);
    const id = newId();
    const answers = await Promise.all(
      Array.from({ length: 25 }, async () => {
        await new Promise((resolve) => setTimeout(resolve, random() * 60));
        const given = tokensOf(Math.floor(random() * (state.current + 1)));
        const got = await lockingCoordinator(store).renew({ id, tokens: given }, refresh);
        return [Number(given.access_token.slice(7)), Number(got.access_token.slice(7))];
      }),
    );
    assert.deepEqual([state.isRevoked, state.overlaps], [false, 0], `seed ${seed}`);
    assert.deepEqual([...state.sent.values()].filter((times) => times !== 1), [], `seed ${seed}`);
    for (const [given, got] of answers) assert.ok(got > given, `seed ${seed}: ${got} for ${given}`);
    sent += state.sent.size;
  }
  assert.ok(sent > 50, `${sent} refreshes looked at`);
});

test("where an answer is lost the token is sent once more, and the session then ends for everybody for that reason", async () => {
  const clock = Date.now;
  let losses = 0;
  try {
    for (let seed = 1; seed <= 15; seed += 1) {
      const random = chance(seed);
      const { state, refresh } = provider(random, 0.5);
      const store = slowStore(random);
      const id = newId();
      /** @type {string[]} */
      const told = [];
      // What callers can have: the first tokens, and those that somebody got.
      const known = [tokensOf(0)];
      let skipped = 0;
      for (let round = 0; round < 12; round += 1) {
        // A loss is seen by whoever comes after it.
        if (round === 11) state.lost = 0;
        const outcomes = await Promise.allSettled(
          Array.from({ length: 4 }, () =>
            lockingCoordinator(store).renew({ id, tokens: /** @type {any} */ (known[Math.floor(random() * known.length)]) }, refresh),
          ),
        );
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") told.push(outcome.reason.code);
          else known.push(outcome.value);
        }
        // The pause after a failure is over, and so are the access tokens.
        skipped += 70;
        const ahead = skipped * 1000;
        Date.now = () => clock() + ahead;
      }
      Date.now = clock;
      assert.ok(Math.max(...state.sent.values()) <= 2, `seed ${seed}`);
      assert.deepEqual([...new Set(told)].filter((code) => !["network_failure", "refresh_outcome_lost"].includes(code)), [], `seed ${seed}`);
      assert.equal(told.includes("refresh_outcome_lost"), state.losses > 0, `seed ${seed}`);
      losses += state.losses;
    }
  } finally {
    Date.now = clock;
  }
  assert.ok(losses > 5, `${losses} losses looked at`);
});
