// @ts-check
// The authorization code flow by hand, with a plain fetch: what the providers of the tests are themselves tested with.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { signInWithoutBrowser, testClientId } from "./provider.mjs";

/**
 * @param {object} flow
 * @param {string} flow.authorize authorization endpoint
 * @param {string} flow.token token endpoint
 * @param {string} flow.redirectUri
 * @param {string} [flow.clientId]
 * @param {import("./provider.mjs").Login} [flow.login]
 * @param {string} [flow.nonce]
 * @param {Record<string, string>} [flow.extra] parameters of the authorization request
 * @returns the authorization response's parameters, the token request and its answer
 */
export async function codeFlow({ authorize, token, redirectUri, clientId = testClientId, login = "ada", nonce, extra }) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const request = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "openid profile email",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state,
    ...(nonce && { nonce }),
    ...extra,
  });
  const response = new URL(await signInWithoutBrowser(`${authorize}?${request}`, login)).searchParams;
  assert.equal(response.get("state"), state);
  const code = response.get("code") ?? "";
  const grant = { grant_type: "authorization_code", redirect_uri: redirectUri, code_verifier: verifier, code };
  const form = { client_id: clientId, ...grant };
  return { response, form, answer: await post(token, form) };
}

/** @param {string} url @param {Record<string, string>} form */
export function post(url, form) {
  return fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
}
