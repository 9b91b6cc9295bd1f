// @ts-check
// Verifying one access token, beside jose's `jwtVerify` and Hono's `jwk`: the same token, the same keys, one run. In any host:
// whoever calls says how time is told.

import { Context } from "hono";
import { jwk } from "hono/jwk";
import { createLocalJWKSet, jwtVerify } from "jose";
import { createVerifier } from "wasm-oidc/edge";

/** How this library verifies: a token that it never saw, and one that it did; and the others. */
export const CONTESTANTS = /** @type {const} */ (["cold", "warm", "jose", "hono"]);

/**
 * @typedef {typeof CONTESTANTS[number]} Contestant
 *
 * @typedef {{ algorithm: string, token: string, keys: { keys: any[] }, issuer: string, audience: string }} Setting
 */

/**
 * What each of them does with a request.
 *
 * @param {Setting} setting
 * @returns {Record<Contestant, (request: Request) => Promise<unknown>>}
 */
export function contestants({ algorithm, token, keys, issuer, audience }) {
  const usual = { issuer, audience, jwks: keys, legacyJwt: true };
  const [cold, warm] = [createVerifier({ ...usual, maxCachedTokens: 0 }), createVerifier(usual)];
  const keySet = createLocalJWKSet(keys);
  const guard = jwk({ keys: keys.keys, alg: [/** @type {any} */ (algorithm)], verification: { iss: issuer, aud: audience } });
  return {
    cold: (request) => cold.verify(request),
    warm: (request) => warm.verify(request),
    // As an app would: the token is taken from the request.
    jose: (request) => jwtVerify(request.headers.get("authorization")?.slice("Bearer ".length) ?? token, keySet, { issuer, audience }),
    hono: (request) => guard(new Context(request), async () => {}),
  };
}

/** @param {Setting} setting */
export function requestOf({ token }) {
  return new Request("https://api.example/orders?page=2", { headers: { authorization: `Bearer ${token}` } });
}

/**
 * @param {(request: Request) => Promise<unknown>} verify
 * @param {Request} request
 * @param {number} times
 */
export async function repeat(verify, request, times) {
  for (let time = 0; time < times; time += 1) await verify(request);
}
