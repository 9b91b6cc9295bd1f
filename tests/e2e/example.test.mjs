// @ts-check
// The example app as somebody who opens it sees it: Chromium, node-oidc-provider and its own login forms.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { start } from "wasm-oidc-example";
import { confirmSignOut, refuse, signIn } from "../op/provider.mjs";
import { fetchedBy } from "./app.mjs";
import { useBrowser } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

describe("the example app", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof start>>} */
  let example;
  before(async () => {
    example = await start({ port: 0 });
  });
  after(() => example?.close());
  beforeEach(() => forget());

  const provider = () => {
    assert.ok(example.provider);
    return example.provider;
  };
  const forget = () => void (provider().requests.length = 0);
  const fetched = () => fetchedBy(example.url, provider());

  /** @param {Page} page @param {import("../op/provider.mjs").Login} login */
  async function enter(page, login) {
    await page.goto(example.url);
    await page.getByRole("button", { name: "Sign in" }).click();
    await signIn(page, login);
    await page.getByTestId("signed-in").waitFor();
  }

  it("signs in by the provider's own login form and shows who it is", () =>
    inTab(async ({ page }) => {
      await page.goto(example.url);
      await page.getByTestId("signed-out").waitFor();
      assert.equal(await page.getByTestId("signed-in").isVisible(), false);
      await page.getByRole("button", { name: "Sign in" }).click();
      await signIn(page, "ada");
      await page.getByTestId("signed-in").waitFor();
      assert.equal(await page.getByTestId("agent-name").textContent(), "Ada Lovelace");
      assert.equal(await page.getByTestId("agent-id").textContent(), "usr_ada");
      assert.equal(await page.getByTestId("agent-type").textContent(), "user");
      assert.equal(await page.getByTestId("agent-email").textContent(), "ada@example.com, verified");
      assert.match((await page.getByTestId("agent-expires").textContent()) ?? "", /^[45]:\d\d left/);
      const engines = page.getByTestId("organization-org_engines");
      assert.equal(await engines.getByRole("heading").textContent(), "Analytical Engines");
      assert.deepEqual(await engines.getByLabel("Roles").getByRole("listitem").allTextContents(), ["owner", "admin", "member"]);
      const society = page.getByTestId("organization-org_society");
      assert.deepEqual(await society.getByLabel("Scopes").getByRole("listitem").allTextContents(), ["member", "library:read"]);
      assert.deepEqual(await society.getByLabel("Roles").getByRole("listitem").allTextContents(), ["member"]);
      assert.equal(page.url(), `${example.url}/`);
    }));

  it("answers what one may do in which organization while the question is typed", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      /** @param {string} action @param {string} resource @param {string} organization */
      const ask = async (action, resource, organization) => {
        await page.getByLabel("Action").fill(action);
        await page.getByLabel("Resource").fill(resource);
        await page.getByLabel("Organization", { exact: true }).selectOption({ label: organization });
        return page.getByTestId("access-answer").textContent();
      };
      assert.equal(await ask("write", "projects.tasks", "Analytical Engines"), "Allowed");
      assert.match((await page.getByTestId("access-code").textContent()) ?? "", /hasAccessIn\("org_engines", "write", "projects\.tasks"\)/);
      assert.equal(await ask("write", "projects.tasks", "Royal Society"), "Denied");
      assert.equal(await ask("read", "library", "Royal Society"), "Allowed");
      assert.equal(await ask("write", "library", "Royal Society"), "Denied");
      assert.equal(await ask("read", "billing", "Analytical Engines"), "Allowed");
      assert.equal(await ask("write", "billing", "Analytical Engines"), "Denied");
      assert.equal(await ask("delete", "users", "Analytical Engines"), "Allowed");
      assert.equal(await ask("delete", "users.invitations", "Analytical Engines"), "Denied");
      assert.equal(await ask("read", "library", "any organization"), "Allowed");
      assert.equal(await ask("*", "projects", "Analytical Engines"), "Denied");
    }));

  it("says which scope of which organization grants it, and that none does", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      const reason = page.getByTestId("access-reason");
      assert.equal(await reason.textContent(), "because of projects:** in Analytical Engines");
      await page.getByLabel("Resource").fill("library");
      assert.equal(await reason.textContent(), "because no scope grants it");
      await page.getByLabel("Action").fill("read");
      await page.getByLabel("Organization", { exact: true }).selectOption({ label: "any organization" });
      assert.equal(await reason.textContent(), "because of library:read in Royal Society");
    }));

  it("shows what one may do in an organization as a table, each cell with what grants it", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      const texts = () => page.getByTestId("matrix").locator("td").allTextContents();
      const row = (/** @type {string[]} */ ...cells) => cells.map((scope) => (scope === "" ? "✕" : `✓${scope}`));
      assert.deepEqual(await texts(), [
        ...row("projects:**", "projects:**", "projects:**"),
        ...row("projects:**", "projects:**", "projects:**"),
        ...row("users:*", "users:*", "users:*"),
        ...row("", "", ""),
        ...row("billing:read", "", ""),
        ...row("", "", ""),
      ]);
      await page.getByRole("button", { name: "read billing: allowed by billing:read" }).click();
      assert.equal(await page.getByTestId("access-answer").textContent(), "Allowed");
      assert.match((await page.getByTestId("access-code").textContent()) ?? "", /"read", "billing"/);
      await page.getByLabel("Organization", { exact: true }).selectOption({ label: "Royal Society" });
      assert.deepEqual(await texts(), [...Array(15).fill("✕"), ...row("library:read", "", "")]);
      assert.equal(await page.getByTestId("access-answer").textContent(), "Denied");
      assert.equal(await page.getByTestId("agent-roles").textContent(), "none");
    }));

  it("stays signed in over a reload and asks the provider for nothing", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      forget();
      await page.reload();
      await page.getByTestId("signed-in").waitFor();
      assert.equal(await page.getByTestId("agent-name").textContent(), "Ada Lovelace");
      assert.deepEqual(provider().requests, []);
    }));

  it("calls the API with the access token, which decides by itself who may write", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/status of 403 .*\/api\/tasks/);
      await enter(page, "ben");
      await page.getByRole("button", { name: "Read tasks" }).click();
      const status = page.getByTestId("api-status");
      await status.waitFor();
      assert.equal(await status.textContent(), "GET /api/tasks answered 200");
      assert.equal(await page.getByTestId("api-answer").getByRole("listitem").count(), 3);
      await page.getByRole("button", { name: "Add task" }).click();
      await page.getByText("POST /api/tasks answered 403").waitFor();
      assert.equal(await status.getAttribute("data-outcome"), "refused");
    }));

  it("renews the tokens when asked, by one request, and goes on with the new ones", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      const before = await storedTokens(page);
      forget();
      const answered = page.waitForResponse(`${example.issuer}/token`);
      await page.getByRole("button", { name: "Refresh tokens" }).click();
      await answered;
      await page.waitForFunction((old) => !JSON.stringify({ ...localStorage }).includes(old), before.access_token);
      const after = await storedTokens(page);
      assert.notEqual(after.access_token, before.access_token);
      assert.notEqual(after.refresh_token, before.refresh_token);
      assert.deepEqual(fetched(), ["POST /token"]);
      await page.getByRole("button", { name: "Read tasks" }).click();
      await page.getByText("GET /api/tasks answered 200").waitFor();
      await page.reload();
      await page.getByTestId("signed-in").waitFor();
    }));

  it("signs out here and at the provider, and leaves no token behind [L1, X26]", () =>
    inTab(async ({ page }) => {
      await enter(page, "ada");
      const { access_token, refresh_token, id_token } = await storedTokens(page);
      await page.getByRole("button", { name: "Sign out" }).click();
      await confirmSignOut(page);
      await page.waitForURL(`${example.url}/`);
      await page.getByTestId("signed-out").waitFor();
      const left = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
      for (const token of [access_token, refresh_token, id_token]) assert.equal(left.includes(token), false);
      assert.doesNotMatch(left, /wasm-oidc:session:/);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByLabel("Password").waitFor();
    }));

  it("signs in in a window of its own, and other tabs follow it in and out", () =>
    inTab(async ({ page, context }) => {
      await page.goto(example.url);
      const other = await context.newPage();
      await other.goto(example.url);
      await other.getByTestId("signed-out").waitFor();
      const opened = page.waitForEvent("popup");
      await page.getByRole("button", { name: "In a window of its own" }).click();
      await signIn(await opened, "ada");
      await page.getByTestId("signed-in").waitFor();
      await other.getByTestId("signed-in").waitFor();
      await other.getByText("Signed in in another tab").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await other.getByTestId("signed-out").waitFor();
      await confirmSignOut(page);
      await page.waitForURL(`${example.url}/`);
    }));

  it("tells that the user said no, and lets them try again", () =>
    inTab(async ({ page }) => {
      await page.goto(example.url);
      await page.getByRole("button", { name: "Sign in" }).click();
      await refuse(page);
      await page.getByTestId("problem").waitFor();
      assert.equal(await page.getByTestId("problem-class").textContent(), "AccessDeniedError");
      assert.equal(await page.getByTestId("problem-code").textContent(), "access_denied");
      assert.equal(await page.getByTestId("signed-out").isVisible(), true);
      assert.equal(new URL(page.url()).search, "");
      assert.deepEqual(fetched().filter((request) => request !== "GET /.well-known/openid-configuration"), []);
      await page.getByRole("button", { name: "Sign in again" }).click();
      await signIn(page, "ada");
      await page.getByTestId("signed-in").waitFor();
      assert.equal(await page.getByTestId("problem").isVisible(), false);
    }));
});

/** @param {Page} page @returns {Promise<{access_token: string, refresh_token: string, id_token: string}>} */
async function storedTokens(page) {
  const text = await page.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("wasm-oidc:session:"));
    return key && localStorage.getItem(key);
  });
  assert.ok(text, "the session is stored");
  const { tokens } = JSON.parse(text);
  for (const name of ["access_token", "refresh_token", "id_token"]) assert.ok(tokens[name], name);
  return tokens;
}
