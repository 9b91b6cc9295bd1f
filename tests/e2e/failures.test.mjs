// @ts-check
// What is wrong outside of a sign-in: options, the network, the page's own restrictions.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "wasm-oidc-example";
import { signIn, signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";
import { appIn, assertError, fetchedBy } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("a client", () => {
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

  /** @param {import("playwright-core").Page} page @param {string} [issuer] */
  const appOf = (page, issuer = provider.issuer) => appIn(page, { url: pages.url, issuer });

  for (const { what, options, code, says } of [
    { what: "misspelt", options: { redirectURI: "x" }, code: "unknown_option", says: `"redirectURI"; did you mean "redirectUri"?` },
    { what: "of the wrong type", options: { scopes: 7 }, code: "invalid_option", says: `option "scopes": expected a list of strings` },
    { what: "out of range", options: { timeoutSeconds: 0 }, code: "invalid_option", says: `option "timeoutSeconds": expected whole seconds` },
    { what: "missing", options: { clientId: null }, code: "missing_option", says: `"clientId"` },
    { what: "a secret in a page", options: { clientSecret: "canary" }, code: "secret_in_browser", says: "public client" },
    { what: "an issuer that is not https", options: { issuer: "http://idp.example" }, code: "invalid_option", says: `"issuer"` },
  ]) {
    it(`refuses an option that is ${what}, by name, and sends nothing`, () =>
      inTab(async ({ page }) => {
        const app = appOf(page);
        await app.open();
        provider.requests.length = 0;
        const error = assertError(await app.create(options), "ConfigurationError", code);
        assert.ok(error.message.includes(says), error.message);
        assert.equal(error.recovery, "fix");
        assert.doesNotMatch(error.text, /canary/);
        assert.deepEqual(fetchedBy(pages.url, provider), []);
      }));
  }

  it("can be made while the provider is down, says so when asked to sign in, and signs in when it is back", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/net::ERR_CONNECTION_REFUSED/);
      const { port, issuer } = await goneProvider();
      const example = await start({ issuer, clientId: testClientId, port: 0 });
      await page.goto(example.url);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByTestId("problem").waitFor();
      assert.equal(await page.getByTestId("problem-class").textContent(), "NetworkError");
      assert.match((await page.getByTestId("problem-message").textContent()) ?? "", /could not be reached/);
      assert.equal(await page.getByTestId("problem-advice").textContent(), "This can pass by itself. Try again.");

      const back = await startTestProvider({ port, redirectUris: [`${example.url}/callback`] });
      await page.getByRole("button", { name: "Try again" }).click();
      await signIn(page, "ada");
      await page.getByTestId("signed-in").waitFor();
      await example.close();
      await back.close();
    }));

  it("asks to sign in again when the token request got no answer, since the code may be spent", () =>
    inTab(async ({ page, context, expectErrors }) => {
      expectErrors(/net::ERR_FAILED .*\/token/);
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      await app.start(callback);
      await context.route(`${provider.issuer}/token`, (route) => route.abort());
      const error = assertError(await app.call("handleRedirectCallback"), "NetworkError", "network_failure");
      assert.equal(error.recovery, "reauthenticate");
      await context.unroute(`${provider.issuer}/token`);
      provider.requests.length = 0;
      await app.start(callback);
      assertError(await app.call("handleRedirectCallback"), "CallbackError", "callback_already_handled");
      assert.deepEqual(fetchedBy(pages.url, provider), []);
    }));

  it("keeps at most 16 abandoned sign-ins, the newest", () =>
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

  it("signs in under a strict content security policy with Trusted Types", () =>
    inTab(async ({ page }) => {
      pages.setHeaders({ "content-security-policy": policy("script-src 'self' 'wasm-unsafe-eval'", provider.issuer) });
      try {
        const app = appOf(page);
        await app.start();
        const callback = await app.callback();
        await app.start(callback);
        assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
      } finally {
        pages.setHeaders({});
      }
    }));

  it("says that the wasm could not be loaded where the content security policy forbids it", () =>
    inTab(async ({ page }) => {
      pages.setHeaders({ "content-security-policy": policy("script-src 'self'", provider.issuer) });
      try {
        const app = appOf(page);
        await app.open();
        assertError(await app.create(), "ConfigurationError", "wasm_unavailable");
      } finally {
        pages.setHeaders({});
      }
    }));
});

/** @param {string} scripts @param {string} issuer */
function policy(scripts, issuer) {
  const rest = ["img-src data:", `connect-src 'self' ${issuer}`, "require-trusted-types-for 'script'", "trusted-types 'none'"];
  return ["default-src 'none'", scripts, ...rest].join("; ");
}

/** The address of a provider that is down. */
async function goneProvider() {
  const { issuer, close } = await startTestProvider();
  await close();
  return { issuer, port: Number(new URL(issuer).port) };
}
