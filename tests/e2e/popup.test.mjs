// @ts-check
// Signing in in a popup: every way in which its window can end, and every message that must not end it.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { refuse, signIn, testClientId } from "../op/provider.mjs";
import { assertError } from "./app.mjs";
import { useSetting } from "./beside.mjs";
import { useBrowser } from "./browser.mjs";

describe("signInPopup", () => {
  const inTab = useBrowser();
  const setting = useSetting();
  beforeEach(() => {
    setting.gate.set();
    setting.provider.requests.length = 0;
  });

  /** A client in the page, and its call under way. @param {import("playwright-core").Page} page @param {Record<string, unknown>} [options] @param {object} [call] */
  async function start(page, options = {}, call = {}) {
    const app = setting.app(page);
    await app.open();
    assert.equal((await app.create({ redirectUri: setting.relay(), ...options })).error, undefined);
    const opened = page.waitForEvent("popup");
    const outcome = app.call("signInPopup", call);
    return { app, outcome, popup: await opened };
  }

  /** The state of the sign-in in a popup. @param {import("playwright-core").Page} popup */
  async function stateIn(popup) {
    const request = await popup.waitForRequest((one) => one.url().includes("state="));
    return /** @type {string} */ (new URL(request.url()).searchParams.get("state"));
  }

  it("gives the agent, closes the window, and leaves this page where it was", () =>
    inTab(async ({ page }) => {
      const { app, outcome, popup } = await start(page, {}, { appState: { tab: 3 } });
      const closed = popup.waitForEvent("close");
      await signIn(popup, "ada");
      assert.equal((await outcome).value.id, "usr_ada");
      await closed;
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      const [told] = await app.events();
      assert.deepEqual([told.type, told.agent, /** @type {any} */ (told).appState], ["signedin", "usr_ada", { tab: 3 }]);
      assert.equal(page.url(), `${setting.pages.url}/`);
      assert.deepEqual((await app.stored()).filter(([name]) => name.includes("transaction")), []);
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("works with an app's own page, which relays, cleans its address bar, redeems nothing and stores nothing", () =>
    inTab(async ({ page }) => {
      const { app, outcome, popup } = await start(page, { redirectUri: setting.popped() });
      await signIn(popup, "ada");
      assert.equal((await outcome).value.id, "usr_ada");
      await page.waitForFunction(() => localStorage.getItem("popped") !== null);
      const told = JSON.parse((await app.stored()).find(([name]) => name === "popped")?.[1] ?? "");
      assert.deepEqual(told.result, { relayed: true });
      assert.equal(told.search, new URL(setting.popped()).search);
      assert.equal(told.agent, null);
      assert.deepEqual(told.tab.filter((/** @type {string} */ name) => /session|transaction/.test(name)), []);
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("works where COOP cuts the opener off from its window [X28]", () =>
    inTab(async ({ page }) => {
      setting.gate.set({ headers: { "cross-origin-opener-policy": "same-origin" } });
      for (const redirectUri of [setting.relay(), setting.popped()]) {
        const { outcome, popup } = await start(page, { ...setting.gated(), redirectUri });
        const closed = popup.waitForEvent("close");
        await signIn(popup, "ada");
        assert.equal((await outcome).value.id, "usr_ada", redirectUri);
        await closed;
        await page.context().clearCookies();
      }
    }));

  it("does not take a window that COOP cut off for one that the user closed [X28]", () =>
    inTab(async ({ page }) => {
      setting.gate.set({ headers: { "cross-origin-opener-policy": "same-origin" }, leadsOn: false });
      const { outcome } = await start(page, { ...setting.gated(), callbackTimeoutSeconds: 3 });
      assertError(await outcome, "TimeoutError", "timeout");
    }));

  it("says within two seconds or so that the user closed the window, and gives back the app state", () =>
    inTab(async ({ page }) => {
      const { app, outcome, popup } = await start(page, {}, { appState: "kept" });
      await popup.getByLabel("Password").waitFor();
      // The page has to have seen its window there.
      await page.waitForTimeout(500);
      const begun = Date.now();
      await popup.close();
      const error = assertError(await outcome, "CallbackError", "popup_closed");
      assert.deepEqual([error.recovery, error.appState], ["reauthenticate", "kept"]);
      const took = Date.now() - begun;
      assert.ok(took >= 900 && took < 5000, `${took} ms`);
      assert.equal((await app.call("getAgent")).value, null);
    }));

  it("ends in a TimeoutError when nothing ever answers, and closes the window [X28]", () =>
    inTab(async ({ page }) => {
      setting.gate.set({ leadsOn: false });
      const { outcome, popup } = await start(page, { ...setting.gated(), callbackTimeoutSeconds: 2 }, { appState: "kept" });
      const closed = popup.waitForEvent("close");
      const error = assertError(await outcome, "TimeoutError", "timeout");
      assert.deepEqual([error.recovery, error.appState], ["retry", "kept"]);
      await closed;
    }));

  it("gives the class of the provider's refusal", () =>
    inTab(async ({ page }) => {
      const { app, outcome, popup } = await start(page, {}, { appState: "kept" });
      await refuse(popup);
      assert.equal(assertError(await outcome, "AccessDeniedError", "access_denied").appState, "kept");
      assert.equal((await app.call("getAgent")).value, null);
      assert.equal(setting.tokenRequests(), 0);
    }));

  it("is ended by no message that somebody made up [B15, W5, X28]", () =>
    inTab(async ({ page }) => {
      setting.gate.set({ leadsOn: false });
      const { outcome, popup, app } = await start(page, { ...setting.gated(), callbackTimeoutSeconds: 6 });
      await popup.waitForURL(/state=/);
      const state = /** @type {string} */ (new URL(popup.url()).searchParams.get("state"));
      const there = setting.relay();
      const right = `${there}?code=made-up&state=${encodeURIComponent(state)}&iss=${encodeURIComponent(setting.provider.issuer)}`;
      // From the right window, which is at another origin.
      await popup.evaluate((url) => window.opener.postMessage({ type: "wasm-oidc:response", url }, "*"), right);
      // From the right origin, and another window.
      await page.evaluate((url) => window.postMessage({ type: "wasm-oidc:response", url }, location.origin), right);
      // On the channel, whose name only who knows the state can know.
      await page.evaluate(
        ([state, right, there]) => {
          const channel = new BroadcastChannel(`wasm-oidc:response:${state}`);
          const url = `${there}?code=made-up&state=${encodeURIComponent(state)}0`;
          for (const message of [
            null, "wasm-oidc:response", { url: right }, { type: "another", url: right }, { type: "wasm-oidc:response" },
            { type: "wasm-oidc:response", url: 7 }, { type: "wasm-oidc:response", url: "" },
            { type: "wasm-oidc:response", url }, { type: "wasm-oidc:response", url: `${there}?code=x` },
            { type: "wasm-oidc:response", url: right.replace("/relay", "/elsewhere") },
            { type: "wasm-oidc:response", url: right.replace("127.0.0.1", "localhost") },
          ]) channel.postMessage(message);
        },
        /** @type {const} */ ([state, right, there]),
      );
      const first = await Promise.race([outcome, page.waitForTimeout(1500).then(() => "waiting")]);
      assert.equal(first, "waiting");
      assert.equal(setting.tokenRequests(), 0);
      // It waits still for the right one.
      await popup.goto(`${setting.provider.issuer}/auth${new URL(popup.url()).search}`);
      await signIn(popup, "ada");
      assert.equal((await outcome).value.id, "usr_ada");
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("leaves other listeners' messages alone, and hears nothing any more when it is over [X28]", () =>
    inTab(async ({ page }) => {
      const { outcome, popup } = await start(page);
      const state = await stateIn(popup);
      await signIn(popup, "ada");
      assert.equal((await outcome).value.id, "usr_ada");
      await page.evaluate(([state, there]) => {
        const channel = new BroadcastChannel(`wasm-oidc:response:${state}`);
        channel.postMessage({ type: "wasm-oidc:response", url: `${there}?code=late&state=${encodeURIComponent(state)}` });
      }, /** @type {const} */ ([state, setting.relay()]));
      await page.waitForTimeout(300);
      assert.equal(setting.tokenRequests(), 1);
    }));

  it("takes a second click for the same window, and another question for another one", () =>
    inTab(async ({ page, context }) => {
      const { app, outcome, popup } = await start(page);
      const second = app.call("signInPopup");
      const other = app.call("signInPopup", { loginHint: "ben" });
      const windows = () => context.pages().length - 1;
      while (windows() < 2) await page.waitForTimeout(50);
      await signIn(popup, "ada");
      assert.deepEqual([(await outcome).value.id, (await second).value.id], ["usr_ada", "usr_ada"]);
      assert.equal(setting.tokenRequests(), 1);
      await page.evaluate(() => globalThis.app.call("dispose"));
      assertError(await other, "ConfigurationError", "disposed");
    }));

  it("uses a window that the app brings, and says when it brings none", () =>
    inTab(async ({ page }) => {
      const app = setting.app(page);
      await app.open();
      await app.create({ redirectUri: setting.relay() });
      const opened = page.waitForEvent("popup");
      const outcome = page.evaluate(() => globalThis.app.callWithWindow("signInPopup", {}));
      const popup = await opened;
      await signIn(popup, "ben");
      assert.equal((await outcome).value.id, "usr_ben");
      assertError(await app.call("signInPopup", { popup: null }), "CallbackError", "popup_blocked");
      assertError(await app.call("signInPopup", { popup: "window" }), "ConfigurationError", "invalid_option");
    }));

  it("ends with the reason of an AbortSignal, and closes the window", () =>
    inTab(async ({ page }) => {
      const app = setting.app(page);
      await app.open();
      await app.create({ redirectUri: setting.relay() });
      const opened = page.waitForEvent("popup");
      const outcome = page.evaluate(() => globalThis.app.callAborted("signInPopup", {}, 500));
      const popup = await opened;
      const closed = popup.isClosed() ? undefined : popup.waitForEvent("close");
      assert.equal((await outcome).error.name, "AbortError");
      await closed;
      const before = await page.evaluate(() => globalThis.app.callAborted("signInPopup", {}, 0));
      assert.equal(before.error.name, "AbortError");
    }));

  it("refuses wrong options without leaving a window open", () =>
    inTab(async ({ page, context }) => {
      const app = setting.app(page);
      await app.open();
      await app.create({ redirectUri: setting.relay() });
      assertError(await app.call("signInPopup", { scope: "openid" }), "ConfigurationError", "unknown_option");
      while (context.pages().length > 1) await page.waitForTimeout(50);
    }));
});

describe("wasm-oidc/callback", () => {
  const inTab = useBrowser();
  const setting = useSetting();

  it("hands over, cleans its address bar and loads no wasm; without a response it does nothing [B7]", () =>
    inTab(async ({ page }) => {
      await page.goto(setting.pages.url);
      /** @type {string[]} */
      const loaded = [];
      page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
      const heard = await page.evaluate(
        (urls) =>
          Promise.all(
            urls.map(
              (url) =>
                new Promise((resolve) => {
                  const frame = document.createElement("iframe");
                  let message;
                  addEventListener("message", (event) => event.source === frame.contentWindow && (message = event.data));
                  frame.onload = () => setTimeout(() => resolve([message, frame.contentWindow?.location.href]), 300);
                  frame.src = url;
                  document.body.append(frame);
                }),
            ),
          ),
        ["?code=x&state=y", "#error=x&state=y", "?kept=1#top"].map((response) => setting.relay() + response),
      );
      const relayed = (/** @type {string} */ response) => ({ type: "wasm-oidc:response", url: setting.relay() + response });
      assert.deepEqual(heard, [
        [relayed("?code=x&state=y"), setting.relay()],
        [relayed("#error=x&state=y"), setting.relay()],
        [undefined, `${setting.relay()}?kept=1#top`],
      ]);
      assert.deepEqual([...new Set(loaded)].sort(), ["/pkg/callback.js", "/pkg/relay.js", "/relay"]);
    }));
});

describe("signInPopup in a browser that blocks popups", () => {
  const inTab = useBrowser({ ignoreDefaultArgs: ["--disable-popup-blocking"] });
  const setting = useSetting();

  it("says that it was blocked where nobody clicked", () =>
    inTab(async ({ page }) => {
      const app = setting.app(page);
      const options = { issuer: setting.provider.issuer, clientId: testClientId, redirectUri: setting.relay() };
      // Not by `evaluate`, which counts as a click.
      await page.addInitScript((given) => {
        addEventListener("load", async () => {
          await globalThis.app.create(given);
          console.log(JSON.stringify(await globalThis.app.call("signInPopup", { appState: 1 })));
        });
      }, options);
      const told = page.waitForEvent("console");
      await page.goto(`${setting.pages.url}/`);
      const error = assertError(JSON.parse((await told).text()), "CallbackError", "popup_blocked");
      assert.deepEqual([error.recovery, error.appState], ["retry", 1]);
      assert.equal((await app.call("getAgent")).value, null);
    }));

  it("opens its window within the user's click", () =>
    inTab(async ({ page }) => {
      const app = setting.app(page);
      await app.open();
      await app.create({ redirectUri: setting.relay() });
      await page.evaluate(() => globalThis.app.onClick("signInPopup"));
      // What `evaluate` did counts as a click for five seconds.
      await page.waitForTimeout(5500);
      const opened = page.waitForEvent("popup");
      await page.mouse.click(20, 20);
      await signIn(await opened, "ada");
      assert.equal((await page.evaluate(() => globalThis.app.clicked)).value.id, "usr_ada");
    }));
});
