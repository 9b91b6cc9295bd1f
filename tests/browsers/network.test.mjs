// @ts-check
// Networks that go away, providers that answer late or never, and a reload at the wrong moment: none of them ends a
// session that lives, and none sends a refresh token twice while one may be under way.
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { inEachBrowser } from "./browsers.mjs";
import { becomes, holdRefresh, moveClock, useSetting } from "./setting.mjs";

/** Seconds after which a refresh that was sent counts as lost, and a little more. */
const LOST_AFTER = 62;

inEachBrowser("a session", (inProfile) => {
  const setting = useSetting();
  const reasons = (/** @type {import("./setting.mjs").App} */ app) =>
    app.events().then((events) => events.filter(({ type }) => type === "signedout").map(({ reason }) => reason));

  for (const storage of ["local", "session", "memory"]) {
    it(`in ${storage} storage survives without a network, and renews itself when that is back`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        const app = await setting.start(page, { storage });
        setting.signInsLive(2);
        await setting.signIn(app);
        await page.setOfflineMode(true);
        await pause(2500);
        const { value, error } = await app.call("getAgent");
        assert.equal(value, undefined);
        assert.deepEqual([error?.name, error?.recovery], ["RefreshError", "retry"]);
        assert.equal((await app.signedIn()).id, "usr_ada");
        assert.equal(setting.sent(), 0);

        await page.setOfflineMode(false);
        // Nobody calls anything: `online` alone brings the tokens.
        await becomes(() => setting.refreshes(), 1);
        await becomes(async () => (await app.events()).some(({ type }) => type === "refreshed"), true);
        assert.equal((await app.call("getAgent")).value?.id, "usr_ada");
        assert.deepEqual(await reasons(app), []);
        assert.equal(setting.sent(), 1);
      }));
  }

  it("that expired is restored without a network, and renewed when that is back", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      const app = await setting.start(page, { storage: "local" });
      setting.signInsLive(2);
      await setting.signIn(app);
      await app.call("dispose");
      await pause(2500);
      // The tab has loaded the wasm, so that a client can be made without a network.
      await page.setOfflineMode(true);
      assert.equal((await setting.create(app, { storage: "local" })).error, undefined);
      assert.deepEqual(await app.signedIn(), { id: "usr_ada", isAuthenticated: true });
      assert.equal((await app.call("getAgent")).error?.recovery, "retry");
      await page.setOfflineMode(false);
      await becomes(() => setting.refreshes(), 1);
      await becomes(async () => (await app.call("getAgent")).value?.id, "usr_ada");
      assert.deepEqual([setting.sent(), await reasons(app)], [1, []]);
    }));

  for (const storage of ["local", "session"]) {
    it(`in ${storage} storage survives a reload before the provider saw its refresh`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        const app = await setting.start(page, { storage });
        await setting.signIn(app);
        const held = holdRefresh(setting.provider, "before");
        const interrupted = app.call("refresh").catch(() => "the page is gone");
        await held.arrived;
        await setting.start(page, { storage });
        assert.equal(await interrupted, "the page is gone");
        held.lose();
        assert.equal((await app.call("getAgent")).value?.id, "usr_ada");
        // It may still be under way.
        const { error } = await app.call("refresh");
        assert.deepEqual([error?.name, error?.recovery], ["RefreshError", "retry"]);
        assert.equal(setting.sent(), 1);

        await moveClock(page, LOST_AFTER);
        await setting.start(page, { storage });
        assert.equal((await app.call("refresh")).value?.id, "usr_ada");
        assert.deepEqual([setting.sent(), setting.refreshes()], [2, 1]);
        assert.equal((await app.call("refresh")).value?.id, "usr_ada");
        assert.deepEqual(await reasons(app), []);
      }));

    it(`in ${storage} storage whose refreshed tokens were lost in a reload tries once more, and says what became of them`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        const app = await setting.start(page, { storage });
        await setting.signIn(app);
        const held = holdRefresh(setting.provider, "after");
        const interrupted = app.call("refresh").catch(() => "the page is gone");
        await held.arrived;
        await setting.start(page, { storage });
        assert.equal(await interrupted, "the page is gone");
        held.lose();
        assert.equal((await app.call("refresh")).error?.recovery, "retry");
        assert.equal((await app.call("getAgent")).value?.id, "usr_ada");
        assert.equal(setting.sent(), 1);

        await moveClock(page, LOST_AFTER);
        await setting.start(page, { storage });
        const { error } = await app.call("refresh");
        assert.deepEqual([error?.name, error?.code], ["RefreshError", "refresh_outcome_lost"]);
        assert.equal(error?.recovery, "reauthenticate");
        assert.equal(setting.sent(), 2);
        assert.deepEqual(await reasons(app), ["invalid_grant"]);
        const [ended] = (await app.events()).filter(({ type }) => type === "signedout");
        assert.equal(ended.error?.code, "refresh_outcome_lost");
        assert.equal((await app.call("getAgent")).value, null);
        assert.equal(setting.sent(), 2);
      }));
  }

  it("whose tab was reloaded in the middle of a refresh is not refreshed by another tab meanwhile", () =>
    inProfile(async ({ newTab }) => {
      const [page, otherPage] = [await newTab(), await newTab()];
      const app = await setting.start(page, { storage: "local" });
      await setting.signIn(app);
      const other = await setting.start(otherPage, { storage: "local" });
      const held = holdRefresh(setting.provider, "before");
      const interrupted = app.call("refresh").catch(() => "the page is gone");
      await held.arrived;
      await page.goto("about:blank");
      assert.equal(await interrupted, "the page is gone");
      assert.equal((await other.call("refresh")).error?.recovery, "retry");
      assert.equal((await other.call("getAgent")).value?.id, "usr_ada");
      held.lose();
      assert.equal(setting.sent(), 1);
    }));

  it("gets what a late answer brings, whoever has stopped waiting for it", () =>
    inProfile(async ({ newTab }) => {
      const app = await setting.start(await newTab(), { storage: "local", timeoutSeconds: 1 });
      await setting.signIn(app);
      const held = holdRefresh(setting.provider, "after");
      const refreshing = app.call("refresh");
      await held.arrived;
      const { error } = await refreshing;
      assert.equal(error?.name, "TimeoutError");
      held.release();
      await becomes(async () => (await app.events()).some(({ type }) => type === "refreshed"), true);
      assert.equal((await app.call("refresh")).value?.id, "usr_ada");
      assert.deepEqual([setting.sent(), setting.refreshes()], [2, 2]);
    }));
});
