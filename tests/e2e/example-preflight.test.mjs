// @ts-check
// The example's look at its provider before anybody signs in: Chromium and the demo provider.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "wasm-oidc-example";
import { useBrowser } from "./browser.mjs";

describe("the example's look at its provider", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof start>>} */
  let example;
  before(async () => {
    example = await start({ port: 0 });
  });
  after(() => example?.close());

  it("shows each step with its outcome, and what to do where it is not right", () =>
    inTab(async ({ page, expectErrors }) => {
      // The preflight asks for nothing that is granted, and Chromium says so.
      expectErrors(/status of 400 .*\/token/, /status of 401 .*\/me/);
      await page.goto(example.url);
      await page.getByRole("button", { name: "Look at it from here" }).click();
      await page.getByText("People can sign in here. 1 warning.").waitFor();
      const outcomes = await page
        .getByTestId("preflight-report")
        .locator("li")
        .evaluateAll((items) => items.map((item) => item.getAttribute("data-outcome")));
      assert.equal(outcomes.length, 20);
      assert.equal(outcomes.filter((outcome) => outcome === "passed").length, 18);
      const exposed = page.getByTestId("preflight-exposed_headers");
      assert.equal(await exposed.getAttribute("data-outcome"), "warning");
      assert.match((await exposed.textContent()) ?? "", /Access-Control-Expose-Headers: .*Date/);
    }));

  it("says what is wrong with a provider that is down", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/ERR_FAILED|ERR_BLOCKED/);
      await page.goto(example.url);
      await page.getByTestId("signed-out").waitFor();
      await page.route(`${example.issuer}/**`, (route) => route.abort());
      await page.getByRole("button", { name: "Look at it from here" }).click();
      await page.getByText("Nobody can sign in like this.").waitFor();
      assert.equal(await page.getByTestId("preflight-reachability").getAttribute("data-outcome"), "failed");
    }));
});
