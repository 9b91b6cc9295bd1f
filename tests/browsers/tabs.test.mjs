// @ts-check
// Several tabs of one browser: one refresh for all of them, and what happens in one is known in the others.
import assert from "node:assert/strict";
import { it } from "node:test";
import { LONG_LIFE, becomes, holdRefresh, moveClock, useSetting } from "./setting.mjs";
import { inEachBrowser } from "./browsers.mjs";

const TABS = 10;
const CALLS = 20;

inEachBrowser("tabs", (inProfile, browser) => {
  const setting = useSetting();
  const types = (/** @type {import("./setting.mjs").App} */ app) =>
    app.events().then((events) => events.map(({ type, reason, source }) => [type, reason, source].filter(Boolean).join(" ")));

  for (const storage of ["local", "encrypted"]) {
    it(`send one refresh and get ${TABS * CALLS} good answers from an expired token in ${storage} storage`, () =>
      inProfile(async ({ newTab }) => {
        // A 401 is not to be repaired here: whoever sends the old token has failed.
        const options = { storage, retryOn401: false };
        const pages = await Promise.all(Array.from({ length: TABS }, newTab));
        await Promise.all(pages.map((page) => moveClock(page, 0)));
        const first = await setting.start(pages[0], options);
        await setting.signIn(first);
        const { value: old } = await first.call("getAccessToken");
        const others = await Promise.all(pages.slice(1).map((page) => setting.start(page, options)));
        const apps = [first, ...others];
        for (const app of apps) assert.equal((await app.signedIn()).id, "usr_ada");

        // Expired for the provider, and by the clock of every page at the moment of its calls: no timer is first.
        await (await setting.provider.provider.AccessToken.find(old))?.destroy();
        const at = Date.now() + 500;
        const answers = await Promise.all(
          pages.map((page) => page.evaluate(callWhenExpired, CALLS, `${setting.issuer}/me`, at, LONG_LIFE + 1)),
        );
        const good = answers.flat().filter((status) => status === 200).length;
        console.log(`${browser}, ${storage}: ${TABS} tabs x ${CALLS} calls: ${setting.sent()} refresh, ${good} good answers`);
        assert.deepEqual(new Set(answers.flat()), new Set([200]));
        assert.equal(good, TABS * CALLS);
        assert.deepEqual([setting.sent(), setting.refreshes()], [1, 1]);

        const tokens = new Set((await Promise.all(apps.map((app) => app.call("getAccessToken")))).map(({ value }) => value));
        assert.equal(tokens.size, 1);
        assert.ok(!tokens.has(old));
        assert.equal(setting.sent(), 1);
      }));
  }

  it("that were duplicated send a refresh token once, and the other is handed what it brought", () =>
    inProfile(async ({ newTab, watch }) => {
      const options = { storage: "session" };
      const app = await setting.start(await newTab(), options);
      await setting.signIn(app);
      const copy = await duplicate(app, watch, options);
      assert.equal((await copy.signedIn()).id, "usr_ada");
      const [one, other] = await Promise.all([app.call("refresh"), copy.call("refresh")]);
      assert.deepEqual([one.value?.id, other.value?.id], ["usr_ada", "usr_ada"], JSON.stringify([one, other]));
      const tokens = await Promise.all([app.call("getAccessToken"), copy.call("getAccessToken")]);
      assert.equal(tokens[0].value, tokens[1].value);
      assert.deepEqual([setting.sent(), setting.refreshes()], [1, 1]);

      // And again: the one that was handed the tokens goes on with them.
      assert.equal((await copy.call("refresh")).value?.id, "usr_ada");
      assert.equal((await app.call("refresh")).value?.id, "usr_ada");
      assert.equal(setting.sent(), setting.refreshes());
    }));

  it("that was duplicated later never sends a refresh token that its twin has spent", () =>
    inProfile(async ({ newTab, watch }) => {
      const options = { storage: "session" };
      const app = await setting.start(await newTab(), options);
      await setting.signIn(app);
      const copy = await duplicate(app, watch, options);
      assert.equal((await app.call("refresh")).value?.id, "usr_ada");
      assert.equal((await copy.call("refresh")).value?.id, "usr_ada");
      assert.equal(setting.sent(), setting.refreshes());
      assert.equal((await app.call("getAgent")).value?.id, "usr_ada");
      // Nobody has sent a spent one: the family is alive.
      assert.equal((await app.call("refresh")).value?.id, "usr_ada");
    }));

  for (const storage of ["local", "session", "memory"]) {
    it(`are all signed out by a sign-out in one of them, in ${storage} storage`, () =>
      inProfile(async ({ newTab }) => {
        const one = await setting.start(await newTab(), { storage });
        await setting.signIn(one);
        const other = await setting.start(await newTab(), { storage });
        if (storage !== "local") await setting.signIn(other);
        assert.equal((await other.signedIn()).id, "usr_ada");
        await one.call("signOut", { redirect: false });
        await becomes(() => other.signedIn(), { id: null, isAuthenticated: false });
        await becomes(async () => (await types(other)).at(-1), "signedout signed_out other-tab");
        assert.deepEqual((await types(one)).at(-1), "signedout signed_out this-tab");
        assert.equal((await other.call("getAgent")).value, null);
        assert.equal((await other.call("getAccessToken")).error?.code, "signed_out");
        assert.deepEqual(keptSessions(await other.stored()), []);
      }));
  }

  it("are all signed in by a sign-in in one of them, in local storage", () =>
    inProfile(async ({ newTab }) => {
      const one = await setting.start(await newTab(), { storage: "local" });
      const other = await setting.start(await newTab(), { storage: "local" });
      assert.equal((await other.signedIn()).id, null);
      await setting.signIn(one);
      await becomes(() => other.signedIn(), { id: "usr_ada", isAuthenticated: true });
      await becomes(() => types(other), ["signedin other-tab"]);
      assert.equal((await other.call("getAgent")).value.id, "usr_ada");
      assert.equal(setting.sent(), 0);
    }));

  it("say goodbye to one user before they greet another who signed in elsewhere", () =>
    inProfile(async ({ newTab }) => {
      const one = await setting.start(await newTab(), { storage: "local" });
      await setting.signIn(one, "ada");
      const other = await setting.start(await newTab(), { storage: "local" });
      await setting.signIn(one, "ben");
      await becomes(() => other.signedIn(), { id: "usr_ben", isAuthenticated: true });
      await becomes(() => types(other), ["signedout storage_replaced other-tab", "signedin other-tab"]);
      assert.equal((await other.call("getAgent")).value.id, "usr_ben");
    }));

  it("keep to the sign-out of one of them while another refreshes", () =>
    inProfile(async ({ newTab }) => {
      const one = await setting.start(await newTab(), { storage: "local" });
      await setting.signIn(one);
      const other = await setting.start(await newTab(), { storage: "local" });
      const held = holdRefresh(setting.provider, "after");
      const refreshing = one.call("refresh");
      await held.arrived;
      await other.call("signOut", { redirect: false });
      held.release();
      assert.equal((await refreshing).error?.code, "signed_out");
      await becomes(() => one.signedIn(), { id: null, isAuthenticated: false });
      assert.deepEqual(keptSessions(await one.stored()), []);
      assert.equal((await other.call("getAgent")).value, null);
    }));

  /**
   * A window of the same origin with an opener gets a copy of its `sessionStorage`, as a duplicated tab does.
   *
   * @param {import("./setting.mjs").App} app
   * @param {import("./browsers.mjs").Profile["watch"]} watch
   * @param {object} options
   */
  async function duplicate({ page }, watch, options) {
    const opening = new Promise((resolve) => page.once("popup", resolve));
    await page.evaluate(() => void window.open("about:blank"));
    return setting.start(watch(await opening), options, "/copy");
  }
});

/**
 * Runs in a page: waits for the common moment, moves the clock, and calls.
 *
 * @param {number} times @param {string} url @param {number} at @param {number} seconds
 */
async function callWhenExpired(times, url, at, seconds) {
  await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
  globalThis.secondsAhead = seconds;
  return globalThis.app.fetchAtOnce(times, url);
}

/** @param {[string, string][]} stored */
function keptSessions(stored) {
  return stored.map(([name]) => name).filter((name) => name.startsWith("wasm-oidc:session:"));
}
