// @ts-check
// Signing in silently: what the provider's session, its headers and the browser's cookies make of a hidden frame.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { signIn } from "../op/provider.mjs";
import { assertError } from "./app.mjs";
import { useSetting } from "./beside.mjs";
import { chromiumFlags, findChromium, useBrowser } from "./browser.mjs";

/** How long a frame is given, in seconds, where a test wants none to answer. */
const SHORT = 2;

/**
 * A client in a page of the app.
 *
 * @param {ReturnType<typeof useSetting>} setting
 * @param {import("playwright-core").Page} page
 * @param {Record<string, unknown>} [options]
 */
async function start(setting, page, options = {}) {
  const app = setting.app(page);
  await app.open();
  assert.equal((await app.create({ redirectUri: setting.relay(), ...options })).error, undefined);
  return app;
}

/** Signs in at the provider, in a window of its own. @param {ReturnType<typeof useSetting>} setting @param {import("playwright-core").Page} page @param {"ada" | "ben"} login */
async function signInAtProvider(setting, page, login) {
  const app = await start(setting, page, { storage: "memory" });
  const opened = page.waitForEvent("popup");
  const outcome = app.call("signInPopup");
  await signIn(await opened, login);
  assert.equal((await outcome).value.id, `usr_${login}`);
}

/** How many frames are in the page. @param {import("playwright-core").Page} page */
const frames = (page) => page.locator("iframe").count();

describe("signInSilent", () => {
  const inTab = useBrowser();
  const setting = useSetting();
  beforeEach(() => {
    setting.gate.set();
    setting.provider.requests.length = 0;
  });

  it("gives the agent who is signed in at the provider, and leaves no frame", () =>
    inTab(async ({ page }) => {
      await signInAtProvider(setting, page, "ada");
      for (const redirectUri of [setting.relay(), setting.popped()]) {
        const app = await start(setting, page, { redirectUri, storage: "memory" });
        assert.equal((await app.call("getAgent")).value, null);
        assert.equal((await app.call("signInSilent", { appState: 7 })).value.id, "usr_ada");
        const [told] = await app.events();
        assert.deepEqual([told.type, /** @type {any} */ (told).appState], ["signedin", 7]);
        assert.equal(await frames(page), 0);
        assert.equal(page.url(), `${setting.pages.url}/`);
      }
    }));

  it("is refused with LoginRequiredError where nobody is, and gives null where that is expected", () =>
    inTab(async ({ page }) => {
      const app = await start(setting, page);
      const error = assertError(await app.call("signInSilent", { appState: "kept" }), "LoginRequiredError", "login_required");
      assert.equal(error.appState, "kept");
      assert.deepEqual(await app.call("signInSilent", { ifAvailable: true }), { value: null });
      assert.equal(await frames(page), 0);
      assert.equal(setting.tokenRequests(), 0);
      assert.deepEqual(await app.events(), []);
    }));

  it("asks for the user of the session, and leaves that session when the provider has another one", () =>
    inTab(async ({ page, context }) => {
      await signInAtProvider(setting, page, "ada");
      const app = await start(setting, page);
      assert.equal((await app.call("signInSilent")).value.id, "usr_ada");
      await context.clearCookies();
      const stored = await app.stored();
      assertError(await app.call("signInSilent"), "LoginRequiredError", "login_required");
      assert.deepEqual(await app.stored(), stored);
      await signInAtProvider(setting, page, "ben");
      const again = await start(setting, page);
      assert.equal((await again.call("getAgent")).value.id, "usr_ada");
      assertError(await again.call("signInSilent"), "LoginRequiredError", "login_required");
      assert.equal((await again.call("getAgent")).value.id, "usr_ada");
      assert.deepEqual((await again.events()).filter(({ type }) => type === "signedout"), []);
    }));

  it("answers calls at the same time with one frame, and others one after the other", () =>
    inTab(async ({ page }) => {
      await signInAtProvider(setting, page, "ada");
      const app = await start(setting, page);
      setting.provider.requests.length = 0;
      const asked = () => setting.provider.requests.filter(({ path }) => path === "/auth").length;
      const once = await page.evaluate(() => globalThis.app.silentlyAtOnce([{}, {}, {}]));
      assert.deepEqual([once.isOneAgent, once.mostFrames, asked(), setting.tokenRequests()], [true, 1, 1, 1]);
      const twice = await page.evaluate(() => globalThis.app.silentlyAtOnce([{}, { maxAge: 1000 }]));
      assert.deepEqual([twice.mostFrames, asked(), setting.tokenRequests()], [1, 3, 3]);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
    }));

  it("remembers for the page that no frame answered, until it is told to try again [X29]", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/Refused to (display|frame)|X-Frame-Options|chromewebdata|frame-ancestors/);
      setting.gate.set({ headers: { "x-frame-options": "DENY", "content-security-policy": "frame-ancestors 'none'" } });
      const options = { ...setting.gated(), callbackTimeoutSeconds: SHORT };
      const app = await start(setting, page, options);
      const error = assertError(await app.call("signInSilent", { appState: 1 }), "TimeoutError", "silent_blocked");
      assert.deepEqual([error.recovery, error.appState], ["reauthenticate", 1]);
      assert.equal(await frames(page), 0);
      assert.equal(setting.gate.visits(), 1);
      const begun = Date.now();
      assertError(await app.call("signInSilent"), "TimeoutError", "silent_blocked");
      assert.deepEqual(await app.call("signInSilent", { ifAvailable: true }), { value: null });
      // Another client object of the same app in this page knows it too.
      await app.create({ redirectUri: setting.relay(), ...options });
      assertError(await app.call("signInSilent"), "TimeoutError", "silent_blocked");
      assert.ok(Date.now() - begun < SHORT * 1000);
      assert.equal(setting.gate.visits(), 1);
      setting.gate.set();
      assertError(await app.call("signInSilent", { force: true }), "LoginRequiredError", "login_required");
      assert.equal(setting.gate.visits(), 1);
    }));

  it("ends nothing by being blocked: the session goes on [X29]", () =>
    inTab(async ({ page }) => {
      await signInAtProvider(setting, page, "ada");
      setting.gate.set({ leadsOn: false });
      const app = await start(setting, page);
      assert.equal((await app.call("signInSilent")).value.id, "usr_ada");
      await app.create({ redirectUri: setting.relay(), ...setting.gated(), callbackTimeoutSeconds: SHORT });
      const stored = await app.stored();
      assertError(await app.call("signInSilent"), "TimeoutError", "silent_blocked");
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
      assert.deepEqual(await app.stored(), stored);
    }));

  it("takes no prompt, and ends with the reason of an AbortSignal", () =>
    inTab(async ({ page }) => {
      setting.gate.set({ leadsOn: false });
      const app = await start(setting, page, { ...setting.gated() });
      const error = assertError(await app.call("signInSilent", { prompt: "none" }), "ConfigurationError", "invalid_option");
      assert.match(error.message, /prompt/);
      const aborted = await page.evaluate(() => globalThis.app.callAborted("signInSilent", {}, 300));
      assert.equal(aborted.error.name, "AbortError");
      assert.equal(await frames(page), 0);
      const asked = app.call("signInSilent");
      await page.locator("iframe").waitFor({ state: "attached" });
      await app.call("dispose");
      assertError(await asked, "ConfigurationError", "disposed");
      assert.equal(await frames(page), 0);
    }));
});

/**
 * Chromium with a profile of its own, whose settings hold: in a window of the usual tests, as in a private one, cookies of
 * other sites are blocked whatever is set.
 *
 * @param {boolean} blocks third-party cookies
 * @param {(page: import("playwright-core").Page) => Promise<void>} body
 */
async function withCookies(blocks, body) {
  const profile = await mkdtemp(join(tmpdir(), "wasm-oidc-profile-"));
  try {
    await mkdir(join(profile, "Default"));
    const preferences = { profile: { cookie_controls_mode: blocks ? 1 : 0 } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
    const context = await chromium.launchPersistentContext(profile, { executablePath: findChromium(), args: chromiumFlags });
    try {
      await body(await context.newPage());
    } finally {
      await context.close();
    }
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}

describe("signInSilent at a provider on another site", () => {
  const setting = useSetting({ host: "localhost" });
  /** Signs in, with cookies as a provider has to set them for frames. @param {import("playwright-core").Page} page */
  async function signInForFrames(page) {
    await signInAtProvider(setting, page, "ada");
    const cookies = (await page.context().cookies()).filter(({ name }) => name.startsWith("_session"));
    assert.ok(cookies.length > 0);
    await page.context().addCookies(cookies.map((cookie) => ({ ...cookie, sameSite: "None", secure: true })));
  }

  it("gives the agent where the browser sends cookies", () =>
    withCookies(false, async (page) => {
      await signInForFrames(page);
      const app = await start(setting, page);
      const { value, error } = await app.call("signInSilent");
      assert.equal(value?.id, "usr_ada", error?.message);
    }));

  it("is LoginRequiredError, and no time-out, where the browser blocks them [X29]", () =>
    withCookies(true, async (page) => {
      await signInForFrames(page);
      const app = await start(setting, page);
      assertError(await app.call("signInSilent"), "LoginRequiredError", "login_required");
    }));
});
