// Codes that were stolen or made up, and callbacks that nobody should have made: in Node, by hand, against the real provider.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient, isOAuthError } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";
import { REDIRECT_URI, makeClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {IdpClient} */
let idp;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
  const { issuer } = provider;
  idp = await IdpClient.create({ issuer, clientId: "test-spa", redirectUri: REDIRECT_URI, scopes: "openid email" });
});
after(async () => {
  idp?.dispose();
  await provider?.close();
});

const tokenRequests = () => provider.requests.filter(({ method, path }) => method === "POST" && path === "/token").length;

test("a stolen code in the callback of another sign-in is refused by the provider: the verifier is another one [X13]", async () => {
  const [victim, attacker] = [idp.createAuthorizationUrl(), idp.createAuthorizationUrl()];
  const stolen = new URL(await signInWithoutBrowser(victim.url, "ada"));
  const before = tokenRequests();
  const injected = { code: String(stolen.searchParams.get("code")), state: attacker.state, iss: provider.issuer };
  await assert.rejects(idp.exchangeCode(injected, attacker), { name: "TokenExchangeError", code: "invalid_grant" });
  assert.equal(tokenRequests() - before, 1);
});

test("a stolen code with its own state is no answer to another sign-in, and is not sent [X13, B2]", async () => {
  const [victim, attacker] = [idp.createAuthorizationUrl(), idp.createAuthorizationUrl()];
  const stolen = await signInWithoutBrowser(victim.url, "ada");
  const before = tokenRequests();
  await assert.rejects(idp.exchangeCode(stolen, attacker), { name: "CallbackError", code: "state_mismatch" });
  assert.equal(tokenRequests() - before, 0);
});

test("tokens of a sign-in with another nonce are refused, whoever had the verifier [B9, C11, X13]", async () => {
  const request = idp.createAuthorizationUrl();
  const callback = await signInWithoutBrowser(request.url, "ada");
  const other = { ...request, nonce: idp.createAuthorizationUrl().nonce };
  await assert.rejects(idp.exchangeCode(callback, other), { name: "TokenVerificationError", code: "nonce_mismatch" });
});

test("the provider of these tests refuses a request whose challenge was taken out, and a code without its verifier [X14]", async () => {
  const request = idp.createAuthorizationUrl();
  const stripped = new URL(request.url);
  stripped.searchParams.delete("code_challenge");
  stripped.searchParams.delete("code_challenge_method");
  const answer = new URL(await signInWithoutBrowser(stripped.href, "ada"));
  assert.equal(answer.searchParams.get("error"), "invalid_request");
  await assert.rejects(idp.exchangeCode(answer, request), { code: "invalid_request" });
  const whole = new URL(await signInWithoutBrowser(request.url, "ada"));
  const form = { grant_type: "authorization_code", client_id: "test-spa", redirect_uri: REDIRECT_URI, code: String(whole.searchParams.get("code")) };
  const refused = await fetch(`${provider.issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
  assert.deepEqual([refused.status, (await refused.json()).error], [400, "invalid_grant"]);
});

/** What an app could be handed as its callback. */
const MALFORMED = [
  "", " ", "?", "#", "&", "=", "%", "%%%", "\u0000", "\ud800", "javascript:alert(1)", "data:text/html,x", "//", "https://",
  "http://[::1", `${REDIRECT_URI}?`, `${REDIRECT_URI}?code`, `${REDIRECT_URI}?code=&state=`, `${REDIRECT_URI}?code=%`,
  `${REDIRECT_URI}?code=x&state=%FF%FE`, `${REDIRECT_URI}?%63ode=x&st%61te=y`, `${REDIRECT_URI}?code[__proto__]=x&state=y`,
  `${REDIRECT_URI}?__proto__=x&constructor=y&code=z`, `${REDIRECT_URI}?error=${"%0d%0a".repeat(500)}`,
  `${REDIRECT_URI}?code=x&state=${"y".repeat(70_000)}`, `${REDIRECT_URI}?${"code=x&".repeat(5000)}`, `${"a".repeat(70_000)}`,
];

test("whatever stands in a callback is null or a typed error, and the client goes on [X18, O7]", async () => {
  const before = tokenRequests();
  const { idp: single, signIn } = await makeClient(provider);
  await single.signInRedirect();
  const request = idp.createAuthorizationUrl();
  for (const url of MALFORMED) {
    const called = { handle: () => single.handleRedirectCallback(url), logout: () => single.handleLogoutCallback(url) };
    for (const [name, call] of Object.entries({ ...called, exchange: () => idp.exchangeCode(url, request) })) {
      const told = await call().catch((error) => error);
      const isTyped = isOAuthError(told) && told.name !== "PanicError";
      assert.ok(told === null || isTyped, `${name} ${url.slice(0, 80)}: ${told}`);
    }
  }
  for (const odd of [null, 7, {}, [], { code: 7 }, { code: "x", state: {} }, Symbol.iterator, () => {}]) {
    const told = await idp.exchangeCode(/** @type {any} */ (odd), request).catch((error) => error);
    assert.ok(told instanceof Error && told.name !== "PanicError", String(told));
  }
  assert.equal(tokenRequests(), before);
  await signIn();
  assert.equal(single.agent?.id, "usr_ada");
  single.dispose();
});
