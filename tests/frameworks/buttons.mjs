// @ts-check
// In a browser: the buttons of an example's page, the provider's pages, and back.
import assert from "node:assert/strict";
import { signIn } from "../op/provider.mjs";

/**
 * @param {import("playwright-core").Page} page
 * @param {string} origin of the example
 */
export async function signInAndOut(page, origin) {
  await page.goto(origin);
  await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, "ada");
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  assert.equal(page.url(), `${origin}/`);

  const own = (await page.context().cookies(origin)).filter(({ name }) => name.startsWith("wasm-oidc"));
  assert.ok(own.length > 0 && own.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Lax"), JSON.stringify(own));
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.doesNotMatch(await page.content(), /eyJ/, "no token is in the page");

  const leave = page.getByRole("button", { name: "Sign out", exact: true });
  // The provider asks whether its own session shall end too.
  const confirmed = leave.and(page.locator(".primary"));
  // A button of React's does nothing before its script has run.
  do await leave.click();
  while (!(await confirmed.waitFor({ timeout: 3000 }).then(() => true, () => new URL(page.url()).origin !== origin)));
  await confirmed.click();
  await page.getByRole("heading", { name: "Nobody is signed in" }).waitFor();
  assert.equal(page.url(), `${origin}/`);
}
