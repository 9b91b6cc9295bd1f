// @ts-check
// The callback table: what each kind of URL at the redirect URI comes to, and that only a pending sign-in sends anything.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { refuse, startTestProvider } from "../op/provider.mjs";
import { appIn, assertError, fetchedBy } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

const appState = { cart: ["abacus", 7] };

describe("a callback", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`, `${pages.url}/callback?tab=2`] });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });
  beforeEach(() => forget());

  const forget = () => void (provider.requests.length = 0);
  const fetched = () => fetchedBy(pages.url, provider);
  const tokenRequests = () => fetched().filter((request) => request === "POST /token").length;
  const appOf = (/** @type {import("playwright-core").Page} */ page) => appIn(page, { url: pages.url, issuer: provider.issuer });

  /**
   * An app at its redirect URI with a client that has its metadata, so that whatever is sent now is the callback's doing.
   *
   * @param {import("playwright-core").Page} page @param {string} url
   */
  async function arrive(page, url) {
    const app = appOf(page);
    await app.start(url);
    forget();
    return app;
  }

  /** @param {string} url @param {Record<string, string | null>} changes `null` takes a parameter away */
  function changed(url, changes) {
    const result = new URL(url);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) result.searchParams.delete(name);
      else result.searchParams.set(name, value);
    }
    return result.href;
  }

  it("signs in, hands back what the app gave, and cleans the address bar [B7]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await arrive(page, await app.callback({ appState, returnTo: "/orders?page=2" }));
      const { value } = await app.call("handleRedirectCallback");
      assert.equal(value.agent.id, "usr_ada");
      assert.deepEqual(value.appState, appState);
      assert.equal(value.returnTo, `${pages.url}/orders?page=2`);
      assert.equal(page.url(), `${pages.url}/callback`);
      assert.deepEqual((await app.events()).map(({ type, agent }) => [type, agent]), [["signedin", "usr_ada"]]);
      assert.deepEqual(fetched().sort(), ["GET /jwks", "POST /token"]);
    }));

  it("gives two calls at once the same agent and sends one token request [B6]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await arrive(page, await app.callback());
      const { ids, isOneAgent } = await page.evaluate(() => globalThis.app.callAtOnce(3, "handleRedirectCallback"));
      assert.deepEqual(ids, ["usr_ada", "usr_ada", "usr_ada"]);
      assert.equal(isOneAgent, true);
      assert.equal(tokenRequests(), 1);
      assert.equal((await app.events()).length, 1);
    }));

  it("that comes again after a reload has the same result without a request [B6]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback({ appState });
      await arrive(page, callback);
      await app.call("handleRedirectCallback");
      await arrive(page, callback);
      const { value } = await app.call("handleRedirectCallback");
      assert.equal(value.agent.id, "usr_ada");
      assert.deepEqual(value.appState, appState);
      assert.equal(page.url(), `${pages.url}/callback`);
      assert.deepEqual(fetched(), []);
    }));

  it("that comes again after the sign-out does not bring the session back", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback({ appState });
      await arrive(page, callback);
      await app.call("handleRedirectCallback");
      await app.call("signOut", { redirect: false });
      await arrive(page, callback);
      const error = assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
      assert.equal(error.recovery, "reauthenticate");
      assert.deepEqual(error.appState, appState);
      assert.equal((await app.call("getAgent")).value, null);
      assert.deepEqual(fetched(), []);
    }));

  it("in another tab than its sign-in is not found, and nothing is sent [B2, X10]", () =>
    inTab(async ({ page, context }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      const other = await arrive(await context.newPage(), callback);
      const error = assertError(await other.call("handleRedirectCallback"), "CallbackError", "transaction_not_found");
      assert.equal(error.recovery, "reauthenticate");
      assert.deepEqual(fetched(), []);
      // The code is not spent, so the tab that began still signs in.
      await arrive(page, callback);
      assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
    }));

  it("with our mark and an unknown state is not found, and leaves the address bar [B2]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const ours = changed(await app.callback(), { state: null });
      const [tag] = String((await app.call("createAuthorizationUrl")).value.state).split(".");
      await arrive(page, changed(ours, { state: `${tag}.${"a".repeat(43)}` }));
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "transaction_not_found");
      assert.equal(page.url(), `${pages.url}/callback`);
      assert.deepEqual(fetched(), []);
    }));

  it("with a foreign state is left alone, with a warning [B2, W2]", () =>
    inTab(async ({ page }) => {
      const url = `${pages.url}/callback?code=not-yours&state=somebody-elses`;
      const app = await arrive(page, url);
      assert.deepEqual(await app.call("handleRedirectCallback"), { value: null });
      assert.deepEqual((await app.events()).map(({ type, reason }) => [type, reason]), [["warning", "callback_ignored"]]);
      assert.equal(page.url(), url);
      assert.deepEqual(fetched(), []);
      assert.deepEqual(transactions(await app.stored()), []);
    }));

  it("with a foreign or no state is refused when it names our issuer [B2]", () =>
    inTab(async ({ page }) => {
      const iss = encodeURIComponent(provider.issuer);
      for (const [query, code] of [["state=somebody-elses", "state_mismatch"], ["", "state_missing"]]) {
        const app = await arrive(page, `${pages.url}/callback?code=x&${query}&iss=${iss}`);
        assertError(await app.call("handleRedirectCallback"), "CallbackError", code);
        assert.equal(page.url(), `${pages.url}/callback`);
        assert.deepEqual(fetched(), []);
      }
    }));

  it("of a finished sign-in with another code is refused [B6]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      await arrive(page, callback);
      await app.call("handleRedirectCallback");
      await arrive(page, changed(callback, { code: "another-code" }));
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "state_mismatch");
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      assert.equal(page.url(), `${pages.url}/callback`);
      assert.deepEqual(fetched(), []);
    }));

  const ambiguous = [
    { what: "a parameter twice", extra: "&code=another", code: "duplicate_parameter" },
    { what: "its state twice", extra: "&state=another", code: "duplicate_parameter" },
    { what: "code and error", extra: "&error=access_denied", code: "ambiguous_response" },
    { what: "an access token", extra: "&access_token=x", code: "unexpected_parameter" },
    { what: "an ID token", extra: "&id_token=x", code: "unexpected_parameter" },
  ];
  for (const { what, extra, code } of ambiguous) {
    it(`with ${what} is refused before anything is sent [X12, B10]`, () =>
      inTab(async ({ page }) => {
        const app = appOf(page);
        await app.start();
        await arrive(page, `${await app.callback()}${extra}`);
        assertError(await app.call("handleRedirectCallback"), "CallbackError", code);
        assert.equal(page.url(), `${pages.url}/callback`);
        assert.deepEqual(fetched(), []);
      }));
  }

  for (const { what, iss, code } of [
    { what: "from another issuer", iss: "http://127.0.0.1:1", code: "iss_mismatch" },
    { what: "without the issuer that the provider announced", iss: null, code: "iss_missing" },
  ]) {
    it(`${what} is refused before anything is sent, and its sign-in is used up [I1, I2, X9]`, () =>
      inTab(async ({ page }) => {
        const app = appOf(page);
        await app.start();
        const callback = await app.callback({ appState });
        await arrive(page, changed(callback, { iss }));
        const error = assertError(await app.call("handleRedirectCallback"), "CallbackError", code);
        assert.equal(error.recovery, "stop");
        assert.deepEqual(error.appState, appState);
        await arrive(page, callback);
        assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
        assert.deepEqual(fetched(), []);
      }));
  }

  it("is not looked for at another path: the app's own code and state stay", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const { search } = new URL(await app.callback());
      await arrive(page, `${pages.url}/coupons${search}`);
      assert.deepEqual(await app.call("handleRedirectCallback"), { value: null });
      assert.deepEqual(await app.events(), []);
      assert.equal(page.url(), `${pages.url}/coupons${search}`);
      assert.deepEqual(fetched(), []);
    }));

  it("takes only its own parameters out of the address bar: the app's and the hash stay", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      const redirectUri = `${pages.url}/callback?tab=2`;
      await app.start("/", { redirectUri });
      const { search } = new URL(await app.callback());
      await app.start(`/callback${search}&theme=dark&q=a%20b#/route?code=7`, { redirectUri });
      assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
      assert.equal(page.url(), `${pages.url}/callback?tab=2&theme=dark&q=a%20b#/route?code=7`);
    }));

  it("from a URL that the app hands over works anywhere and leaves the address bar alone", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start("/start?code=1");
      const callback = await app.callback();
      assert.equal((await app.call("handleRedirectCallback", callback)).value.agent.id, "usr_ada");
      assert.equal(page.url(), `${pages.url}/start?code=1`);
    }));

  it("that says the provider failed is a ProviderError, and only a new sign-in tries again", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      const callback = await app.callback({ appState });
      await arrive(page, changed(callback, { code: null, error: "temporarily_unavailable" }));
      const error = assertError(await app.call("handleRedirectCallback"), "ProviderError", "temporarily_unavailable");
      assert.equal(error.recovery, "reauthenticate");
      assert.deepEqual(error.appState, appState);
      assert.deepEqual(fetched(), []);
    }));

  it("after the user pressed Cancel is an AccessDeniedError with the app's state, and sends nothing", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await page.goto(await app.begin({ appState }));
      await refuse(page);
      await page.waitForURL(`${pages.url}/callback?**`);
      await arrive(page, page.url());
      const error = assertError(await app.call("handleRedirectCallback"), "AccessDeniedError", "access_denied");
      assert.equal(error.recovery, "reauthenticate");
      assert.deepEqual(error.appState, appState);
      assert.equal(page.url(), `${pages.url}/callback`);
      assert.deepEqual(fetched(), []);
    }));
});

/** @param {[string, string][]} stored */
function transactions(stored) {
  return stored.filter(([name]) => name.startsWith("wasm-oidc:transaction:"));
}
