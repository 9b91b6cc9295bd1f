// @ts-check
// Agents of claims that a test writes down, without a provider.
import { IdpClient } from "wasm-oidc";

const ISSUER = "https://idp.example.com";

/** A server's client, to which nobody ever answers. */
export const server = () =>
  IdpClient.createSync({
    metadata: { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/jwks` },
    clientId: "test-server",
    fetch: () => Promise.reject(new TypeError("fetch failed")),
  });

/** @param {object} part */
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

/**
 * Tokens whose ID token holds these claims; for `verify: "claims"`, since nobody signed it.
 *
 * @param {object} claims
 * @param {object} [more] members of the token set
 * @returns {import("wasm-oidc").TokenSet}
 */
export function tokensWith(claims, more) {
  const now = Math.floor(Date.now() / 1000);
  const idToken = { iss: ISSUER, aud: "test-server", sub: "usr_1", iat: now, exp: now + 600, ...claims };
  return {
    access_token: "secret-access",
    refresh_token: "secret-refresh",
    token_type: "Bearer",
    issued_at: now,
    expires_at: now + 600,
    id_token: `${encoded({ alg: "RS256" })}.${encoded(idToken)}.c2VjcmV0LXNpZ25hdHVyZQ`,
    version: 1,
    ...more,
  };
}

/**
 * @param {object} claims
 * @param {object} [more] members of the token set
 */
export function agentWith(claims, more) {
  return server().createAgent(tokensWith(claims, more), { verify: "claims", autoRefresh: false });
}

/**
 * A member of these organizations, each with its scopes.
 *
 * @param {Record<string, unknown[]>} organizations
 */
export function memberOf(organizations) {
  return agentWith({ organizations: Object.entries(organizations).map(([id, scopes]) => ({ id, scopes })) });
}
