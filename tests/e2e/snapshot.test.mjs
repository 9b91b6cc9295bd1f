// @ts-check
// What a page shows from the first moment on: a restored session, a callback, a reload.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestProvider } from "../op/provider.mjs";
import { appIn } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("the snapshot of a page", () => {
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

  /** Collects what a subscriber sees. @param {import("playwright-core").Page} page */
  const follow = (page) =>
    page.evaluate(() => {
      globalThis.seen = [];
      globalThis.app.client.subscribe(({ status, agent, isRefreshing }) => {
        globalThis.seen.push([status, agent?.id ?? null, isRefreshing]);
      });
    });
  /** @param {import("playwright-core").Page} page */
  const seen = (page) => page.evaluate(() => globalThis.seen);

  it("goes from signed-out by loading to signed-in, and a reload begins signed in", () =>
    inTab(async ({ page }) => {
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      await app.start();
      await app.open(await app.callback());
      assert.equal((await app.create()).error, undefined);
      await follow(page);
      assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
      assert.deepEqual(await seen(page), [["signed-out", null, false], ["loading", null, false], ["signed-in", "usr_ada", false]]);

      await app.open("/");
      assert.equal((await app.create()).error, undefined);
      await follow(page);
      assert.equal((await app.call("handleRedirectCallback")).value, null);
      assert.equal((await app.call("refresh")).value.id, "usr_ada");
      assert.equal((await app.call("signOut", { redirect: false })).error, undefined);
      assert.deepEqual(await seen(page), [
        ["signed-in", "usr_ada", false], ["signed-in", "usr_ada", true], ["signed-in", "usr_ada", false], ["signed-out", null, false],
      ]);
    }));

  it("is frozen and one object for all who read it, and what a listener throws goes to reportError", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/thrown by a subscriber/);
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      await app.start();
      const callback = await app.callback();
      const facts = await page.evaluate(async (url) => {
        const idp = globalThis.app.client;
        const reported = new Promise((resolve) => addEventListener("error", ({ error }) => resolve(error.message), { once: true }));
        const stop = idp.subscribe(({ status }) => {
          if (status === "signed-in") throw new Error("thrown by a subscriber");
        });
        await idp.handleRedirectCallback(url);
        stop();
        return [Object.isFrozen(idp.snapshot), idp.snapshot === idp.snapshot, idp.snapshot.agent === idp.agent, await reported];
      }, callback);
      assert.deepEqual(facts, [true, true, true, "thrown by a subscriber"]);
    }));
});
