// @ts-check
// The authorization response as a form that the provider's page posts here (OAuth 2.0 Form Post Response Mode).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { Browser, CLIENT, NAVIGATION, ORIGIN, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

const CROSSING = { ...NAVIGATION, "sec-fetch-site": "cross-site" };

/** The form that the provider's page would post. @param {Browser} browser */
async function form(browser) {
  const login = await browser.go("/auth/login?returnTo=/in");
  let url = new URL(login.headers.get("location") ?? "");
  assert.equal(url.searchParams.get("response_mode"), "form_post");
  // The code is the same however it is carried.
  url.searchParams.delete("response_mode");
  const { signInWithoutBrowser } = await import("../op/provider.mjs");
  url = new URL(await signInWithoutBrowser(url.href, "ada"));
  return url.searchParams;
}

test("a posted response signs in, by a transaction cookie that crosses sites and a session that does not", async () => {
  const browser = new Browser(makeHandler(provider, { client: { responseMode: "form_post" } }));
  const body = await form(browser);
  const response = await browser.send("/auth/callback", { method: "POST", body, headers: CROSSING });
  assert.deepEqual([response.status, response.headers.get("location")], [303, `${ORIGIN}/in`]);
  assert.deepEqual(browser.set.map((line) => [line.split(/[.=]/)[0], /SameSite=(\w+)/.exec(line)?.[1], line.includes("; Secure")]), [
    ["__Secure-wasm-oidc-sign-in", "None", true], ["__Host-wasm-oidc-began", "None", true], ["__Secure-wasm-oidc-sign-in", "None", true], ["__Host-wasm-oidc", "Lax", true],
  ]);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("another method, another type of body, one that is too long: no response", async () => {
  const browser = new Browser(makeHandler(provider, { client: { responseMode: "form_post" } }));
  const body = await form(browser);
  const before = provider.requests.filter(({ path }) => path === "/token").length;
  const get = await browser.go(`/auth/callback?${body}`);
  assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  for (const [type, content] of [
    ["application/json", JSON.stringify(Object.fromEntries(body))], ["text/plain", String(body)], ["multipart/form-data; boundary=x", String(body)],
    ["application/x-www-form-urlencoded", `${body}&x=${"x".repeat(70_000)}`], ["application/x-www-form-urlencoded", ""], ["application/x-www-form-urlencoded", "\u0000=%"],
  ]) {
    const response = await browser.send("/auth/callback", { method: "POST", body: content, headers: { ...CROSSING, "content-type": type } });
    assert.equal(response.status, 400, type);
  }
  const inQuery = await browser.send(`/auth/callback?${body}`, { method: "POST", body: "", headers: { ...CROSSING, "content-type": "application/x-www-form-urlencoded" } });
  assert.equal(inQuery.status, 400);
  assert.equal(provider.requests.filter(({ path }) => path === "/token").length, before);
  assert.deepEqual(browser.session, []);
});

test("a form for which a page or a program without a server asks is a mistake that is named", async () => {
  const options = { issuer: provider.issuer, ...CLIENT, redirectUri: `${ORIGIN}/auth/callback` };
  const query = IdpClient.createSync(options);
  await assert.rejects(query.createAuthorizationRequest(/** @type {any} */ ({ responseMode: "form_post" })), { code: "invalid_option", message: /"query" or "fragment"/ });
  const posted = IdpClient.createSync({ ...options, responseMode: "form_post" });
  assert.equal(new URL((await posted.createAuthorizationRequest()).url).searchParams.get("response_mode"), "form_post");
  assert.throws(() => IdpClient.createSync(/** @type {any} */ ({ ...options, responseMode: "query.jwt" })), { code: "invalid_option", message: /"form_post"/ });
});
