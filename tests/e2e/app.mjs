// @ts-check
// The test page from the outside: what an app would do, one call each.
import assert from "node:assert/strict";
import { signInWithoutBrowser, testClientId } from "../op/provider.mjs";

/**
 * @typedef {{name: string, code: string, message: string, recovery: string, expected?: string, actual?: string,
 *   appState?: unknown, status?: number, isOAuthError: boolean, text: string}} ErrorFacts
 * @typedef {{value?: any, error?: ErrorFacts}} Outcome
 */

/**
 * @param {import("playwright-core").Page | import("puppeteer-core").Page} page of one driver or the other
 * @param {object} settings
 * @param {string} settings.url of the server of pages
 * @param {string} settings.issuer
 */
export function appIn(page, { url, issuer }) {
  const app = {
    redirectUri: `${url}/callback`,

    /** Goes to a page of the app, or to a whole URL. @param {string} [path] */
    async open(path = "/") {
      await page.goto(new URL(path, url).href);
      await app.loaded();
    },

    /** Until the page's module has run. */
    loaded: () => page.waitForFunction(() => "app" in globalThis),

    /** @param {Record<string, unknown>} [options] over those of every test @returns {Promise<Outcome>} */
    create: (options = {}) =>
      page.evaluate((all) => globalThis.app.create(all), {
        issuer,
        clientId: testClientId,
        redirectUri: app.redirectUri,
        storage: "session",
        ...options,
      }),

    /** @param {string} method @param {...unknown} args @returns {Promise<Outcome>} */
    call: (method, ...args) => page.evaluate(([name, given]) => globalThis.app.call(name, ...given), /** @type {const} */ ([method, args])),

    /** A client in a page of its own, which stays where it is. @param {string} [path] @param {Record<string, unknown>} [options] */
    async start(path, options) {
      await app.open(path);
      const { error } = await app.create({ collectUrls: true, ...options });
      assert.equal(error, undefined);
    },

    /** Begins a sign-in. @param {object} [options] @returns {Promise<string>} the authorization URL */
    async begin(options = {}) {
      const { error } = await app.call("signInRedirect", options);
      assert.equal(error, undefined);
      return page.evaluate(() => globalThis.app.opened.at(-1));
    },

    /** Begins a sign-in and goes through the provider's pages without the browser.
     * @param {object} [options] @param {import("../op/provider.mjs").Login} [login] @returns {Promise<string>} the callback URL */
    callback: async (options, login = "ada") => signInWithoutBrowser(await app.begin(options), login),

    /** @returns {Promise<{id: string | null, isAuthenticated: boolean}>} what the client says without asking anybody */
    signedIn: () => page.evaluate(() => globalThis.app.signedIn()),

    /** @returns {Promise<{type: string, reason?: string, source: string, agent: string | null, error?: ErrorFacts}[]>} */
    events: () => page.evaluate(() => globalThis.app.events),

    /** Everything that is stored in this tab for this origin, values and names. @returns {Promise<[string, string][]>} */
    stored: () => page.evaluate(() => [...Object.entries(sessionStorage), ...Object.entries(localStorage)]),
  };
  return app;
}

/** @param {Outcome} outcome @param {string} name @param {string} code @returns {ErrorFacts} */
export function assertError({ value, error }, name, code) {
  assert.ok(error, `expected ${name} ${code}, got ${JSON.stringify(value)}`);
  assert.deepEqual([error.name, error.code], [name, code], error.message);
  assert.equal(error.isOAuthError, true);
  return error;
}

/**
 * What a page asked the provider for by itself; navigations are left out.
 *
 * @param {import("wasm-oidc-example/provider").RunningProvider} provider
 * @param {string} origin of the page
 */
export function fetchedBy(origin, { requests }) {
  return requests.filter((request) => request.origin === origin).map(({ method, path }) => `${method} ${path}`);
}
