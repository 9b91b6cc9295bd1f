// @ts-check
// Signing in beside the page, in a popup or a hidden frame, in Firefox: what it does to windows that COOP cuts off, and to
// cookies of another site. Chromium's side, and more of it, is in tests/e2e.
import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";
import { demoUsers } from "../op/provider.mjs";
import { useSetting } from "../e2e/beside.mjs";
import { inEachBrowser } from "./browsers.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

inEachBrowser("beside the page", (inProfile) => {
  const setting = useSetting();
  const elsewhere = useSetting({ host: "localhost" });
  beforeEach(() => {
    setting.gate.set();
    setting.provider.requests.length = 0;
  });

  it("a popup signs in and closes", () =>
    inProfile(async ({ newTab, watch }) => {
      const { app, outcome, popup } = await openPopup(setting, { page: await newTab(), watch });
      await signIn(popup, "ada");
      const { value, error } = await outcome;
      assert.equal(value?.id, "usr_ada", error?.message);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      await closes(popup);
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("a popup that COOP cuts off signs in all the same", () =>
    inProfile(async ({ newTab, watch }) => {
      setting.gate.set({ headers: { "cross-origin-opener-policy": "same-origin" } });
      const { app, outcome, popup } = await openPopup(setting, { page: await newTab(), watch }, setting.gated());
      await signIn(popup, "ada");
      const { value, error } = await outcome;
      assert.equal(value?.id, "usr_ada", error?.message);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("a popup that the user closes says so, with the app's state", () =>
    inProfile(async ({ newTab, watch }) => {
      const { outcome, popup } = await openPopup(setting, { page: await newTab(), watch }, {}, { appState: "kept" });
      await popup.waitForSelector("#password");
      await new Promise((resolve) => setTimeout(resolve, 500));
      await popup.close();
      const { error } = await outcome;
      assert.deepEqual([error?.code, error?.recovery, error?.appState], ["popup_closed", "reauthenticate", "kept"]);
    }));

  it("a frame gives the agent who is signed in at the provider, and else says that nobody is", () =>
    inProfile(async ({ newTab, watch }) => {
      const page = await newTab();
      const app = await start(setting, page);
      assert.equal((await app.call("signInSilent")).error?.code, "login_required");
      assert.deepEqual(await app.call("signInSilent", { ifAvailable: true }), { value: null });
      const { outcome, popup } = await openPopup(setting, { page, watch }, { storage: "memory" });
      await signIn(popup, "ada");
      assert.equal((await outcome).value?.id, "usr_ada");
      const again = await start(setting, page, { storage: "memory" });
      assert.equal((await again.call("getAgent")).value, null);
      const { value, error } = await again.call("signInSilent");
      assert.equal(value?.id, "usr_ada", error?.message);
      assert.equal(await page.evaluate(() => document.querySelectorAll("iframe").length), 0);
    }));

  it("a frame of another site whose cookies the browser blocks says that a sign-in is needed, and runs into no time limit [X29]", () =>
    inProfile(async ({ newTab, watch }) => {
      const page = await newTab();
      const { outcome, popup } = await openPopup(elsewhere, { page, watch }, { storage: "memory" });
      await signIn(popup, "ada");
      assert.equal((await outcome).value?.id, "usr_ada");
      const app = await start(elsewhere, page, { storage: "memory" });
      const { value, error } = await app.call("signInSilent");
      assert.equal(error?.code, "login_required", JSON.stringify(value));
      assert.deepEqual([error?.name, error?.recovery], ["LoginRequiredError", "reauthenticate"]);
    }));
}, { browsers: ["Firefox"] });

/** @param {ReturnType<typeof useSetting>} setting @param {Page} page @param {object} [options] of the client */
async function start(setting, page, options = {}) {
  const app = setting.app(/** @type {any} */ (page));
  await app.open();
  assert.equal((await app.create({ redirectUri: setting.relay(), ...options })).error, undefined);
  return app;
}

/**
 * A client, and its sign-in under way in a popup.
 *
 * @param {ReturnType<typeof useSetting>} setting
 * @param {{page: Page, watch: (page: Page) => Page}} tab
 * @param {object} [options] of the client
 * @param {object} [call] options of the call
 */
async function openPopup(setting, { page, watch }, options, call = {}) {
  const app = await start(setting, page, options);
  /** @type {Promise<Page>} */
  const opening = new Promise((resolve) => page.once("popup", (popup) => resolve(/** @type {Page} */ (popup))));
  const outcome = app.call("signInPopup", call);
  return { app, outcome, popup: watch(await opening) };
}

/** Fills in the provider's form. @param {Page} popup @param {import("../op/provider.mjs").Login} login */
async function signIn(popup, login) {
  const password = demoUsers.find((user) => user.login === login)?.password ?? "";
  await popup.waitForSelector("#password");
  await popup.evaluate(
    (values) => {
      for (const [id, value] of Object.entries(values)) /** @type {any} */ (document.getElementById(id)).value = value;
      setTimeout(() => /** @type {any} */ (document.querySelector("button.primary")).click());
    },
    { login, password },
  );
}

/** @param {Page} popup */
async function closes(popup) {
  if (popup.isClosed()) return;
  await new Promise((resolve) => popup.once("close", resolve));
}
