// @ts-check
// What the tests of coordination import, and a token endpoint in memory that ends the family of a refresh token that comes
// twice.
export {
  durableObjectCoordinator, durableObjectStorage, kvStorage, lockingCoordinator, redisLock, redisReplayStore, sessionIndex, sessionStore,
  unstorageStorage,
} from "wasm-oidc/edge";

import { randomBytes } from "node:crypto";

import { lockingCoordinator } from "wasm-oidc/edge";

import { toError } from "../../pkg/errors.js";

/** @typedef {import("wasm-oidc").TokenSet} TokenSet */

export const newId = () => randomBytes(18).toString("base64url");
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A promise, and how it is settled from outside. */
export function open() {
  /** @type {(value?: any) => void} */
  let resolve = () => {};
  const promise = new Promise((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}

/**
 * One that shares a store and dies when it has sent a refresh token: from then on nothing is heard of it. Its lock ends
 * with it, as those of Redis do: here at once.
 *
 * @param {any} store
 * @param {(tokens: TokenSet) => unknown} [send] what it does before it dies
 */
export async function dieSending(store, { id = "", leaseSeconds = 0.1 }, send = () => {}) {
  const sent = open();
  let isDead = false;
  const use = (/** @type {string} */ method) => (/** @type {any[]} */ ...values) => {
    if (isDead) throw new Error("dead");
    return store[method](...values);
  };
  const mortal = { load: use("load"), save: use("save"), delete: use("delete"), lock: (/** @type {string} */ _, /** @type {() => any} */ run) => run() };
  const refresh = async (/** @type {TokenSet} */ tokens) => {
    await send(tokens);
    isDead = true;
    sent.resolve();
    return open().promise;
  };
  lockingCoordinator(mortal, { leaseSeconds }).renew({ id, tokens: tokensOf(0) }, refresh).catch(() => {});
  await sent.promise;
}

/** @param {object} record */
export const oauthError = (record) => toError(/** @type {any} */ ({ message: "of the test", recovery: "retry", ...record }));
export const refusal = () => oauthError({ class: "RefreshError", code: "invalid_grant", recovery: "reauthenticate", status: 400 });
export const offline = () => oauthError({ class: "RefreshError", code: "network_failure" });

/**
 * Tokens that are due.
 *
 * @param {number} generation
 * @returns {TokenSet}
 */
export function tokensOf(generation, { expiresIn = -1, issued = nowSeconds() - 600 + generation } = {}) {
  return {
    version: 1,
    token_type: "Bearer",
    access_token: `access-${generation}`,
    refresh_token: `refresh-${generation}`,
    issued_at: issued,
    expires_at: nowSeconds() + expiresIn,
  };
}

/** A provider with one family of refresh tokens. */
export function rotatingProvider() {
  const provider = {
    /** @type {string[]} */
    sent: [],
    isRevoked: false,
    current: 0,
    milliseconds: 20,
    /** @param {TokenSet} tokens */
    refresh: async (tokens) => {
      provider.sent.push(String(tokens.refresh_token));
      await new Promise((resolve) => setTimeout(resolve, provider.milliseconds));
      if (tokens.refresh_token !== `refresh-${provider.current}`) provider.isRevoked = true;
      if (provider.isRevoked) throw refusal();
      provider.current += 1;
      return tokensOf(provider.current, { expiresIn: 300, issued: nowSeconds() });
    },
  };
  return provider;
}
