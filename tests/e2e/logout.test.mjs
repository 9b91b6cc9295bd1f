// @ts-check
// A sign-out that goes to the provider and comes back, by URL and by form.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { confirmSignOut, signIn, startTestProvider } from "../op/provider.mjs";
import { appIn } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("a sign-out", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  before(async () => {
    pages = await startPages();
    const bye = `${pages.url}/bye`;
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`], postLogoutRedirectUris: [bye] });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });

  for (const method of ["get", "post"]) {
    it(`by ${method} is told once when the user comes back, and leaves the address bar clean [L1, L2]`, () =>
      inTab(async ({ page }) => {
        const app = appIn(page, { url: pages.url, issuer: provider.issuer });
        const options = { postLogoutRedirectUri: `${pages.url}/bye` };
        await app.open("/");
        await app.create(options);
        await app.call("signInRedirect").catch(() => {});
        await signIn(page, "ada");
        await page.waitForURL(`${pages.url}/callback?*`);
        await app.loaded();
        await app.create(options);
        assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");

        /** @type {string[]} */
        const posted = [];
        await page.route(`${provider.issuer}/session/end`, async (route) => {
          // The real provider takes posts only where its cookies are for third parties, which http does not have.
          const form = route.request().postData() ?? "";
          posted.push(route.request().method(), ...new URLSearchParams(form).keys());
          await route.fulfill({ status: 303, headers: { location: `${provider.issuer}/session/end?${form}` } });
        });
        // The page is left before the call can say so.
        await app.call("signOut", { method, appState: { tab: 3 } }).catch(() => {});
        await page.waitForURL(`${provider.issuer}/session/end?*`);
        const form = ["POST", "client_id", "id_token_hint", "post_logout_redirect_uri", "state"];
        assert.deepEqual(posted, method === "post" ? form : []);
        await confirmSignOut(page);
        await page.waitForURL(`${pages.url}/bye?state=*`);
        await app.loaded();
        await app.create(options);
        const told = { returnTo: `${pages.url}/bye`, appState: { tab: 3 } };
        assert.deepEqual((await app.call("handleLogoutCallback")).value, told);
        assert.equal(page.url(), `${pages.url}/bye`);
        assert.equal((await app.call("handleLogoutCallback")).value, null);
        assert.equal((await app.call("getAgent")).value, null);
      }));
  }
});
