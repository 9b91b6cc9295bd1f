// @ts-check
// Chromium and Firefox by one driver, for tests that each of them has to pass. A tab that logs an error of its own, or in
// which an exception stays uncaught, fails its test.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import puppeteer from "puppeteer-core";
import { chromiumFlags, findChromium } from "../e2e/browser.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {"Chromium" | "Firefox"} BrowserName */

/** Milliseconds until something that a test waits for counts as missing; the machine may be busy. */
const PATIENCE = 20_000;

/**
 * @typedef {object} Profile shares cookies, `localStorage`, locks and channels with nobody
 * @property {() => Promise<Page>} newTab
 * @property {(page: Page) => Page} watch counts the errors of a tab that a page opened
 */

/**
 * The same tests in each browser.
 *
 * @param {string} title
 * @param {(inProfile: (body: (profile: Profile) => Promise<void>) => Promise<void>, browser: BrowserName) => void} tests
 * @param {{storage?: "blocked", browsers?: BrowserName[]}} [settings] `storage: "blocked"`: as somebody set it who lets no
 *   site keep anything; `browsers`: only these, where another suite has the others
 */
export function inEachBrowser(title, tests, settings = {}) {
  for (const name of settings.browsers ?? /** @type {const} */ (["Chromium", "Firefox"])) {
    describe(`${title}, in ${name}`, () => {
      /** @type {Awaited<ReturnType<typeof launch>>} */
      let running;
      before(async () => {
        running = await launch(name, settings);
      });
      after(() => running?.close());
      tests((body) => inProfile(running.browser, settings.storage === "blocked", body), name);
    });
  }
}

/**
 * @param {import("puppeteer-core").Browser} browser
 * @param {boolean} isSet whether the browser's own profile has the settings that the test is about
 * @param {(profile: Profile) => Promise<void>} body
 */
async function inProfile(browser, isSet, body) {
  const context = isSet ? browser.defaultBrowserContext() : await browser.createBrowserContext();
  /** @type {string[]} */
  const errors = [];
  /** @param {Page} page */
  const watch = (page) => {
    page.setDefaultTimeout(PATIENCE);
    page.on("console", (message) => {
      // Chromium says so of every answer that is not a good one; Firefox never does.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(message.text());
    });
    page.on("pageerror", (error) => {
      const text = error instanceof Error ? error.message : String(error);
      // Firefox says so of every request that got no answer.
      if (!text.startsWith("Cross-Origin Request Blocked")) errors.push(`uncaught: ${text}`);
    });
    return page;
  };
  /** @type {Page[]} */
  const opened = [];
  const newTab = async () => {
    const page = watch(await context.newPage());
    opened.push(page);
    return page;
  };
  try {
    await body({ newTab, watch });
  } finally {
    if (isSet) await Promise.all(opened.map((page) => page.close()));
    else await context.close();
  }
  assert.deepEqual(errors, [], "the console says no error");
}

/** @param {BrowserName} name @param {{storage?: "blocked"}} settings */
async function launch(name, settings) {
  const profile = mkdtempSync(join(tmpdir(), "wasm-oidc-browser-"));
  const blocked = settings.storage === "blocked";
  const browser = await (name === "Chromium" ? launchChromium(profile, blocked) : launchFirefox(profile, blocked));
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @param {string} profile @param {boolean} blocked */
function launchChromium(profile, blocked) {
  if (blocked) {
    mkdirSync(join(profile, "Default"));
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
    writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  }
  return puppeteer.launch({
    browser: "chrome",
    executablePath: findChromium(),
    args: chromiumFlags,
    userDataDir: profile,
  });
}

/** @param {string} profile @param {boolean} blocked */
function launchFirefox(profile, blocked) {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: findFirefox(),
    userDataDir: profile,
    extraPrefsFirefox: blocked ? { "network.cookie.cookieBehavior": 2 } : {},
  });
}

function findFirefox() {
  const places = process.env.FIREFOX ? [process.env.FIREFOX] : ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
  const found = places.find((place) => existsSync(place));
  assert.ok(found, `Firefox is needed and is not at ${places.join(" or ")}; FIREFOX can say where it is`);
  return found;
}
