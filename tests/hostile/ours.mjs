// @ts-check
// One row of the table, tried with this package.
import assert from "node:assert/strict";
import { editedParams } from "../op/edits.mjs";
import { CLIENT_SECRET, REDIRECT_URI, SIGNED_OUT_URI, authentications } from "./world.mjs";

/** @typedef {import("./world.mjs").Outcome & {stored: Map<string, string>, idp: any, events: string[]}} OurOutcome */

/**
 * @param {any} wasmOidc the module of the package
 * @param {import("./world.mjs").World} world
 * @param {import("./world.mjs").Row} row
 * @returns {Promise<OurOutcome>}
 */
export async function attempt({ IdpClient }, world, row) {
  /** @type {Map<string, string>} */
  const stored = new Map();
  const store = {
    load: (/** @type {string} */ key) => stored.get(key) ?? null,
    save: (/** @type {string} */ key, /** @type {string} */ value) => void stored.set(key, value),
    delete: (/** @type {string} */ key) => void stored.delete(key),
    lock: (/** @type {string} */ _key, /** @type {() => PromiseLike<unknown>} */ run) => run(),
  };
  const clientId = row.client ?? "test-spa";
  const method = authentications[clientId];
  let opened = "";
  const idp = await IdpClient.create({
    issuer: world.hostile.issuer(row.fault),
    clientId,
    redirectUri: REDIRECT_URI,
    postLogoutRedirectUri: SIGNED_OUT_URI,
    scopes: "openid email offline_access",
    session: "single-user",
    storage: store,
    openUrl: (/** @type {string} */ url) => void (opened = url),
    ...(method !== "none" && { clientAuth: { method, clientSecret: CLIENT_SECRET } }),
    ...row.options,
  });
  /** @type {string[]} */
  const events = [];
  for (const type of ["signedin", "refreshed", "refreshfailed", "expired", "signedout"]) idp.on(type, () => void events.push(type));

  /** @returns {Promise<string>} the callback URL */
  const goThere = async () => {
    await idp.signInRedirect(row.signIn);
    return world.follow(opened);
  };
  const run = async () => {
    if (row.flow === "logout-token") return takeLogoutToken();
    const callback = await goThere();
    const result = await idp.handleRedirectCallback(callback);
    if (result === null) return "not ours";
    assert.ok(result.agent.id, "an agent");
    switch (row.flow) {
      case "userinfo":
        assert.equal((await idp.getUserInfo()).sub ?? "usr_ada", "usr_ada");
        return "accepted";
      case "refresh":
        await idp.refresh();
        return "accepted";
      case "twice":
        await idp.handleRedirectCallback(await goThere());
        return "accepted";
      case "same code":
        assert.equal((await idp.handleRedirectCallback(callback)).agent, result.agent);
        return "accepted";
      case "another code":
        await idp.handleRedirectCallback(callback.replace(/([?&]code=)[^&]*/, "$1another"));
        return "accepted";
      case "sign-out":
        return signOut();
      case "front-channel":
        return frontChannelLogout();
      default:
        return "accepted";
    }
  };
  const signOut = async () => {
    opened = "";
    await idp.signOut({ returnTo: SIGNED_OUT_URI });
    assert.equal(idp.isAuthenticated, false);
    if (opened === "") return "not ours";
    const answer = await fetch(opened, { redirect: "manual" });
    const back = await idp.handleLogoutCallback(answer.headers.get("location") ?? "");
    return back === null ? "not ours" : "accepted";
  };
  /** The provider posts it to the app (OpenID Connect Back-Channel Logout 1.0, section 2.5). */
  const takeLogoutToken = async () => {
    const token = world.hostile.logoutToken(row.fault, clientId);
    const { issuer, subject, sessionId } = await idp.verifyLogoutToken(token, { store });
    assert.equal(issuer, world.hostile.issuer(row.fault));
    assert.ok(subject === "usr_ada" || sessionId === "session-1", "whose session ends");
    if (row.twice) await idp.verifyLogoutToken(token, { store });
    return "accepted";
  };
  /** The provider loads it in a frame (OpenID Connect Front-Channel Logout 1.0, section 2). */
  const frontChannelLogout = async () => {
    const asked = new URLSearchParams({ iss: world.hostile.issuer(row.fault), sid: "session-1" });
    const query = editedParams(asked, row.inject?.frontChannel, {});
    const { ended } = await idp.handleFrontChannelLogout(`${SIGNED_OUT_URI}?${query}`);
    return ended ? "accepted" : "not ours";
  };
  try {
    return { seen: await run(), stored, idp, events };
  } catch (error) {
    const { name, code } = /** @type {any} */ (error);
    return { seen: `refused: ${name} ${code}`, error, stored, idp, events };
  }
}
