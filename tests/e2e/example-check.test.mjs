// @ts-check
// The example's view of a token, as somebody who looks at one sees it: Chromium and the demo provider.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "wasm-oidc-example";
import { signIn } from "../op/provider.mjs";
import { useBrowser } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

describe("the example's view of a token", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof start>>} */
  let example;
  before(async () => {
    example = await start({ port: 0 });
  });
  after(() => example?.close());

  /** @param {Page} page */
  async function enter(page) {
    await page.goto(example.url);
    await page.getByRole("button", { name: "Sign in" }).click();
    await signIn(page, "ada");
    await page.getByTestId("signed-in").waitFor();
  }

  /** @param {Page} page @param {string} token */
  async function check(page, token) {
    await page.getByLabel(/^An ID token/).fill(token);
    await page.getByRole("button", { name: "Check it" }).click();
  }

  /** @param {Page} page @returns {Promise<(string | null)[]>} */
  const outcomes = (page) =>
    page.getByTestId("check-report").locator(".steps > li").evaluateAll((items) => items.map((item) => item.getAttribute("data-outcome")));

  it("shows six passed steps, the claims with verdicts, the key and the time of the own ID token", () =>
    inTab(async ({ page }) => {
      await enter(page);
      /** @type {string[]} */
      const loaded = [];
      page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
      await page.getByRole("button", { name: "Check my ID token" }).click();
      await page.getByText("A valid ID token").waitFor();
      assert.deepEqual(await outcomes(page), Array(6).fill("passed"));
      assert.equal(await page.getByTestId("step-verify_signature").locator(".message").textContent(), "the signature is right: RS256 with this key");
      const claims = page.getByTestId("check-claims");
      assert.match((await claims.locator('[data-claim="aud"]').textContent()) ?? "", /wasm-oidc-example.*names the expected audience/);
      assert.match((await claims.locator('[data-claim="exp"]').textContent()) ?? "", /expires in \d+ s/);
      assert.match((await claims.locator('[data-claim="organizations"]').textContent()) ?? "", /org_engines.*not judged/s);
      assert.match((await page.getByTestId("check-key").textContent()) ?? "", /TypeRSASize2048 bitsAlgorithmRS256.*SHA-256[0-9a-f]{64}/);
      assert.match((await page.getByTestId("check-pem").textContent()) ?? "", /^-----BEGIN PUBLIC KEY-----\n[\s\S]+-----END PUBLIC KEY-----\n$/);
      const times = page.getByTestId("check-times");
      assert.equal(await times.getAttribute("data-now"), "inside");
      assert.match((await times.textContent()) ?? "", /issued.*expires in 59 minutes/);
      // What only looks is loaded by looking.
      assert.ok(loaded.some((path) => /tools.*\.wasm$/.test(path)), loaded.join());
    }));

  it("says which step fails for a changed token, and what could not run", () =>
    inTab(async ({ page }) => {
      await enter(page);
      await page.getByRole("button", { name: "Check my ID token" }).click();
      await page.getByText("A valid ID token").waitFor();
      const token = await page.getByLabel(/^An ID token/).inputValue();
      const [head, payload, signature] = token.split(".");

      await check(page, `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`);
      await page.getByText("Not valid").waitFor();
      assert.deepEqual(await outcomes(page), ["passed", "passed", "passed", "passed", "failed", "passed"]);
      assert.match((await page.getByTestId("check-error").textContent()) ?? "", /^the signature is not one of this key/);

      const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
      const past = { ...claims, iss: "https://elsewhere.example.com", iat: 1_000_000, exp: 1_000_300 };
      await check(page, `${head}.${Buffer.from(JSON.stringify(past)).toString("base64url")}.${signature}`);
      await page.getByText("the token is of another issuer").first().waitFor();
      assert.deepEqual(await outcomes(page), ["passed", "failed", "skipped", "skipped", "skipped", "failed"]);
      assert.equal(await page.getByTestId("check-times").getAttribute("data-now"), "outside");
      assert.match((await page.getByTestId("check-claims").locator('[data-claim="exp"]').textContent()) ?? "", /expired \d+ s ago/);

      await check(page, "  <b>no token</b> ");
      await page.getByText("the text is not a JWT").first().waitFor();
      assert.deepEqual(await outcomes(page), ["failed", ...Array(5).fill("skipped")]);
      assert.equal(await page.getByTestId("check-claims").count(), 0);
    }));

  it("keeps a token out of the console, the address and the stores, and forgets it with the session", () =>
    inTab(async ({ page }) => {
      /** @type {string[]} */
      const said = [];
      page.on("console", (message) => said.push(message.text()));
      await enter(page);
      const canary = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"canary":1}').toString("base64url")}.`;
      await check(page, canary);
      await page.getByText("Not valid").waitFor();
      const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
      assert.ok(![...said, stored].some((text) => text.includes(canary)));
      await page.evaluate(() => localStorage.clear());
      await page.reload();
      assert.equal(await page.getByLabel(/^An ID token/).inputValue(), "");
      assert.equal(await page.getByTestId("check-report").textContent(), "");
    }));

  it("fits a narrow window, in light and in dark", () =>
    inTab(async ({ page }) => {
      await page.setViewportSize({ width: 360, height: 800 });
      await enter(page);
      // Once: a second check replaces the report while it is measured.
      await page.getByRole("button", { name: "Check my ID token" }).click();
      await page.getByText("A valid ID token").waitFor();
      for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
        await page.emulateMedia({ colorScheme });
        const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(content <= width, `${content} of ${width} pixels`);
        const [bar, now] = await Promise.all([".bar-of-time", '[data-mark="now"] > span'].map((part) => page.locator(part).boundingBox()));
        assert.ok(bar && now && now.height < 30 && now.x >= bar.x - now.width && now.x <= bar.x + bar.width, JSON.stringify([bar, now]));
      }
    }));
});
