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
    const options = { storage, timeoutSeconds: 2 };

    it(`in ${storage} storage survives a reload before the provider saw its refresh`, () =>
      inProfile(async ({ newTab }) => {
        const { app, held, page } = await interrupted(await newTab(), options, "before");
        held.lose();
        await setting.start(page, options);
        assert.equal((await app.call("refresh")).value?.id, "usr_ada");
        assert.equal(setting.sent(), 2);
        assert.equal((await app.call("refresh")).value?.id, "usr_ada");
        assert.equal(setting.sent(), 3);
        assert.deepEqual(await reasons(app), []);
      }));

    it(`in ${storage} storage whose new tokens were lost in a reload tries once more, and says what became of it`, () =>
      inProfile(async ({ newTab }) => {
        const { app, held, page } = await interrupted(await newTab(), options, "after");
        held.lose();
        await setting.start(page, options);
        await outcomeIsLost(app);
      }));

    it(`in ${storage} storage sends nothing while the refresh of a tab that was killed may be under way`, () =>
      inProfile(async ({ newTab }) => {
        const { app, held, page, marks } = await interrupted(await newTab(), options, "after");
        assert.deepEqual(marks.map(([, text]) => Object.keys(JSON.parse(text))), [["sent", "by"]]);
        // A tab that is killed cannot tell the end of its request, as one that is left still can.
        await app.open();
        await page.evaluate((kept) => kept.forEach(([name, text]) => localStorage.setItem(name, text)), marks);
        assert.equal((await setting.create(app, options)).error, undefined);
        const { value, error } = await app.call("refresh");
        assert.equal(error?.recovery, "retry", JSON.stringify(value));
        assert.equal((await app.call("getAgent")).value?.id, "usr_ada");
        held.lose();
        assert.equal(setting.sent(), 1);

        await moveClock(page, LOST_AFTER);
        await setting.start(page, options);
        await outcomeIsLost(app);
      }));
  }

  it("whose tab was closed in the middle of a refresh goes on in another tab", () =>
    inProfile(async ({ newTab }) => {
      const other = setting.app(await newTab());
      const page = await newTab();
      const { held } = await interrupted(page, { storage: "local" }, "before", () => page.close());
      held.lose();
      await setting.start(other.page, { storage: "local", timeoutSeconds: 2 });
      const isTold = (await marksIn(other.page)).some(([, text]) => "over" in JSON.parse(text));
      const { value, error } = await other.call("refresh");
      if (isTold) assert.equal(value?.id, "usr_ada", JSON.stringify(error));
      else assert.equal(error?.recovery, "retry");
      assert.equal(setting.sent(), isTold ? 2 : 1);
      assert.equal((await other.call("getAgent")).value?.id, "usr_ada");
      assert.deepEqual(await reasons(other), []);
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

  /**
   * A session whose refresh is under way when its page goes.
   *
   * @param {import("./setting.mjs").Page} page
   * @param {object} options
   * @param {"before" | "after"} point of `holdRefresh`
   * @param {() => Promise<unknown>} [leave]
   */
  async function interrupted(page, options, point, leave = () => page.reload()) {
    const app = await setting.start(page, options);
    await setting.signIn(app);
    const held = holdRefresh(setting.provider, point);
    // Firefox still tells the page that is left that its request was cut off.
    app.call("refresh").catch(() => {});
    await held.arrived;
    const marks = await marksIn(page);
    await leave();
    assert.equal(setting.sent(), 1);
    return { app, held, page, marks };
  }

  /** @param {import("./setting.mjs").App} app whose refresh token the provider calls spent */
  async function outcomeIsLost(app) {
    const { value, error } = await app.call("refresh");
    assert.deepEqual([error?.name, error?.code], ["RefreshError", "refresh_outcome_lost"], JSON.stringify(value));
    assert.equal(error?.recovery, "reauthenticate");
    assert.equal(setting.sent(), 2);
    assert.deepEqual(await reasons(app), ["invalid_grant"]);
    const [ended] = (await app.events()).filter(({ type }) => type === "signedout");
    assert.equal(ended.error?.code, "refresh_outcome_lost");
    assert.equal((await app.call("getAgent")).value, null);
    assert.equal(setting.sent(), 2);
  }
});

/** @param {import("./setting.mjs").Page} page @returns {Promise<[string, string][]>} what is known of refresh tokens */
function marksIn(page) {
  return page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith("wasm-oidc:refresh:")));
}
