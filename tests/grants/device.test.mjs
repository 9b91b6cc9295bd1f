// Sign-ins on devices without a browser (RFC 8628), at the real provider, whose own pages a person goes through. The rules of
// polling are held in virtual time by tests/client/device.rs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PERSONAL, confirmDevice, startGrantsProvider } from "../op/grants.mjs";
import { watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

/** @param {object} [more] */
const device = (more) => watchedClient(provider, { clientId: PERSONAL, scopes: "openid email offline_access", ...more });

/**
 * With other answers to the request for a code: the real provider leaves the interval at five seconds.
 *
 * @param {Record<string, unknown>} members
 * @param {object} [more]
 */
function quick(members, more) {
  return device({
    fetch: async (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit} */ init) => {
      const response = await fetch(input, init);
      if (!(input instanceof Request ? input.url : String(input)).endsWith("/device/auth")) return response;
      return Response.json({ ...(await response.json()), ...members });
    },
    ...more,
  });
}

const polls = () => provider.requests.filter(({ grantType }) => grantType?.endsWith(":device_code")).length;

test("the person agrees at the provider's pages, and the device has an agent", async () => {
  const { idp, forms } = device();
  const { userCode, verificationUri, verificationUriComplete, expiresAt, intervalSeconds, agent } = await idp.deviceAuthorization();
  assert.match(userCode, /^[A-Z]{4}-[A-Z]{4}$/);
  assert.equal(verificationUri, `${provider.issuer}/device`);
  assert.equal(verificationUriComplete, `${verificationUri}?user_code=${userCode}`);
  assert.equal(intervalSeconds, 5);
  assert.ok(Math.abs(expiresAt - Date.now() / 1000 - 120) < 5);
  await confirmDevice(verificationUri, userCode);
  const ada = await agent;
  assert.deepEqual([ada.id, ada.email, ada.isRefreshable], ["usr_ada", "ada@example.com", true]);
  assert.equal((await (await ada.fetch(`${provider.issuer}/me`)).json()).sub, "usr_ada");
  // Detached, and renewed as any agent.
  await assert.rejects(idp.getAgent(), { code: "no_ambient_session" });
  const renewed = await ada.refresh();
  assert.notEqual(renewed.tokens.access_token, ada.tokens.access_token);
  assert.equal(forms[0]?.client_id, PERSONAL);
});

test("a device of one person can make the agent its session", async () => {
  const { idp } = quick({ interval: 1 }, { session: "single-user" });
  const { userCode, verificationUri, agent } = await idp.deviceAuthorization({ scopes: ["openid", "email"] });
  await confirmDevice(verificationUri, userCode, { login: "ben" });
  assert.equal((await idp.adopt(await agent)).id, "usr_ben");
  assert.equal(idp.isAuthenticated, true);
});

test("somebody else than expected gets no agent", async () => {
  const { idp } = quick({ interval: 1 });
  const { userCode, verificationUri, agent } = await idp.deviceAuthorization({ expect: { email: "ada@example.com" } });
  await confirmDevice(verificationUri, userCode, { login: "ben" });
  await assert.rejects(agent, { name: "IdentityMismatchError", code: "identity_mismatch" });
});

test("a person who says no is AccessDeniedError [DEV3]", async () => {
  const { idp } = quick({ interval: 1 });
  const { userCode, verificationUri, agent } = await idp.deviceAuthorization();
  await confirmDevice(verificationUri, userCode, { answer: "refuse" });
  await assert.rejects(agent, { name: "AccessDeniedError", code: "access_denied" });
});

test("a code that nobody confirms is over in time, and asked for no more [DEV4]", async () => {
  const { idp } = quick({ interval: 1, expires_in: 3 });
  const before = polls();
  const { agent } = await idp.deviceAuthorization();
  await assert.rejects(agent, { name: "TokenExchangeError", code: "expired_token", recovery: "reauthenticate" });
  const asked = polls() - before;
  assert.ok(asked >= 1 && asked <= 2, `${asked} polls`);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(polls() - before, asked);
});

test("a signal, cancel and dispose end the polling [DEV6]", async () => {
  const { idp } = quick({ interval: 1 });
  const ended = new AbortController();
  const bySignal = await idp.deviceAuthorization({ signal: ended.signal });
  const byHand = await idp.deviceAuthorization();
  const byDispose = await idp.deviceAuthorization();
  const reason = new Error("the screen was closed");
  ended.abort(reason);
  await assert.rejects(bySignal.agent, { name: "TokenExchangeError", code: "cancelled", recovery: "stop", cause: reason });
  byHand.cancel();
  byHand.cancel();
  await assert.rejects(byHand.agent, { name: "TokenExchangeError", code: "cancelled" });
  await assert.rejects(idp.deviceAuthorization({ signal: ended.signal }), { code: "cancelled", cause: reason });
  idp.dispose();
  await assert.rejects(byDispose.agent, { code: "cancelled" });
  const before = polls();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(polls(), before);
  await assert.rejects(idp.deviceAuthorization(), { code: "disposed" });
});

test("who cancels and looks at nothing gets no unhandled rejection", async () => {
  const { idp } = quick({ interval: 1 });
  (await idp.deviceAuthorization()).cancel();
  await new Promise((resolve) => setTimeout(resolve, 50));
});

test("a page to go to that is not https is shown to nobody [DEV5]", async () => {
  for (const verification_uri of ["http://idp.example.com/device", "javascript:alert(1)", "ftp://idp.example.com/"]) {
    await assert.rejects(quick({ verification_uri }).idp.deviceAuthorization(), { name: "DiscoveryError", code: "insecure_endpoint" });
  }
  const { idp } = quick({ verification_uri_complete: undefined, interval: 1 });
  const shown = await idp.deviceAuthorization();
  shown.cancel();
  assert.equal(shown.verificationUriComplete, null);
});

test("a client that may not, and a provider that cannot, are told apart", async () => {
  await assert.rejects(device({ clientId: "test-spa" }).idp.deviceAuthorization(), { name: "TokenExchangeError", code: "invalid_request" });
  const none = device({ metadata: { device_authorization_endpoint: null } });
  await assert.rejects(none.idp.deviceAuthorization(), { name: "ConfigurationError", code: "endpoint_missing" });
  await assert.rejects(device().idp.deviceAuthorization(/** @type {any} */ ({ scope: "x" })), { code: "unknown_option" });
  await assert.rejects(device().idp.deviceAuthorization({ extraParams: { client_id: "x" } }), { code: "reserved_parameter" });
});
