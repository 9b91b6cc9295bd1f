// @ts-check
// An example in Chromium: the page, its buttons, the provider's pages, and back.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { signIn } from "../op/provider.mjs";
import { useBrowser } from "../e2e/browser.mjs";
import { asReadmeSays, startSetting } from "./examples.mjs";

/** @type {import("./examples.mjs").Setting} */
let setting;
/** @type {import("./examples.mjs").Running | undefined} */
let running;
before(async () => {
  setting = await startSetting();
  running = await asReadmeSays("Express")(setting);
});
after(() => running?.stop());

const inTab = useBrowser();

it("signs in and out by the buttons of the page, which no token ever reaches", () =>
  inTab(async ({ page, context }) => {
    await page.goto(setting.origin);
    await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "ada");
    await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    assert.equal(page.url(), `${setting.origin}/`);

    const cookies = await context.cookies(setting.origin);
    const own = cookies.filter(({ name }) => name.startsWith("wasm-oidc"));
    assert.ok(own.length > 0 && own.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Lax"), JSON.stringify(own));
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.doesNotMatch(await page.content(), /eyJ/);

    await page.getByRole("button", { name: "Sign out" }).click();
    // The provider asks whether its own session shall end too.
    await page.getByRole("button", { name: "Sign out", exact: true }).and(page.locator(".primary")).click();
    await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
    assert.equal(page.url(), `${setting.origin}/`);
  }));
