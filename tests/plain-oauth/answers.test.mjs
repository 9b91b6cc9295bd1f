// @ts-check
// Answers of a plain OAuth 2.0 provider that are no tokens: each a typed error, after which nobody is signed in.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { IdpClient, isOAuthError } from "wasm-oidc";

import { octocat, startGitHubLike } from "../op/github-like.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const TOKEN = "/login/oauth/access_token";
const FORM = "application/x-www-form-urlencoded; charset=utf-8";

/** @type {Awaited<ReturnType<typeof startGitHubLike>>} */
let provider;
/** @type {IdpClient} */
let idp;
let sentTo = "";

before(async () => {
  provider = await startGitHubLike();
  idp = await IdpClient.create({
    type: "oauth2",
    clientId: "cli",
    clientSecret: "secret of cli",
    metadata: provider.metadata(),
    redirectUri: REDIRECT_URI,
    scopes: "repo",
    identity: { id: "id" },
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
  });
});
after(async () => {
  idp?.dispose();
  await provider?.close();
});
beforeEach(() => {
  provider.user = octocat;
  provider.instead = {};
});

/** Signs in and gives what it rejects with. @param {(callback: string) => string} [change] */
async function refused(change = (callback) => callback) {
  await idp.signInRedirect({ appState: "kept" });
  const callback = change(await provider.authorize(sentTo));
  const error = await idp.handleRedirectCallback(callback).then(() => assert.fail("somebody is signed in"), (error) => error);
  assert.ok(isOAuthError(error), String(error));
  assert.deepEqual([idp.agent, error.appState], [null, "kept"]);
  // The code is spent: what can pass is tried by a new sign-in.
  assert.notEqual(error.recovery, "retry");
  return error;
}

test("a code that the provider does not know is refused with status 200, in its own words", async () => {
  for (const writes of /** @type {const} */ (["form", "json"])) {
    provider.writes = writes;
    const error = await refused((callback) => callback.replace(/code=[^&]+/, "code=made-up"));
    assert.deepEqual([error.name, error.code, error.status], ["TokenExchangeError", "invalid_grant", 200]);
    assert.deepEqual([error.error, error.errorDescription], ["bad_verification_code", "The code passed is incorrect or expired."]);
  }
});

test("a wrong client secret is refused with status 200", async () => {
  const other = await IdpClient.create({
    type: "oauth2", clientId: "cli", clientSecret: "wrong", metadata: provider.metadata(), redirectUri: REDIRECT_URI,
  });
  const request = other.createAuthorizationUrl();
  assert.equal(request.nonce, undefined);
  const exchange = other.exchangeCode(await provider.authorize(request.url), request);
  await assert.rejects(exchange, { name: "TokenExchangeError", code: "invalid_client", error: "incorrect_client_credentials" });
  other.dispose();
});

test("what is no token response is refused, with or without status 200", async () => {
  for (const [planned, code] of /** @type {[import("../op/github-like.mjs").Planned, string][]} */ ([
    [{ type: "text/html; charset=utf-8", body: "<!doctype html><title>Sign in</title>" }, "invalid_response"],
    [{ type: "text/plain; charset=utf-8", body: "access_token=gho_1&token_type=bearer" }, "invalid_response"],
    [{ type: "application/json", body: "access_token=gho_1&token_type=bearer" }, "invalid_response"],
    [{ type: FORM, body: '{"access_token":"gho_1","token_type":"bearer"}' }, "invalid_response"],
    [{ type: FORM, body: "" }, "invalid_response"],
    [{ type: FORM, body: "access_token=gho_1" }, "invalid_response"],
    [{ type: FORM, body: "access_token=&token_type=bearer" }, "invalid_response"],
    [{ type: FORM, body: "access_token=gho_1&access_token=gho_2&token_type=bearer" }, "invalid_response"],
    [{ type: FORM, body: "access_token=gho_1&token_type=mac" }, "token_type_mismatch"],
    [{ type: FORM, status: 201, body: "access_token=gho_1&token_type=bearer" }, "invalid_response"],
    [{ type: FORM, status: 404, body: "error=Not+Found" }, "provider_refused"],
    [{ type: "text/html", status: 502, body: "<h1>Bad Gateway</h1>" }, "server_error"],
  ])) {
    provider.instead[TOKEN] = [planned];
    const error = await refused();
    assert.equal(error.code, code, JSON.stringify(planned));
    assert.ok(!error.message.includes("gho_"), error.message);
  }
});

test("a userinfo endpoint that says of nobody who it is ends the sign-in", async () => {
  for (const [planned, name, code] of /** @type {[import("../op/github-like.mjs").Planned, string, string][]} */ ([
    [{ body: '{"login":"octocat"}' }, "TokenVerificationError", "missing_claim"],
    [{ body: '{"id":null}' }, "TokenVerificationError", "missing_claim"],
    [{ body: '{"id":1.5}' }, "TokenVerificationError", "invalid_claim"],
    [{ body: '{"id":{}}' }, "TokenVerificationError", "invalid_claim"],
    [{ body: '{"id":1,"id":2}' }, "ProviderError", "invalid_response"],
    [{ type: "text/html", body: "<h1>Hello</h1>" }, "ProviderError", "invalid_response"],
    [{ status: 401, body: '{"message":"Bad credentials"}' }, "ProviderError", "invalid_token"],
    [{ status: 403, body: '{"message":"API rate limit exceeded"}' }, "ProviderError", "invalid_response"],
    [{ status: 503, body: "{}" }, "ProviderError", "temporarily_unavailable"],
  ])) {
    provider.instead["/user"] = [planned];
    const error = await refused();
    assert.deepEqual([error.name, error.code], [name, code], JSON.stringify(planned));
  }
});

test("the option identity is for such providers only, and has to say what tells people apart", async () => {
  const oauth2 = { type: /** @type {const} */ ("oauth2"), clientId: "cli", metadata: provider.metadata() };
  for (const options of [
    { ...oauth2, identity: {} },
    { ...oauth2, identity: { email: "email" } },
    { ...oauth2, identity: { id: "" } },
    { ...oauth2, identity: { id: ["data", 1] } },
    { ...oauth2, identity: { id: "id", sub: "id" } },
    { ...oauth2, identity: "github" },
    { issuer: "https://idp.example.com", clientId: "cli", identity: { id: "id" } },
  ]) {
    const made = IdpClient.create(/** @type {any} */ (options));
    await assert.rejects(made, { name: "ConfigurationError", code: "invalid_option", message: /"identity"/ });
  }
});
