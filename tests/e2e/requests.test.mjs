// @ts-check
// How many requests a sign-in costs: what stands between the callback and the agent is what the user waits for.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestProvider } from "../op/provider.mjs";
import { appIn, fetchedBy } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("between callback and agent", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });

  it("three requests are sent by a client that knows nothing, two with the metadata, one with the keys", () =>
    inTab(async ({ page }) => {
      const app = appIn(page, { url: pages.url, issuer: provider.issuer });
      /** @param {RegExp} [forgotten] names of records that are not there any more when the user comes back */
      const cost = async (forgotten) => {
        await app.start();
        const callback = await app.callback();
        if (forgotten) await forget(page, forgotten);
        await app.open(callback);
        provider.requests.length = 0;
        assert.equal((await app.create()).error, undefined);
        assert.equal((await app.call("handleRedirectCallback")).value.agent.id, "usr_ada");
        return fetchedBy(pages.url, provider).sort();
      };

      const cold = await cost(/^wasm-oidc:metadata:/);
      await forget(page, /^wasm-oidc:(session|keys):/);
      const discoveryCached = await cost();
      await forget(page, /^wasm-oidc:session:/);
      const keysCached = await cost();

      assert.deepEqual(cold, ["GET /.well-known/openid-configuration", "GET /jwks", "POST /token"]);
      assert.deepEqual(discoveryCached, ["GET /jwks", "POST /token"]);
      assert.deepEqual(keysCached, ["POST /token"]);
      const [one, two, three] = [cold, discoveryCached, keysCached].map(({ length }) => length);
      console.log(`requests from callback to agent: cold ${one}, discovery cached ${two}, keys cached ${three}`);
    }));
});

/** @param {import("playwright-core").Page} page @param {RegExp} names */
async function forget(page, names) {
  const count = await page.evaluate((pattern) => {
    const gone = Object.keys(sessionStorage).filter((name) => new RegExp(pattern).test(name));
    for (const name of gone) sessionStorage.removeItem(name);
    return gone.length;
  }, names.source);
  assert.ok(count > 0, `there is a record called ${names}`);
}
