// @ts-check
// The example's provider and API: what the end-to-end tests take for granted of them.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startApi } from "wasm-oidc-example/api";
import { codeFlow, post } from "./code-flow.mjs";
import { startTestProvider, testClientId } from "./provider.mjs";

const page = "http://127.0.0.1:1";
const redirectUri = `${page}/callback`;

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startApi>>} */
let api;

before(async () => {
  provider = await startTestProvider({ redirectUris: [redirectUri] });
  api = await startApi({ issuer: provider.issuer, origins: [page] });
});
after(async () => {
  await api?.close();
  await provider?.close();
});

describe("the demo provider", () => {
  it("gives the next refresh token with each refresh, and ends the family when an old one comes again", async () => {
    const { refresh_token: first } = await tokens("ada");
    const second = await refresh(first);
    assert.equal(second.status, 200);
    const { refresh_token: next } = await second.json();
    assert.notEqual(next, first);
    assert.equal((await refresh(first)).status, 400);
    assert.equal((await refresh(next)).status, 400);
  });

  it("refuses an authorization request without PKCE", async () => {
    const request = new URLSearchParams({ client_id: testClientId, response_type: "code", redirect_uri: redirectUri, scope: "openid" });
    const answer = await fetch(`${provider.issuer}/auth?${request}`, { redirect: "manual" });
    const location = new URL(answer.headers.get("location") ?? "");
    assert.equal(location.searchParams.get("error"), "invalid_request");
    assert.match(location.searchParams.get("error_description") ?? "", /PKCE/);
  });

  it("counts requests by path, grant type and the page that sent them", async () => {
    provider.requests.length = 0;
    await fetch(`${provider.issuer}/jwks?x=1`, { headers: { origin: page } });
    await refresh("unknown");
    const seen = provider.requests.map(({ at, ...request }) => request);
    assert.deepEqual(seen, [
      { method: "GET", path: "/jwks", search: "?x=1", status: 200, origin: page },
      { method: "POST", path: "/token", search: "", status: 400, grantType: "refresh_token" },
    ]);
  });

  it("lets only the pages of a client use its token endpoint", async () => {
    const form = new URLSearchParams({ client_id: testClientId, grant_type: "refresh_token", refresh_token: "x" });
    const from = (/** @type {string} */ origin) =>
      fetch(`${provider.issuer}/token`, { method: "POST", body: form, headers: { origin } });
    assert.equal((await from(page)).headers.get("access-control-allow-origin"), page);
    assert.equal((await from("http://127.0.0.1:2")).headers.get("access-control-allow-origin"), null);
  });

  it("refuses to register a client whose metadata is wrong", async () => {
    await assert.rejects(provider.addClient({ client_id: "odd", redirect_uris: ["not a url"] }), { error: "invalid_redirect_uri" });
    assert.equal(await provider.provider.Client.find("odd"), undefined);
  });
});

describe("the demo API", () => {
  it("answers 401 without a token and with one that the provider does not know", async () => {
    const bare = await call();
    assert.equal(bare.status, 401);
    assert.equal(bare.headers.get("www-authenticate"), "Bearer");
    const unknown = await call("made-up");
    assert.equal(unknown.status, 401);
    assert.match(unknown.headers.get("www-authenticate") ?? "", /invalid_token/);
  });

  it("shows only the tasks of organizations in which the caller may read them", async () => {
    const answer = await call((await tokens("ada")).access_token);
    assert.equal(answer.status, 200);
    const organizations = new Set((await answer.json()).tasks.map((/** @type {any} */ task) => task.organization));
    assert.deepEqual([...organizations], ["org_engines"]);
  });

  it("lets nobody write who may only read", async () => {
    const body = JSON.stringify({ title: "Fly a kite" });
    const ben = (await tokens("ben")).access_token;
    assert.equal((await call(ben)).status, 200);
    const refused = await call(ben, { method: "POST", body });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get("www-authenticate") ?? "", /insufficient_scope/);
    const ada = (await tokens("ada")).access_token;
    assert.equal((await call(ada, { method: "POST", body })).status, 201);
  });

  it("reads a signed token that was issued for it, and refuses one for another API", async () => {
    const own = (await tokens("ada", { resource: api.url })).access_token;
    assert.equal(own.split(".").length, 3);
    assert.equal((await call(own)).status, 200);
    const other = (await tokens("ada", { resource: "http://127.0.0.1:3" })).access_token;
    assert.equal((await call(other)).status, 401);
    const [header, payload, signature] = own.split(".");
    const forged = [header, payload, signature.split("").reverse().join("")].join(".");
    assert.equal((await call(forged)).status, 401);
  });

  it("lets the app's page read its answers, and no other", async () => {
    const from = (/** @type {string} */ origin) => fetch(`${api.url}/api/tasks`, { headers: { origin } });
    assert.equal((await from(page)).headers.get("access-control-allow-origin"), page);
    assert.equal((await from("http://127.0.0.1:2")).headers.get("access-control-allow-origin"), null);
  });

  it("blames the provider, not the token, when the provider cannot be asked", async () => {
    const orphan = await startApi({ issuer: "http://127.0.0.1:1", origins: [page] });
    const answer = await fetch(`${orphan.url}/api/tasks`, { headers: { authorization: "Bearer some-token" } });
    assert.equal(answer.status, 503);
    await orphan.close();
  });
});

/** @param {import("./provider.mjs").Login} login @param {Record<string, string>} [extra] */
async function tokens(login, extra) {
  const { issuer } = provider;
  const { answer } = await codeFlow({ authorize: `${issuer}/auth`, token: `${issuer}/token`, redirectUri, login, extra });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** @param {string} refreshToken */
function refresh(refreshToken) {
  return post(`${provider.issuer}/token`, { client_id: testClientId, grant_type: "refresh_token", refresh_token: refreshToken });
}

/** @param {string} [token] @param {RequestInit} [init] */
function call(token, init) {
  return fetch(`${api.url}/api/tasks`, { ...init, headers: token ? { authorization: `Bearer ${token}` } : {} });
}
