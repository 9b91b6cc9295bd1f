// @ts-check
// A sign-in under way: it is redeemed once, whatever happens to the page in between, and abandoned ones do not pile up.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";
import { appIn, assertError, fetchedBy } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("a sign-in", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });
  beforeEach(() => forget());

  const forget = () => void (provider.requests.length = 0);
  const fetched = () => fetchedBy(pages.url, provider);
  const appOf = (/** @type {import("playwright-core").Page} */ page) => appIn(page, { url: pages.url, issuer: provider.issuer });
  const tokenEndpoint = () => `${provider.issuer}/token`;

  /** Token requests that are never answered. @param {import("playwright-core").BrowserContext} context */
  function held(context) {
    let count = 0;
    const first = new Promise((resolve) => {
      void context.route(tokenEndpoint(), () => {
        count += 1;
        resolve(undefined);
      });
    });
    return { first, count: () => count };
  }

  /** @param {import("playwright-core").Page} page @param {string} url */
  async function arrive(page, url) {
    const app = appOf(page);
    await app.start(url);
    forget();
    return app;
  }

  it("that takes more than ten minutes is too late", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await arrive(page, await app.callback());
      await page.clock.setFixedTime(Date.now() + 11 * 60 * 1000);
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "transaction_expired");
      assert.deepEqual(fetched(), []);
    }));

  it("that was begun beside another in one tab ends by itself, and the one that ends last is the session", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const first = await app.begin({ appState: "first" });
      const second = await app.begin({ appState: "second" });
      await arrive(page, await signInWithoutBrowser(second, "ben"));
      const ben = await app.call("handleRedirectCallback");
      assert.deepEqual([ben.value.agent.id, ben.value.appState], ["usr_ben", "second"]);
      await arrive(page, await signInWithoutBrowser(first, "ada"));
      const ada = await app.call("handleRedirectCallback");
      assert.deepEqual([ada.value.agent.id, ada.value.appState], ["usr_ada", "first"]);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
    }));

  it("whose page is reloaded while the token request is under way never sends its code again [B6]", () =>
    inTab(async ({ page, context }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback({ appState: "kept" });
      await app.start(callback);
      const unanswered = held(context);
      const interrupted = app.call("handleRedirectCallback").catch(() => "the page is gone");
      await unanswered.first;
      await arrive(page, callback);
      assert.equal(await interrupted, "the page is gone");
      const error = assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
      assert.equal(error.appState, "kept");
      assert.equal(unanswered.count(), 1);
      assert.deepEqual(fetched(), []);
    }));

  it("whose token request gets no answer has to be begun again, since the code may be spent [B6]", () =>
    inTab(async ({ page, context, expectErrors }) => {
      expectErrors(/net::ERR_FAILED .*\/token/);
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      await app.start(callback);
      await context.route(tokenEndpoint(), (route) => route.abort());
      const error = assertError(await app.call("handleRedirectCallback"), "NetworkError", "network_failure");
      assert.equal(error.recovery, "reauthenticate");
      await context.unroute(tokenEndpoint());
      await arrive(page, callback);
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
      assert.deepEqual(fetched(), []);
    }));

  it("ends in a TimeoutError when the token endpoint takes longer than the time limit", () =>
    inTab(async ({ page, context }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      await app.start(callback, { timeoutSeconds: 1 });
      const unanswered = held(context);
      const error = assertError(await app.call("handleRedirectCallback"), "TimeoutError", "timeout");
      assert.equal(error.recovery, "reauthenticate");
      assert.equal(unanswered.count(), 1);
    }));

  it("that fails leaves the session that was there before", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/status of 400 .*\/token/);
      const app = appOf(page);
      await app.start();
      await app.call("handleRedirectCallback", await app.callback());
      const spoilt = new URL(await app.callback({}, "ben"));
      spoilt.searchParams.set("code", "made-up");
      const error = assertError(await app.call("handleRedirectCallback", spoilt.href), "TokenExchangeError", "invalid_grant");
      assert.equal(error.recovery, "reauthenticate");
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      await app.start();
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
    }));

  it("that is over is not mistaken for the session of somebody who signed in after it", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const adas = await app.callback();
      await app.call("handleRedirectCallback", adas);
      await app.call("handleRedirectCallback", await app.callback({}, "ben"));
      await arrive(page, adas);
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
      assert.equal((await app.call("getAgent")).value.id, "usr_ben");
      assert.deepEqual(fetched(), []);
    }));

  it("that is abandoned does not pile up: at most 16 are kept, the newest", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const urls = [];
      for (let count = 0; count < 20; count += 1) urls.push(await app.begin());
      const kept = (await app.stored()).filter(([name]) => name.startsWith("wasm-oidc:transaction:"));
      assert.equal(kept.length, 16);
      const newest = await signInWithoutBrowser(/** @type {string} */ (urls.at(-1)), "ada");
      assert.equal((await app.call("handleRedirectCallback", newest)).value.agent.id, "usr_ada");
    }));
});
