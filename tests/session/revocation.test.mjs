// Tokens given back to the real provider (RFC 7009), and what it says of one (RFC 7662).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const SECRET = "a-secret-of-the-tests-that-is-long-enough";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;

before(async () => {
  const web = {
    client_id: "web",
    client_secret: SECRET,
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [REDIRECT_URI],
  };
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], clients: [web] });
});
after(() => provider?.close());

/** @param {object} [more] options of the client */
async function signedIn(more) {
  let sentTo = "";
  const idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid offline_access",
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
    ...more,
  });
  await idp.signInRedirect();
  await idp.handleRedirectCallback(await signInWithoutBrowser(sentTo, "ada"));
  return { idp, tokens: /** @type {import("wasm-oidc").TokenSet} */ (await idp.getTokens()) };
}

/** @param {import("wasm-oidc").TokenSet} tokens */
async function known({ access_token, refresh_token }) {
  const { AccessToken, RefreshToken } = provider.provider;
  return [await RefreshToken.find(String(refresh_token)), await AccessToken.find(access_token)].map(Boolean);
}

test("a sign-out revokes both tokens at the provider [REV7]", async () => {
  const { idp, tokens } = await signedIn();
  assert.deepEqual(await known(tokens), [true, true]);
  await idp.signOut({ redirect: false });
  assert.deepEqual(await known(tokens), [false, false]);
  idp.dispose();
});

test("a sign-out that is told not to revokes nothing", async () => {
  const { idp, tokens } = await signedIn();
  await idp.signOut({ redirect: false, revoke: false });
  assert.deepEqual(await known(tokens), [true, true]);
  idp.dispose();
});

test("the session's refresh token is revoked when no token is named, and the session ends with its next renewal", async () => {
  const { idp, tokens } = await signedIn();
  assert.equal(await idp.revokeToken(), true);
  assert.equal((await known(tokens))[0], false);
  await assert.rejects(idp.refresh(), { name: "RefreshError", code: "invalid_grant" });
  assert.equal(idp.agent, null);
  idp.dispose();
});

test("a named token is revoked, and one that nobody knows is no error [REV2]", async () => {
  const { idp, tokens } = await signedIn({ clientId: "web", clientSecret: SECRET });
  assert.equal(await idp.revokeToken(tokens.access_token, "access_token"), true);
  assert.equal((await known(tokens))[1], false);
  assert.equal(await idp.revokeToken("nobody-knows-it"), true);
  idp.dispose();
});

test("a provider without the endpoint is false, and what it refuses is an error of its own words [REV3]", async () => {
  const without = await signedIn({ metadata: { revocation_endpoint: null } });
  assert.equal(await without.idp.revokeToken(), false);
  without.idp.dispose();
  const wrong = IdpClient.createSync({ issuer: provider.issuer, clientId: "web", clientSecret: "wrong" });
  await assert.rejects(wrong.revokeToken("x"), { name: "ProviderError", code: "invalid_client", recovery: "fix" });
  wrong.dispose();
});

test("a client that authenticates learns what a token is", async () => {
  const { idp, tokens } = await signedIn({ clientId: "web", clientSecret: SECRET });
  const told = await idp.introspect(tokens.access_token);
  assert.deepEqual([told.active, told.sub, told.client_id], [true, "usr_ada", "web"]);
  assert.deepEqual(await idp.introspect("nobody-knows-it", "access_token"), { active: false });
  idp.dispose();
});

test("a public client may not ask [INT4]", async () => {
  const { idp, tokens } = await signedIn();
  await assert.rejects(idp.introspect(tokens.access_token), { name: "ConfigurationError", code: "missing_option" });
  idp.dispose();
});
