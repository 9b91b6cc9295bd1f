// @ts-check
// What the tests of a file share: the test page, the provider, and the provider's answers held back.
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startTestProvider } from "../op/provider.mjs";
import { appIn } from "../e2e/app.mjs";
import { startPages } from "../e2e/pages.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {ReturnType<typeof appIn> & {page: Page}} App */

/** Seconds that an access token lives, unless the test says otherwise: longer than a test. */
export const LONG_LIFE = 600;

const OPTIONS = { scopes: "openid email offline_access", collectUrls: true };

/** Starts the test page and the provider for the tests of a file. */
export function useSetting() {
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  let firstLife = LONG_LIFE;
  before(async () => {
    pages = await startPages();
    /** @param {any} ctx */
    const life = (ctx) => (ctx.oidc.params?.grant_type === "refresh_token" ? LONG_LIFE : firstLife);
    provider = await startTestProvider({
      redirectUris: [`${pages.url}/callback`],
      // A function is as good as a number to node-oidc-provider.
      ttl: { AccessToken: /** @type {any} */ (life) },
    });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });
  beforeEach(() => {
    firstLife = LONG_LIFE;
    provider.requests.length = 0;
  });

  const setting = {
    get url() {
      return pages.url;
    },
    get issuer() {
      return provider.issuer;
    },
    get provider() {
      return provider;
    },
    get pages() {
      return pages;
    },

    /** Seconds that the access tokens of sign-ins live; those of refreshes live long. @param {number} seconds */
    signInsLive: (seconds) => void (firstLife = seconds),

    /** An app in a tab, which has not loaded anything. @param {Page} page @returns {App} */
    app: (page) => Object.assign(appIn(page, { url: pages.url, issuer: provider.issuer }), { page }),

    /** A page of the app with a client. @param {Page} page @param {object} options of the client @param {string} [path] */
    async start(page, options, path) {
      const app = setting.app(page);
      await app.open(path);
      assert.equal((await setting.create(app, options)).error, undefined);
      return app;
    },

    /** Makes a client in a page that is open. @param {App} app @param {object} options */
    create: (app, options) => app.create({ ...OPTIONS, apiOrigins: [provider.issuer], ...options }),

    /** Signs in and forgets the requests that it took. @param {App} app @param {import("../op/provider.mjs").Login} [login] */
    async signIn(app, login) {
      const { value, error } = await app.call("handleRedirectCallback", await app.callback({}, login));
      assert.equal(error, undefined);
      provider.requests.length = 0;
      return value.agent;
    },

    /** How many requests came to the token endpoint since the last sign-in, answered or not. */
    sent: () => provider.requests.filter(({ method, path }) => method === "POST" && path === "/token").length,

    /** How many of them were refreshes that the provider answered. */
    refreshes: () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length,
  };
  return setting;
}

/**
 * Asks again until the answer is the expected one.
 *
 * @template T
 * @param {() => Promise<T> | T} ask
 * @param {T} expected
 */
export async function becomes(ask, expected) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    try {
      return assert.deepEqual(answer, expected);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(50);
  }
}

/**
 * Keeps the next refresh at the provider: `"before"` it is looked at, as if the request were slow, or `"after"` the old
 * refresh token is spent, as if the answer were.
 *
 * @param {import("wasm-oidc-example/provider").RunningProvider} running
 * @param {"before" | "after"} point
 * @returns {{arrived: Promise<void>, release: () => void, lose: () => void}} `lose`: the request is never looked at, or
 *   the answer never sent
 */
export function holdRefresh({ provider }, point) {
  const arrived = gate();
  const decided = gate();
  decided.promise.catch(() => {});
  if (point === "before") {
    const { RefreshToken } = provider;
    const find = RefreshToken.find;
    RefreshToken.find = async (...args) => {
      RefreshToken.find = find;
      arrived.open();
      await decided.promise;
      return find.apply(RefreshToken, args);
    };
  } else {
    provider.once("grant.success", ({ res }) => {
      const end = res.end.bind(res);
      res.end = (/** @type {any[]} */ ...answer) => {
        arrived.open();
        decided.promise.then(() => end(...answer), () => res.destroy());
        return res;
      };
    });
  }
  return {
    arrived: arrived.promise,
    release: () => decided.open(),
    lose: () => decided.shut(new Error("lost on its way")),
  };
}

function gate() {
  /** @type {() => void} */
  let open = () => {};
  /** @type {(reason: Error) => void} */
  let shut = () => {};
  const promise = new Promise((resolve, reject) => {
    open = () => resolve(undefined);
    shut = reject;
  });
  return { promise, open, shut };
}

/**
 * Moves the clock of every page that a tab loads from now on; `secondsAhead` moves that of a page that is there.
 *
 * @param {Page} page @param {number} seconds
 */
export async function moveClock(page, seconds) {
  await page.evaluateOnNewDocument((ahead) => {
    const now = Date.now.bind(Date);
    globalThis.secondsAhead = ahead;
    Date.now = () => now() + globalThis.secondsAhead * 1000;
  }, seconds);
}
