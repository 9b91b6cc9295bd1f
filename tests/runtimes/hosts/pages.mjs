// @ts-check
// Chromium, Firefox and WebKit, each by its driver: each life of the suite is a load of the page.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium as playwright } from "playwright-core";
import puppeteer from "puppeteer-core";

import { chromiumFlags, findChromium } from "../../e2e/browser.mjs";
import { demoUsers } from "../../op/provider.mjs";
import { startWebKit } from "./webkit.mjs";

/**
 * @typedef {object} Tab
 * @property {string} version
 * @property {(url: string) => Promise<unknown>} goto
 * @property {(expression: string) => Promise<any>} evaluate what the expression comes to, awaited
 * @property {() => Promise<unknown>} close
 */

/** Milliseconds until something that is waited for counts as missing; the machine may be busy. */
const PATIENCE = 60_000;

/**
 * @param {() => Promise<Tab>} open a tab of a new profile
 * @returns {() => Promise<import("./index.mjs").Host>}
 */
const page = (open) => async () => {
  const tab = await open();
  let isOpen = false;
  return {
    kind: "page",
    version: () => tab.version,
    async run(setting, life) {
      const { origin } = new URL(setting.redirectUri);
      // The second life is the reload that a person does; the page that somebody comes back to is there already.
      if (!isOpen || life.life === "leaving") await tab.goto(`${origin}/`);
      else if (life.life === "second") await reload(tab);
      isOpen = true;
      await until(tab, "typeof run === 'function'");
      const call = `run(${JSON.stringify(setting)}, ${JSON.stringify(life)})`;
      if (life.life !== "leaving") return tab.evaluate(call);
      await tab.evaluate(`void (globalThis.left = ${call})`);
      await signIn(tab, setting);
      return {};
    },
    close: () => tab.close(),
  };
};

/** What a person does with the button. @param {Tab} tab */
async function reload(tab) {
  await tab.evaluate("void (globalThis.isOld = true, setTimeout(() => location.reload(), 0))");
  await until(tab, "globalThis.isOld === undefined");
}

/** Ada signs in at the provider's page, and is back. @param {Tab} tab @param {import("../here.mjs").Setting} setting */
async function signIn(tab, { issuer, redirectUri }) {
  await until(tab, `location.origin === ${JSON.stringify(issuer)} && document.querySelector("[name=password]") !== null`);
  const ada = demoUsers.find(({ login }) => login === "ada");
  await tab.evaluate(`(() => {
    document.querySelector("[name=login]").value = "ada";
    document.querySelector("[name=password]").value = ${JSON.stringify(ada?.password)};
    setTimeout(() => document.querySelector("[name=password]").form.requestSubmit(), 0);
  })()`);
  await until(tab, `location.href.startsWith(${JSON.stringify(redirectUri)})`);
}

/** Asks until it is so; a page that is being left does not answer. @param {Tab} tab @param {string} expression */
async function until(tab, expression) {
  const deadline = Date.now() + PATIENCE;
  let last;
  while (Date.now() < deadline) {
    last = await tab.evaluate(expression).catch((error) => error);
    if (last === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const at = await tab.evaluate("`${location.href} ${globalThis.broken ?? ''}`").catch(String);
  throw new Error(`it did not come to: ${expression} (${last}, at ${at})`);
}

export const chromium = page(async () => {
  const browser = await playwright.launch({ executablePath: findChromium(), args: chromiumFlags });
  const tab = await browser.newPage();
  return { version: browser.version(), goto: (url) => tab.goto(url), evaluate: (text) => tab.evaluate(text), close: () => browser.close() };
});

export const firefox = page(async () => {
  const places = process.env.FIREFOX ? [process.env.FIREFOX] : ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
  const executablePath = places.find((place) => existsSync(place));
  assert.ok(executablePath, `Firefox is needed and is not at ${places.join(" or ")}; FIREFOX can say where it is`);
  const userDataDir = await mkdtemp(join(tmpdir(), "wasm-oidc-firefox-"));
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, userDataDir, protocolTimeout: 240_000 });
  const tab = await browser.newPage();
  tab.setDefaultTimeout(PATIENCE);
  return {
    version: (await browser.version()).split("/").at(-1) ?? "",
    goto: (url) => tab.goto(url),
    evaluate: (text) => tab.evaluate(text),
    async close() {
      await browser.close();
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
});

export const webkit = page(startWebKit);
