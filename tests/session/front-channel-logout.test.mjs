// @ts-check
// A logout at the provider that reaches the app by a URL (OpenID Connect Front-Channel Logout 1.0, sections 2 and 3).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { startTestProvider } from "../op/provider.mjs";
import { REDIRECT_URI, makeClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  const told = {
    client_id: "told", redirect_uris: [REDIRECT_URI], backchannel_logout_uri: "http://127.0.0.1/logout",
    backchannel_logout_session_required: true,
  };
  provider = await startTestProvider({ features: { backchannelLogout: { enabled: true } }, clients: [told] });
});
after(() => provider?.close());

async function signedIn() {
  const storage = memoryStorage();
  const { idp, signIn } = await makeClient(provider, { clientId: "told", storage });
  await signIn();
  const sid = /** @type {string} */ (idp.agent?.claims.sid);
  assert.ok(sid);
  provider.requests.length = 0;
  const url = (/** @type {Record<string, string>} */ query) => `https://app.example/logout?${new URLSearchParams(query)}`;
  return { idp, storage, url, right: { iss: provider.issuer, sid } };
}

test("a logout that names issuer and session ends the session here, without a request", async () => {
  const { idp, storage, url, right } = await signedIn();
  /** @type {any[]} */
  const reasons = [];
  idp.on("signedout", (event) => void reasons.push(event.detail.reason));
  assert.deepEqual(await idp.handleFrontChannelLogout(new URL(url({ lang: "de", ...right }))), { ended: true });
  assert.equal(idp.agent, null);
  assert.deepEqual(await storage.list("wasm-oidc:session:"), []);
  assert.deepEqual(reasons, ["cleared"]);
  assert.deepEqual(provider.requests, []);
  assert.deepEqual(await idp.handleFrontChannelLogout(url(right)), { ended: false });
});

test("a logout of another session, of another issuer or of none ends nothing", async () => {
  const { idp, url, right } = await signedIn();
  const { iss, sid } = right;
  for (const query of [{ iss, sid: `${sid}x` }, { iss: `${iss}/`, sid }, { iss: "https://idp.example", sid }, { iss, sid: "" }, {}]) {
    assert.deepEqual(await idp.handleFrontChannelLogout(url(query)), { ended: false }, JSON.stringify(query));
    if ("iss" in query) assert.deepEqual(await idp.handleFrontChannelLogout(url(query), { withoutSession: true }), { ended: false });
  }
  assert.equal(idp.isAuthenticated, true);
  assert.deepEqual(await idp.handleFrontChannelLogout(url({}), { withoutSession: true }), { ended: true });
  assert.equal(idp.isAuthenticated, false);
});

test("half a logout, and a parameter that occurs twice, are refused and end nothing [X12]", async () => {
  const { idp, url, right } = await signedIn();
  const { iss, sid } = right;
  for (const [query, code] of /** @type {const} */ ([
    [url({ iss }), "invalid_callback"], [url({ sid }), "invalid_callback"],
    [`${url(right)}&sid=${sid}`, "duplicate_parameter"], [`${url(right)}&iss=x`, "duplicate_parameter"],
  ])) {
    await assert.rejects(idp.handleFrontChannelLogout(query, { withoutSession: true }), { name: "CallbackError", code });
  }
  assert.equal(idp.isAuthenticated, true);
});
