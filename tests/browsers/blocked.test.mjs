// @ts-check
// A browser in which sites may keep nothing: the client works all the same, in memory, and says so.
import assert from "node:assert/strict";
import { it } from "node:test";
import { signInWithoutBrowser } from "../op/provider.mjs";
import { inEachBrowser } from "./browsers.mjs";
import { useSetting } from "./setting.mjs";

inEachBrowser("blocked storage", (inProfile) => {
  const setting = useSetting();
  const warnings = (/** @type {import("./setting.mjs").App} */ app) =>
    app.events().then((events) => events.filter(({ type }) => type === "warning").map(({ reason }) => reason));

  it("is really blocked here", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      await setting.app(page).open();
      const access = () =>
        page.evaluate(() =>
          ["localStorage", "sessionStorage"].map((name) => {
            try {
              return typeof globalThis[name].length;
            } catch (error) {
              return error.name;
            }
          }),
        );
      assert.deepEqual(await access(), ["SecurityError", "SecurityError"]);
    }));

  for (const storage of ["local", "session", "encrypted"]) {
    it(`makes a client with ${storage} storage keep its session in memory, with one warning`, () =>
      inProfile(async ({ newTab }) => {
        const app = await setting.start(await newTab(), { storage });
        assert.deepEqual(await app.signedIn(), { id: null, isAuthenticated: false });
        assert.equal((await app.call("getAgent")).value, null);
        await setting.signIn(app);
        assert.equal((await app.call("getAgent")).value.id, "usr_ada");
        assert.equal((await app.call("refresh")).value.id, "usr_ada");
        assert.equal(setting.refreshes(), 1);
        assert.deepEqual(await warnings(app), ["storage_unavailable"]);
        await app.call("signOut", { redirect: false });
        assert.equal((await app.call("getAgent")).value, null);
      }));
  }

  it("lets a code flow by hand sign in, which needs none", () =>
    inProfile(async ({ newTab }) => {
      const app = await setting.start(await newTab(), { storage: "local" });
      const { value: request } = await app.call("createAuthorizationUrl");
      const callback = await signInWithoutBrowser(request.url, "ada");
      const { value, error } = await app.call("exchangeCode", callback, request);
      assert.equal(error, undefined);
      assert.equal(value.id, "usr_ada");
    }));

  it("makes a callback after a redirect say that its sign-in is not there, and sends nothing", () =>
    inProfile(async ({ newTab }) => {
      const page = await newTab();
      const app = await setting.start(page, { storage: "local" });
      await setting.start(page, { storage: "local" }, await app.callback());
      setting.provider.requests.length = 0;
      const { error } = await app.call("handleRedirectCallback");
      assert.deepEqual([error?.name, error?.code, error?.recovery], ["CallbackError", "transaction_not_found", "reauthenticate"]);
      assert.equal(setting.sent(), 0);
    }));
}, { storage: "blocked" });
