// @ts-check
// What browsers and frameworks do to a page around a callback: the back button, the page kept alive behind it (bfcache),
// a reload, an effect that runs twice. Each ends signed in, with one token request.
import assert from "node:assert/strict";
import { it } from "node:test";
import { inEachBrowser } from "./browsers.mjs";
import { becomes, useSetting } from "./setting.mjs";

inEachBrowser("a page", (inProfile) => {
  const setting = useSetting();

  for (const storage of ["session", "local"]) {
    it(`signs in once where everything is called twice, as StrictMode does, in ${storage} storage`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        const app = await setting.start(page, { storage });
        await app.open(await app.callback({ appState: "kept" }));
        setting.provider.requests.length = 0;
        const made = await Promise.all([setting.create(app, { storage }), setting.create(app, { storage })]);
        assert.deepEqual(made.map(({ error }) => error), [undefined, undefined]);
        const handled = await each(page, "handleRedirectCallback");
        assert.equal(setting.sent(), 1);
        // One of the clients redeems. The other finds the session, or is told that the callback has been handled.
        const outcomes = handled.map(({ value, error }) => value?.agent.id ?? error?.code).sort();
        assert.ok(outcomes.includes("usr_ada"), JSON.stringify(handled));
        assert.ok(outcomes.every((one) => one === "usr_ada" || one === "callback_already_handled"), JSON.stringify(handled));
        assert.equal(page.url(), app.redirectUri);
        if (storage === "local") {
          await becomes(async () => (await each(page, "getAgent")).map(({ value }) => value?.id), ["usr_ada", "usr_ada"]);
        }
        const again = await each(page, "handleRedirectCallback");
        assert.deepEqual(again.map(({ error }) => error?.code), [undefined, undefined]);
        assert.equal(setting.sent(), 1);
      }));
  }

  it("signs in once where one client handles its callback twice at once [B6]", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      const app = await setting.start(page, { storage: "local" });
      await setting.start(page, { storage: "local" }, await app.callback());
      setting.provider.requests.length = 0;
      const { ids, isOneAgent } = await page.evaluate(() => globalThis.app.callAtOnce(2, "handleRedirectCallback"));
      assert.deepEqual([ids, isOneAgent], [["usr_ada", "usr_ada"], true]);
      assert.equal(setting.sent(), 1);
    }));

  it("that is reloaded at its callback is still signed in [B6]", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      const app = await setting.start(page, { storage: "local" });
      const callback = await app.callback({ appState: "kept" });
      await setting.start(page, { storage: "local" }, callback);
      await app.call("handleRedirectCallback");
      setting.provider.requests.length = 0;

      // The address bar is clean, so that this is a page like any other.
      await page.reload();
      await app.loaded();
      assert.equal((await setting.create(app, { storage: "local" })).error, undefined);
      assert.deepEqual(await app.call("handleRedirectCallback"), { value: null });
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");

      // A browser that restores the old address brings the answer again.
      await setting.start(page, { storage: "local" }, callback);
      const { value } = await app.call("handleRedirectCallback");
      assert.deepEqual([value.agent.id, value.appState], ["usr_ada", "kept"]);
      assert.equal(setting.sent(), 0);
    }));

  it("is left by the back button after the callback without anything being redeemed again [B6]", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      const app = await setting.start(page, { storage: "local" }, "/start");
      await setting.start(page, { storage: "local" }, await app.callback());
      await app.call("handleRedirectCallback");
      await setting.start(page, { storage: "local" }, "/orders");
      setting.provider.requests.length = 0;
      for (const path of ["/callback", "/start"]) {
        await back(page, `${setting.url}${path}`);
        if (!(await isKeptAlive(page))) await setting.create(app, { storage: "local" });
        assert.deepEqual(await app.call("handleRedirectCallback"), { value: null });
        await becomes(async () => (await app.call("getAgent")).value?.id, "usr_ada");
      }
      assert.equal(setting.sent(), 0);
    }));

  it("is kept alive behind the back button, and its client goes on", () =>
    inProfile(async ({ newTab }) => {
      await keepable(async () => {
        const page = await newTab();
        const app = await setting.start(page, { storage: "local" }, "/first");
        await setting.signIn(app);
        await page.goto(`${setting.url}/second`);
        await back(page, `${setting.url}/first`);
        assert.equal(await isKeptAlive(page), true, "a client at rest does not keep its page out of the bfcache");
        assert.equal((await app.call("getAgent")).value.id, "usr_ada");
        assert.equal((await app.call("refresh")).value.id, "usr_ada");
        assert.equal(setting.sent(), 1);
      });
    }));

  it("that was kept alive renews a token that expired meanwhile", () =>
    inProfile(async ({ newTab }) => {
      await keepable(async () => {
        const page = await newTab();
        const app = await setting.start(page, { storage: "local" }, "/first");
        setting.signInsLive(2);
        await setting.signIn(app);
        await page.goto(`${setting.url}/second`);
        await new Promise((resolve) => setTimeout(resolve, 2500));
        await back(page, `${setting.url}/first`);
        assert.equal(await isKeptAlive(page), true);
        // `pageshow` alone brings the tokens.
        await becomes(() => setting.refreshes(), 1);
        assert.equal((await app.call("getAgent")).value.id, "usr_ada");
        assert.equal(setting.sent(), 1);
      });
    }));

  it("behind the back button does not bring back a session that ended meanwhile", () =>
    inProfile(async ({ newTab }) => {
      await keepable(async () => {
        const page = await newTab();
        const app = await setting.start(page, { storage: "local" }, "/first");
        await setting.signIn(app);
        const second = await setting.start(page, { storage: "local" }, "/second");
        await second.call("signOut", { redirect: false });
        await back(page, `${setting.url}/first`);
        // A browser does not keep a page alive that another one wanted to tell something.
        if (!(await isKeptAlive(page))) await setting.create(app, { storage: "local" });
        assert.equal((await app.call("getAgent")).value, null);
        assert.deepEqual(await app.signedIn(), { id: null, isAuthenticated: false });
        assert.deepEqual(await app.call("handleRedirectCallback"), { value: null });
        assert.equal(setting.sent(), 0);
      });
    }));

  /** Pages that may not be stored are not kept alive. @param {() => Promise<void>} body */
  async function keepable(body) {
    setting.pages.setHeaders({ "cache-control": "no-cache" });
    try {
      await body();
    } finally {
      setting.pages.setHeaders({});
    }
  }
});

/** @param {import("puppeteer-core").Page} page @param {string} method @returns {Promise<import("../e2e/app.mjs").Outcome[]>} */
function each(page, method) {
  return page.evaluate((name) => globalThis.app.callEach(name), method);
}

/**
 * Presses the back button. The driver's own `goBack` waits for a load event, which a page that was kept alive has not.
 *
 * @param {import("puppeteer-core").Page} page @param {string} url where that leads
 */
async function back(page, url) {
  await page.evaluate(() => void setTimeout(() => history.back()));
  const at = () => page.evaluate(() => ("app" in globalThis ? location.href : "")).catch(() => "");
  await becomes(at, url);
}

/** @param {import("puppeteer-core").Page} page @returns {Promise<boolean>} whether it came back as it had been left */
function isKeptAlive(page) {
  return page.evaluate(() => globalThis.app.wasKeptAlive());
}
