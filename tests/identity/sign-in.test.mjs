// @ts-check
// Somebody other than the expected person signs in at the real provider, in Node as a process of one person and by hand.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { inspect } from "node:util";

import { IdpClient, IdentityMismatchError, SubjectMismatchError } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;

before(async () => {
  // An ID token without the claims of the scopes, as the standard has it: they are at the userinfo endpoint.
  const strict = { client_id: "strict", redirect_uris: [REDIRECT_URI] };
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], clients: [strict] });
});
after(() => provider?.close());
beforeEach(() => {
  provider.requests.length = 0;
});

/** @param {object} [more] options of the client */
async function clientOf(more) {
  let sentTo = "";
  const idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid email offline_access",
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
    ...more,
  });
  /** @type {any[]} */
  const events = [];
  for (const type of /** @type {const} */ (["signedin", "signedout", "refreshfailed", "expired", "warning"])) {
    idp.on(type, ({ detail }) => events.push({ type, ...detail }));
  }
  return {
    idp,
    events,
    /** @param {import("../op/provider.mjs").Login} login @param {import("wasm-oidc").SignInOptions} [options] */
    async signIn(login, options) {
      await idp.signInRedirect(options);
      const callback = await signInWithoutBrowser(sentTo, login);
      return { callback, result: await idp.handleRedirectCallback(callback).catch((error) => error) };
    },
  };
}

const asked = (/** @type {string} */ name) => provider.requests.filter(({ path }) => path === name).length;

/** Until the provider was told to revoke both tokens. */
async function revoked() {
  for (let waited = 0; asked("/token/revocation") < 2; waited += 1) {
    assert.ok(waited < 100, `the tokens were not revoked: ${asked("/token/revocation")} requests`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("nothing is stored, the tokens are revoked, and the response is used up", async () => {
  const { idp, events, signIn } = await clientOf();
  const options = { loginHint: "ada@example.com", enforceLoginHint: true, appState: { tab: 3 } };
  const { callback, result: error } = await signIn("ben", options);
  assert.ok(error instanceof IdentityMismatchError, String(error));
  assert.deepEqual([error.code, error.recovery, error.appState], ["identity_mismatch", "reauthenticate", { tab: 3 }]);
  assert.deepEqual([error.expected, error.actual], ["ada@example.com", "ben@example.com"]);
  assert.deepEqual([idp.agent, await idp.getAgent(), await idp.getTokens()], [null, null, null]);
  await revoked();
  await assert.rejects(idp.handleRedirectCallback(callback), { code: "callback_already_handled" });
  assert.deepEqual([asked("/token"), events], [1, []]);
  idp.dispose();
});

test("neither a log of the error nor an event says who it was", async () => {
  const { idp, events, signIn } = await clientOf();
  for (const expect of [{ email: "ada@example.com" }, { sub: "usr_ada" }, { claims: { email: "ada@example.com" } }]) {
    const { result: error } = await signIn("ben", { expect });
    assert.ok(error instanceof IdentityMismatchError);
    assert.ok(error.expected?.includes("ada") && error.actual?.includes("ben"));
    const shown = [error.message, String(error), error.stack, inspect(error), JSON.stringify(error), JSON.stringify({ ...error })];
    for (const text of [...shown, JSON.stringify(events)]) assert.ok(!/ada|ben@|usr_/.test(String(text)), text);
  }
  idp.dispose();
});

test("an earlier session stays as it was", async () => {
  const { idp, signIn, events } = await clientOf();
  await signIn("ada");
  const agent = idp.agent;
  const tokens = await idp.getTokens();
  events.length = 0;
  const { result: error } = await signIn("ben", { expect: { email: "ada@example.com" } });
  assert.equal(error.code, "identity_mismatch");
  assert.equal(idp.agent, agent);
  assert.deepEqual([await idp.getTokens(), events], [tokens, []]);
  await revoked();
  // Its own refresh token was not the one that was revoked.
  assert.equal((await idp.refresh()).id, "usr_ada");
  idp.dispose();
});

test("who is expected signs in, whatever the case of the address", async () => {
  const { idp, signIn } = await clientOf();
  const { result } = await signIn("ada", { expect: { email: "Ada@EXAMPLE.com", sub: "usr_ada", claims: { email_verified: true } } });
  assert.equal(result.agent.id, "usr_ada");
  assert.equal(asked("/token/revocation"), 0);
  idp.dispose();
});

test("the address comes from userinfo where the ID token does not tell it", async () => {
  const { idp, signIn } = await clientOf({ scopes: "openid", fetch: withAddressAtUserInfo("usr_ada", "ada@example.com") });
  const { result } = await signIn("ada", { expect: { email: "ada@example.com" } });
  assert.equal(result.agent?.id, "usr_ada", String(result));
  const { result: error } = await signIn("ada", { expect: { email: "ben@example.com" } });
  assert.equal(error.code, "identity_mismatch");
  idp.dispose();
  const other = await clientOf({ scopes: "openid", fetch: withAddressAtUserInfo("usr_ben", "ada@example.com") });
  const { result: swapped } = await other.signIn("ada", { expect: { email: "ada@example.com" } });
  assert.ok(swapped instanceof SubjectMismatchError, String(swapped));
  assert.equal(other.idp.agent, null);
  other.idp.dispose();
});

test("a provider that tells no address is an error of its own", async () => {
  const { idp, signIn } = await clientOf({ scopes: "openid" });
  const { result: error } = await signIn("ada", { expect: { email: "ada@example.com" } });
  assert.deepEqual([error.name, error.code, error.recovery, error.actual], ["IdentityMismatchError", "email_missing", "fix", undefined]);
  assert.equal(idp.agent, null);
  idp.dispose();
});

test("an exchange by hand checks what createAuthorizationUrl returned", async () => {
  const idp = await IdpClient.create({ issuer: provider.issuer, clientId: testClientId, redirectUri: REDIRECT_URI });
  const request = idp.createAuthorizationUrl({ expect: { email: "ada@example.com" } });
  assert.deepEqual(request.expect, { email: "ada@example.com" });
  const callback = await signInWithoutBrowser(request.url, "ben");
  await assert.rejects(idp.exchangeCode(callback, request), { name: "IdentityMismatchError", code: "identity_mismatch" });
  await revoked();
  const again = await idp.createAuthorizationRequest({ expect: { email: "ada@example.com" } });
  assert.equal((await idp.exchangeCode(await signInWithoutBrowser(again.url, "ada"), again)).id, "usr_ada");
  const bare = idp.createAuthorizationUrl();
  assert.equal("expect" in bare, false);
  const code = String(new URL(await signInWithoutBrowser(bare.url, "ben")).searchParams.get("code"));
  const { codeVerifier, nonce } = bare;
  const auth = /** @type {const} */ ({ codeVerifier, nonce, stateCheckedByCaller: true, expect: { sub: "usr_ada" } });
  await assert.rejects(idp.exchangeCode(code, auth), { name: "IdentityMismatchError" });
  idp.dispose();
});

test("only who is signed in may sign in again where the app says so", async () => {
  const { idp, signIn } = await clientOf();
  await assert.rejects(idp.signInRedirect({ sameSubject: true }), { name: "LoginRequiredError", code: "signed_out" });
  await signIn("ada");
  const agent = idp.agent;
  const { result: error } = await signIn("ben", { sameSubject: true });
  assert.ok(error instanceof SubjectMismatchError, String(error));
  assert.deepEqual([error.expectedSub, error.actualSub], ["usr_ada", "usr_ben"]);
  assert.equal(idp.agent, agent);
  await revoked();
  assert.equal((await signIn("ada", { sameSubject: true })).result.agent.id, "usr_ada");
  // Without it, whoever signs in is the session.
  assert.equal((await signIn("ben")).result.agent.id, "usr_ben");
  idp.dispose();
});

/** Userinfo that tells an address, of this subject. @param {string} sub @param {string} email @returns {typeof fetch} */
function withAddressAtUserInfo(sub, email) {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return url.endsWith("/me") ? Response.json({ sub, email, email_verified: true }) : fetch(input, init);
  };
}
