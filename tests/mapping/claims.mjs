// @ts-check
// Agents of tokens with claims of a test's own, on a server whose provider is never asked.

import { IdpClient } from "wasm-oidc";

const ISSUER = "https://idp.example";

/** @param {object} value */
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * @param {import("wasm-oidc").ClaimMapping} [claimMapping]
 * @param {Partial<import("wasm-oidc").ClientOptions>} [more]
 */
export function client(claimMapping, more) {
  return IdpClient.createSync({ issuer: ISSUER, clientId: "spa", claimMapping, ...more });
}

/**
 * Tokens as the app kept them: verified once, when they came.
 *
 * @param {object} claims
 */
export function tokens(claims) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: "spa", sub: "usr_ada", iat: now, exp: now + 600, ...claims };
  const idToken = `${part({ alg: "RS256" })}.${part(all)}.${part({})}`;
  const scope = "openid users:read";
  return {
    ...{ access_token: "a", token_type: "Bearer", id_token: idToken, scope },
    ...{ issued_at: now, expires_at: now + 600, version: /** @type {1} */ (1) },
  };
}

/**
 * @param {import("wasm-oidc").ClaimMapping | undefined} claimMapping
 * @param {object} claims
 */
export function agentOf(claimMapping, claims) {
  return client(claimMapping).createAgent(tokens(claims), { verify: "claims" });
}
