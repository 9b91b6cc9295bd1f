// @ts-check
// The page that hands a response over tells its own origin and nobody else, whoever opened or framed it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { useSetting } from "./beside.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("a page that relays", () => {
  const inTab = useBrowser();
  const setting = useSetting();
  /** The pages of somebody else: another port is another origin. @type {Awaited<ReturnType<typeof startPages>>} */
  let foreign;
  before(async () => {
    foreign = await startPages();
  });
  after(() => foreign?.close());

  /**
   * What a page hears of a window and of a frame that it sends to the relaying page.
   *
   * @param {import("playwright-core").Page} page
   */
  async function heard(page) {
    const opened = page.waitForEvent("popup");
    await page.evaluate((url) => {
      const heard = /** @type {unknown[]} */ ([]);
      addEventListener("message", ({ data }) => heard.push(data));
      const channel = new BroadcastChannel("wasm-oidc:response:opened");
      channel.onmessage = ({ data }) => heard.push(data);
      const frame = document.createElement("iframe");
      frame.src = `${url}?code=canary&state=framed`;
      document.body.append(frame);
      window.open(`${url}?code=canary&state=opened`);
      Object.assign(window, { heard });
    }, setting.relay());
    const popup = await opened;
    // It closes itself when it has told whom it tells.
    if (!popup.isClosed()) await popup.waitForEvent("close");
    const frame = page.frames().find((one) => one.url().startsWith(setting.relay()));
    await frame?.waitForFunction(() => location.search === "");
    return page.evaluate(() => JSON.stringify(/** @type {any} */ (window).heard));
  }

  it("tells an opener and a parent of its own origin", () =>
    inTab(async ({ page }) => {
      await page.goto(setting.pages.url);
      const all = await heard(page);
      for (const state of ["framed", "opened"]) assert.ok(all.includes(`${setting.relay()}?code=canary&state=${state}`), all);
    }));

  it("tells a foreign opener and a foreign parent nothing [B15, W5, X28]", () =>
    inTab(async ({ page }) => {
      await page.goto(foreign.url);
      assert.equal(await heard(page), "[]");
    }));
});
