// @ts-check
// Signing in again on a server: a session id of its own for each time, and the session before is over.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { signInWithoutBrowser } from "../op/provider.mjs";
import { Browser, ORIGIN, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

test("every sign-in and every step-up has a session id of its own, and the one before is over", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store });
  const browser = new Browser(handler);
  await browser.signIn();
  const first = browser.cookiesFor("/");
  const ids = async () => (await store.list("wasm-oidc:kept-")).sort();
  const [before] = await ids();
  const stepUp = await handler.signIn(browser.request("/danger"), { prompt: "login", maxAge: 0, sameSubject: true, returnTo: "/danger" });
  browser.keep(stepUp.headers.getSetCookie());
  const callback = new URL(await signInWithoutBrowser(stepUp.headers.get("location") ?? "", "ada"));
  assert.equal((await browser.go(`${callback.pathname}${callback.search}`)).headers.get("location"), `${ORIGIN}/danger`);
  const now = await ids();
  assert.equal(now.length, 1);
  assert.notEqual(now[0], before);
  assert.equal(await handler.getSession(browser.request("/", { headers: { cookie: first } })), null, "the old cookie");
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("the session before ends also where its cookie did not come along to the callback", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store, sameSite: "strict" });
  const browser = new Browser(handler);
  await browser.signIn();
  const callback = new URL(await browser.atProvider());
  const kept = browser.session;
  for (const [name] of kept) browser.jar.delete(name);
  await browser.go(`${callback.pathname}${callback.search}`);
  assert.equal((await store.list("wasm-oidc:kept-")).length, 1);
});

test("a step-up by somebody else changes nothing", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn("/auth/login", "ada");
  const stepUp = await handler.signIn(browser.request("/"), { sameSubject: true });
  browser.keep(stepUp.headers.getSetCookie());
  const callback = new URL(await signInWithoutBrowser(stepUp.headers.get("location") ?? "", "ben"));
  const response = await browser.go(`${callback.pathname}${callback.search}`);
  assert.match(await response.text(), /identity_mismatch|subject_mismatch/);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});
