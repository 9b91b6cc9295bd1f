// @ts-check
// A configuration in a page: signing in by it, what no page can have, and what is not loaded for it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { useBrowser } from "../e2e/browser.mjs";
import { startPages } from "../e2e/pages.mjs";
import { signIn, startTestProvider } from "../op/provider.mjs";

describe("a configuration in a page", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
  });
  after(() => Promise.all([pages?.close(), provider?.close()]));

  const config = () => ({
    storage: "session",
    providers: {
      ours: {
        client_id: "test-spa",
        redirect_uri: `${pages.url}/callback`,
        environments: { prod: { issuer: "https://idp.example" }, test: { issuer: provider.issuer } },
      },
    },
  });

  /**
   * What a client of a configuration came to.
   *
   * @param {import("playwright-core").Page} page
   * @param {object} options data
   */
  const made = (page, options) =>
    page.evaluate(async (options) => {
      const { IdpClient } = await import(/** @type {any} */ ("/pkg/browser.js"));
      let asked = 0;
      const resolveSecret = () => ((asked += 1), "hunter2");
      const told = await IdpClient.fromConfig(null, { resolveSecret, ...options }).then(
        (/** @type {any} */ idp) => idp.options,
        (/** @type {any} */ error) => ({ name: error.name, code: error.code, message: error.message }),
      );
      return { ...told, asked };
    }, options);

  it("signs in by a redirect, and a wasm of its own is loaded when the configuration is read; no file for programs or tools is", () =>
    inTab(async ({ page }) => {
      /** @type {string[]} */
      const loaded = [];
      page.on("request", (request) => void loaded.push(new URL(request.url()).pathname));
      await page.goto(`${pages.url}/elsewhere`);
      await page.evaluate(() => import(/** @type {any} */ ("/pkg/browser.js")));
      assert.ok(!loaded.some((path) => /tools|configuration/.test(path)), loaded.join());
      const run = (/** @type {string} */ job) =>
        page.evaluate(async ([config, job]) => {
          const { IdpClient } = await import(/** @type {any} */ ("/pkg/browser.js"));
          const idp = await IdpClient.fromConfig("ours", { config, environment: "test" });
          if (job === "sign in") return void idp.signInRedirect();
          const { agent } = await idp.handleRedirectCallback();
          return { id: agent.id, environment: idp.options.environment, storage: idp.storage };
        }, /** @type {const} */ ([config(), job]));
      await run("sign in");
      await signIn(page, "ada");
      await page.waitForURL(`${pages.url}/callback?*`);
      assert.deepEqual(await run("come back"), { id: "usr_ada", environment: "test", storage: "session" });
      assert.ok(loaded.some((path) => path.endsWith("/wasm/configuration.wasm")));
      assert.deepEqual(loaded.filter((path) => path.includes("tools")), []);
      assert.deepEqual(loaded.filter((path) => path.includes("/node")), []);
    }));

  it("refuses a client secret before anybody is asked for it", () =>
    inTab(async ({ page }) => {
      await page.goto(`${pages.url}/elsewhere`);
      const secret = { ...config(), providers: { ours: { issuer: provider.issuer, client_id: "a", client_secret: "vault://a" } } };
      const { code, asked } = await made(page, { config: secret });
      assert.deepEqual([code, asked], ["secret_in_browser", 0]);
    }));

  it("says of a storage in a file what to do instead", () =>
    inTab(async ({ page }) => {
      await page.goto(`${pages.url}/elsewhere`);
      for (const storage of [{ kind: "file", path: "/a" }, { kind: "encryptedFile", path: "/a", passphrase: "vault://b" }]) {
        const { name, code, message, asked } = await made(page, { config: { ...config(), storage }, environment: "test" });
        assert.deepEqual([name, code, asked], ["ConfigurationError", "invalid_option", 0]);
        assert.match(message, /nothing makes it here: in Node, Deno and Bun it is there, in a page use "encrypted"/);
      }
    }));
});
