// @ts-check
// What is wrong outside of a sign-in: options, the network, the page's own restrictions.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "wasm-oidc-example";
import { signIn, startTestProvider, testClientId } from "../op/provider.mjs";
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

  it("is made within seconds while the provider does not answer, and says what a sign-in has to wait for", () =>
    inTab(async ({ page, context }) => {
      const app = appOf(page);
      await app.open();
      await context.route(`${provider.issuer}/.well-known/**`, () => {});
      const begun = Date.now();
      assert.equal((await app.create({ collectUrls: true, timeoutSeconds: 5 })).error, undefined);
      assert.ok(Date.now() - begun < 4500, "create waits for 3 s");
      assertError(await app.call("createAuthorizationUrl"), "DiscoveryError", "not_discovered");
      const error = assertError(await app.call("signInRedirect"), "TimeoutError", "timeout");
      assert.equal(error.recovery, "retry");
      await context.unroute(`${provider.issuer}/.well-known/**`);
      assert.match(await app.begin(), /code_challenge_method=S256/);
    }));

  it("signs in without storage, with a warning, as long as the page lives", () =>
    inTab(async ({ page, context }) => {
      await context.addInitScript(() => {
        Object.defineProperty(window, "sessionStorage", {
          get() {
            throw new DOMException("Access is denied for this document.", "SecurityError");
          },
        });
      });
      const app = appOf(page);
      await app.start();
      const callback = await app.callback();
      assert.equal((await app.call("handleRedirectCallback", callback)).value.agent.id, "usr_ada");
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      const warnings = (await app.events()).filter(({ type }) => type === "warning");
      assert.deepEqual(warnings.map(({ reason }) => reason), ["storage_unavailable"]);
    }));

  it("drops a stored session that is broken, says so, and touches nothing of others", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await app.call("handleRedirectCallback", await app.callback());
      const [name] = (await app.stored()).map(([key]) => key).filter((key) => key.startsWith("wasm-oidc:session:"));
      await page.evaluate((key) => {
        sessionStorage.setItem(key, "{broken");
        sessionStorage.setItem("another-app", "{broken");
      }, name);
      await app.start();
      assert.equal((await app.call("getAgent")).value, null);
      assert.deepEqual((await app.events()).map(({ type, reason }) => [type, reason]), [["warning", "session_dropped"]]);
      const left = Object.fromEntries(await app.stored());
      assert.equal(left[name], undefined);
      assert.equal(left["another-app"], "{broken");
    }));

  it("sends the access token to no origin that was not named [B12]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.start();
      await app.call("handleRedirectCallback", await app.callback());
      provider.requests.length = 0;
      const error = assertError(await app.call("fetch", `${provider.issuer}/me`), "ConfigurationError", "origin_not_allowed");
      assert.ok(error.message.includes(provider.issuer), error.message);
      assert.deepEqual(fetchedBy(pages.url, provider), []);
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
