// @ts-check
// Headers and functions of the app's in a page: what the browser would drop without a word is an error, what it lets
// through reaches the provider past CORS.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { appIn, assertError } from "../e2e/app.mjs";
import { useBrowser } from "../e2e/browser.mjs";
import { startPages } from "../e2e/pages.mjs";
import { startTestProvider } from "../op/provider.mjs";

const FORBIDDEN = [
  "Accept-Charset", "Accept-Encoding", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Connection",
  "Content-Length", "Cookie", "Cookie2", "Date", "DNT", "Expect", "Host", "Keep-Alive", "Origin", "Referer", "Set-Cookie", "TE",
  "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Proxy-Authorization", "Sec-Fetch-Mode",
];

describe("in a page", () => {
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

  it("a header that browsers forbid is refused by name, and it is one that this browser drops", () =>
    inTab(async ({ page }) => {
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      await app.open();
      const kept = await page.evaluate(
        (names) => names.filter((name) => new Request("/", { headers: { [name]: "x" } }).headers.has(name)),
        FORBIDDEN,
      );
      assert.deepEqual(kept, []);
      for (const name of FORBIDDEN) {
        const error = assertError(await app.create({ headers: { [name]: "x" } }), "ConfigurationError", "invalid_option");
        assert.match(error.message, new RegExp(`"${name.toLowerCase()}"`));
      }
    }));

  it("other headers reach the provider with every request, past CORS, and no page of the app", () =>
    inTab(async ({ page }) => {
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      /** @type {[string, string | undefined][]} */
      const sent = [];
      page.on("request", (request) => {
        if (request.method() !== "OPTIONS") sent.push([request.url(), request.headers()["x-tenant"]]);
      });
      await app.start("/", { headers: { "X-Tenant": "acme" } });
      const callback = await app.callback();
      await app.open(callback);
      assert.equal((await app.create({ headers: { "X-Tenant": "acme" } })).error, undefined);
      assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
      const toProvider = sent.filter(([url]) => url.startsWith(provider.issuer));
      assert.ok(toProvider.some(([url]) => url.endsWith("/token")) && toProvider.some(([url]) => url.endsWith("/jwks")));
      assert.deepEqual([...new Set(toProvider.map(([, tenant]) => tenant))], ["acme"]);
      assert.ok(sent.filter(([url]) => url.startsWith(pages.url)).every(([, tenant]) => tenant === undefined));
    }));

  it("hooks, a log and client authentication of the app's work as elsewhere, and a forbidden header of a hook is an error", () =>
    inTab(async ({ page }) => {
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      await app.open();
      const options = { issuer: provider.issuer, clientId: "test-spa", redirectUri: `${pages.url}/callback` };
      const seen = await page.evaluate(async (options) => {
        const { IdpClient } = await import(/** @type {any} */ ("/pkg/browser.js"));
        /** @type {string[]} */
        const events = [];
        const idp = await IdpClient.create({
          ...options,
          clientAuth: async (/** @type {any} */ request) => request,
          onRequest: ({ headers }) => ({ headers: { ...headers, "x-trace": "t" } }),
          onResponse: ({ purpose, status }) => void events.push(`saw ${purpose} ${status}`),
          logger: ({ type, purpose }) => void events.push(`${type} ${purpose}`),
        });
        await idp.discover({ force: true });
        const wrong = await IdpClient.create({ ...options, onRequest: () => ({ headers: { cookie: "a=b" } }) });
        const { code } = await wrong.discover({ force: true }).catch((error) => error);
        return { events: events.slice(-3), code };
      }, options);
      assert.deepEqual(seen.events, ["request discovery", "response discovery", "saw discovery 200"]);
      assert.equal(seen.code, "invalid_option");
    }));
});
