// @ts-check
// The example with Next.js, built and started.
import assert from "node:assert/strict";
import { it } from "node:test";
import { useBrowser } from "../e2e/browser.mjs";
import { signInAndOut } from "./buttons.mjs";
import { describeExample, run, runToEnd } from "./examples.mjs";
import { Visitor } from "./visitor.mjs";

const start = async (/** @type {import("./examples.mjs").Setting} */ setting) => {
  await runToEnd("next build", setting, "www-example/nextjs");
  return run(`next start -H 127.0.0.1`, setting, "www-example/nextjs");
};

/** @param {{ setting: import("./examples.mjs").Setting }} at */
const more = (at) => {
  it("sends people to sign in who open a page that is not for everybody, and back to it", async () => {
    const page = `${at.setting.origin}/tasks`;
    const visitor = new Visitor();
    const tasks = await visitor.open(page, "ada");
    assert.equal(tasks.url, page);
    assert.match(tasks.text, /Ada Lovelace may read and write them/);
  });

  const inTab = useBrowser();
  it("signs in and out by the buttons of the page in Chromium", () => inTab(({ page }) => signInAndOut(page, at.setting.origin)));
};

describeExample("the example with Next.js", start, { showsOneHeader: true, more });
