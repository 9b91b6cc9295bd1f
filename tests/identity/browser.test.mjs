// @ts-check
// Somebody other than the expected person signs in, in a page: by redirect, in a popup, and in a frame that nobody sees.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, it } from "node:test";
import { domainToASCII } from "node:url";

import { assertError } from "../e2e/app.mjs";
import { useSetting } from "../e2e/beside.mjs";
import { useBrowser } from "../e2e/browser.mjs";
import { signIn } from "../op/provider.mjs";

describe("in a page, somebody other than the expected person", () => {
  const inTab = useBrowser();
  const setting = useSetting();
  beforeEach(() => {
    setting.gate.set();
    setting.provider.requests.length = 0;
  });

  /** A client in a page of the app. @param {import("playwright-core").Page} page @param {Record<string, unknown>} [options] */
  async function start(page, options = {}) {
    const app = setting.app(page);
    await app.open();
    assert.equal((await app.create({ redirectUri: setting.relay(), ...options })).error, undefined);
    return app;
  }

  /** @param {import("playwright-core").Page} page @param {Awaited<ReturnType<typeof start>>} app @param {"ada" | "ben"} login @param {object} [options] */
  async function inPopup(page, app, login, options = {}) {
    const opened = page.waitForEvent("popup");
    const outcome = app.call("signInPopup", options);
    await signIn(await opened, login);
    return outcome;
  }

  /** Until the provider was told to revoke both tokens. */
  async function revoked() {
    const count = () => setting.provider.requests.filter(({ method, path }) => method === "POST" && path === "/token/revocation").length;
    for (let waited = 0; count() < 2; waited += 1) {
      assert.ok(waited < 100, `the tokens were not revoked: ${count()} requests`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const expect = { email: "ada@example.com" };
  const sessions = (/** @type {[string, string][]} */ stored) => stored.filter(([name]) => name.includes(":session:"));

  it("is refused after a redirect, also where the page was left in between", () =>
    inTab(async ({ page }) => {
      const app = setting.app(page);
      await app.open();
      assert.equal((await app.create({ collectUrls: true })).error, undefined);
      const callback = await app.callback({ expect, appState: "kept" }, "ben");
      await app.open(callback);
      assert.equal((await app.create({ collectUrls: true })).error, undefined);
      const error = assertError(await app.call("handleRedirectCallback"), "IdentityMismatchError", "identity_mismatch");
      assert.deepEqual([error.expected, error.actual, error.appState], ["ada@example.com", "ben@example.com", "kept"]);
      assert.ok(!page.url().includes("code="));
      await revoked();
      const stored = await app.stored();
      assert.deepEqual(sessions(stored), []);
      assert.ok(!JSON.stringify(stored).includes("@example.com"), "who was expected is forgotten");
      assert.deepEqual(await app.events(), []);
    }));

  it("is refused in a popup, and the session that was there stays", () =>
    inTab(async ({ page }) => {
      const app = await start(page);
      assertError(await inPopup(page, app, "ben", { expect }), "IdentityMismatchError", "identity_mismatch");
      assert.deepEqual([(await app.call("getAgent")).value, sessions(await app.stored())], [null, []]);
      await revoked();
      await page.context().clearCookies();
      assert.equal((await inPopup(page, app, "ada", { expect })).value.id, "usr_ada");
      const before = sessions(await app.stored());
      await page.context().clearCookies();
      assertError(await inPopup(page, app, "ben", { expect, prompt: "login" }), "IdentityMismatchError", "identity_mismatch");
      await page.context().clearCookies();
      const other = assertError(await inPopup(page, app, "ben", { sameSubject: true }), "SubjectMismatchError", "subject_mismatch");
      assert.deepEqual([other.expected, other.actual], ["usr_ada", "usr_ben"]);
      assert.deepEqual(sessions(await app.stored()), before);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
    }));

  it("is refused in a frame", () =>
    inTab(async ({ page }) => {
      assert.equal((await inPopup(page, await start(page, { storage: "memory" }), "ben")).value.id, "usr_ben");
      const app = await start(page);
      setting.provider.requests.length = 0;
      assertError(await app.call("signInSilent", { expect }), "IdentityMismatchError", "identity_mismatch");
      assert.deepEqual([(await app.call("getAgent")).value, sessions(await app.stored())], [null, []]);
      await revoked();
      assert.equal((await app.call("signInSilent", { expect: { sub: "usr_ben" } })).value.id, "usr_ben");
    }));

  it("is refused in a frame while somebody is signed in, also where the provider overlooks the hint", () =>
    inTab(async ({ page, context }) => {
      assert.equal((await inPopup(page, await start(page), "ada")).value.id, "usr_ada");
      await context.clearCookies();
      assert.equal((await inPopup(page, await start(page, { storage: "memory" }), "ben")).value.id, "usr_ben");
      const app = await start(page);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      await context.route(
        (url) => url.pathname === "/auth" && url.searchParams.has("id_token_hint"),
        (route) => {
          const url = new URL(route.request().url());
          url.searchParams.delete("id_token_hint");
          return route.continue({ url: url.href });
        },
      );
      const before = sessions(await app.stored());
      assertError(await app.call("signInSilent"), "SubjectMismatchError", "subject_mismatch");
      assert.deepEqual([(await app.call("getAgent")).value.id, sessions(await app.stored())], ["usr_ada", before]);
      assert.equal((await app.call("signInSilent", { sameSubject: false })).value.id, "usr_ben");
    }));

  it("is told by the same ASCII forms of domains as elsewhere", () =>
    inTab(async ({ page }) => {
      const { rows } = JSON.parse(readFileSync(new URL("../fixtures/addresses.json", import.meta.url), "utf8"));
      const texts = rows.flatMap((/** @type {any} */ row) => [row.expected, row.actual]);
      const isPlain = (/** @type {string} */ domain) => /^[-._A-Za-z0-9\u0080-\uffff]+$/.test(domain) && /[^\0-\x7f]/.test(domain);
      const domains = texts.map((/** @type {string} */ text) => text.slice(text.lastIndexOf("@") + 1)).filter(isPlain);
      await setting.app(page).open();
      const inBrowser = await page.evaluate(
        (/** @type {string[]} */ all) => all.map((domain) => (URL.canParse(`https://${domain}/`) ? new URL(`https://${domain}/`).host : "")),
        domains,
      );
      assert.deepEqual(inBrowser, domains.map(domainToASCII));
      assert.ok(domains.length > 10);
    }));
});
