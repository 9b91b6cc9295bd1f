// @ts-check
// Chromium for the end-to-end tests. A tab that logs an error, or in which an exception stays uncaught, fails its test.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

/** Milliseconds until something that a test waits for counts as missing; the machine may be busy. */
const PATIENCE = 15_000;

/** What keeps Chromium from sandboxing, asking and calling home. */
export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * @typedef {object} Tab
 * @property {import("playwright-core").Page} page
 * @property {import("playwright-core").BrowserContext} context shares cookies and `localStorage` with nobody
 * @property {(...patterns: RegExp[]) => void} expectErrors what the console has to say in this test, and nothing else
 */

/**
 * A browser for the tests of a file.
 *
 * @param {import("playwright-core").LaunchOptions} [options] beside those of every test
 * @returns {(body: (tab: Tab) => Promise<void>) => Promise<void>} runs a test in a tab of a new profile
 */
export function useBrowser({ args = [], ...options } = {}) {
  /** @type {import("playwright-core").Browser} */
  let browser;
  const launch = async () => {
    browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumFlags, ...args], ...options });
  };
  before(launch);
  after(() => browser?.close());

  /**
   * Closes a profile. Chromium now and then never answers when one is closed in the middle of a navigation to another
   * site: then the browser goes too, and the next test gets a new one.
   *
   * @param {import("playwright-core").BrowserContext} context
   */
  async function close(context) {
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, "late").unref());
    if ((await Promise.race([context.close(), late])) !== "late") return;
    await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
    await launch();
  }

  return async (body) => {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    /** @type {string[]} */
    const errors = [];
    context.on("console", (message) => {
      if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (thrown) => errors.push(`uncaught: ${thrown.error().stack ?? thrown.error()}`));
    /** @type {RegExp[]} */
    const expected = [];
    try {
      await body({ page: await context.newPage(), context, expectErrors: (...patterns) => void expected.push(...patterns) });
    } finally {
      await close(context);
    }
    const unexpected = errors.filter((error) => !expected.some((pattern) => pattern.test(error)));
    assert.deepEqual(unexpected, [], "the console says no error that the test does not expect");
    const missing = expected.filter((pattern) => !errors.some((error) => pattern.test(error)));
    assert.deepEqual(missing, [], "the console says every error that the test expects");
  };
}

export function findChromium() {
  const places = process.env.CHROMIUM ? [process.env.CHROMIUM] : ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
  const found = places.find((place) => existsSync(place));
  assert.ok(found, `Chromium is needed and is not at ${places.join(" or ")}; CHROMIUM can say where it is`);
  return found;
}
