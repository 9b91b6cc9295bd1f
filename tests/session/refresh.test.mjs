// A session that is kept: refresh ahead of the end, once for all who ask, and what is left when it fails. In Node, as a
// process of one person, against the real provider with short-lived tokens that rotate.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { IdpClient, LoginRequiredError, ProviderError, RefreshError, SessionExpiredError } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** How long an access token lives, in seconds: long enough that a busy machine is done with a step in half of it. */
const LIFE = 4;

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {InstanceType<typeof IdpClient>} */
let idp;
/** What the client's fetch does instead of fetching, for requests to the token endpoint. */
/** @type {undefined | (() => Promise<Response>)} */
let instead;
/** @type {[string, string | undefined][]} */
let events;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], ttl: { AccessToken: LIFE } });
});
after(() => provider?.close());

beforeEach(async () => {
  let sentTo = "";
  instead = undefined;
  events = [];
  idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid email offline_access",
    session: "single-user",
    apiOrigins: [provider.issuer],
    openUrl: (url) => void (sentTo = url),
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      return instead !== undefined && url.endsWith("/token") ? instead() : fetch(input, init);
    },
  });
  for (const type of /** @type {const} */ (["refreshed", "refreshfailed", "expired", "signedout"])) {
    idp.on(type, ({ detail }) => events.push([type, detail.reason]));
  }
  await idp.signInRedirect();
  await idp.handleRedirectCallback(await signInWithoutBrowser(sentTo, "ada"));
});
afterEach(() => idp.dispose());

function refreshes() {
  return provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
}

const pause = (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

test("a token in the first half of its life is not refreshed", async () => {
  const before = refreshes();
  const agent = await idp.getAgent();
  assert.equal(agent, idp.agent);
  assert.equal(refreshes(), before);
});

test("twenty callers on a due token send one refresh and get one new agent", async () => {
  const [before, old] = [refreshes(), idp.agent];
  await pause(LIFE + 0.2);
  const agents = await Promise.all(Array.from({ length: 20 }, () => idp.getAgent()));
  assert.equal(refreshes() - before, 1);
  assert.equal(new Set(agents).size, 1);
  assert.notEqual(agents[0], old);
  assert.equal(agents[0]?.id, "usr_ada");
  assert.deepEqual(events, [["refreshed", undefined]]);
});

test("ten forced refreshes at once are one request, and the refresh token rotates [O5]", async () => {
  const [before, old] = [refreshes(), idp.agent?.tokens];
  const tokens = await Promise.all(Array.from({ length: 10 }, () => idp.getAccessToken({ forceRefresh: true })));
  assert.equal(refreshes() - before, 1);
  assert.equal(new Set(tokens).size, 1);
  assert.notEqual(idp.agent?.tokens.refresh_token, old?.refresh_token);
  await idp.refresh();
  assert.equal(refreshes() - before, 2);
});

test("more life than a token ever has is tried for once", async () => {
  const before = refreshes();
  assert.equal(typeof (await idp.getAccessToken({ minValiditySeconds: 3600 })), "string");
  assert.equal(refreshes() - before, 1);
});

test("a refused refresh ends the session with its reason, and nobody is asked to catch it [B11]", async () => {
  instead = async () => Response.json({ error: "invalid_grant", error_description: "revoked" }, { status: 400 });
  await pause(LIFE + 0.2);
  assert.equal(await idp.getAgent(), null);
  assert.equal(idp.isAuthenticated, false);
  assert.deepEqual(events, [["signedout", "invalid_grant"]]);
  await assert.rejects(idp.getAccessToken(), LoginRequiredError);
});

test("the caller of a refused refresh gets RefreshError, the caller of a token SessionExpiredError because of it", async () => {
  instead = async () => Response.json({ error: "invalid_grant" }, { status: 400 });
  await assert.rejects(idp.getAccessToken({ forceRefresh: true }), (error) => {
    assert.ok(error instanceof SessionExpiredError && error.cause instanceof RefreshError);
    return error.cause.code === "invalid_grant" && error.cause.status === 400;
  });
});

test("a provider that fails or is away never ends a session", async () => {
  const away = () => Promise.reject(new TypeError("fetch failed"));
  const failures = [
    async () => new Response("down", { status: 503, headers: { "retry-after": "1" } }),
    async () => new Response("<html>sign in to this hotel</html>", { headers: { "content-type": "text/html" } }),
    async () => Response.json({ error: "invalid_client" }, { status: 401 }),
    away,
  ];
  for (const failure of failures) {
    instead = failure;
    await assert.rejects(idp.refresh());
    assert.ok(await idp.getAgent(), "the agent, while its token lives");
    // Too early for another attempt: what an answer would have been is not asked for.
    instead = undefined;
    await assert.rejects(idp.refresh(), (error) => /** @type {any} */ (error).retryAfter > 0);
    await pause(2.1);
    await idp.refresh();
  }
  instead = away;
  await pause(LIFE + 0.2);
  await assert.rejects(idp.getAgent(), { name: "RefreshError", recovery: "retry" });
  await assert.rejects(idp.getAccessToken(), { name: "RefreshError", recovery: "retry" });
  assert.equal(idp.agent?.id, "usr_ada");
  const told = (/** @type {string} */ type) => events.filter((event) => event[0] === type).length;
  assert.deepEqual([told("expired"), told("signedout"), told("refreshfailed")], [1, 0, failures.length + 1]);

  instead = undefined;
  await pause(1.1);
  assert.equal((await idp.getAgent())?.id, "usr_ada");
  assert.equal((await idp.getAgent())?.isExpired(0), false);
});

test("a provider that is busy while a token is expired is a RefreshError, with the provider's own error behind it", async () => {
  await pause(LIFE + 0.2);
  instead = async () => new Response("busy", { status: 503, headers: { "retry-after": "7" } });
  await assert.rejects(idp.getAgent(), (error) => {
    assert.ok(error instanceof RefreshError && error.cause instanceof ProviderError);
    return error.recovery === "retry" && error.retryAfter === 7 && error.status === 503;
  });
});

test("a sign-out while a refresh is under way is never undone by its answer", async () => {
  /** @type {() => void} */
  let answer = () => {};
  const held = new Promise((resolve) => (answer = () => resolve(undefined)));
  const { refresh_token } = /** @type {import("wasm-oidc").Agent} */ (idp.agent).tokens;
  instead = async () => {
    await held;
    return Response.json({ access_token: "late", token_type: "Bearer", expires_in: 60, refresh_token });
  };
  // It is told of the sign-out before the provider has revoked anything.
  const refreshing = assert.rejects(idp.refresh(), LoginRequiredError);
  await idp.signOut({ redirect: false });
  answer();
  await refreshing;
  assert.equal(idp.agent, null);
  assert.deepEqual(events, [["signedout", "signed_out"]]);
});

test("fetch renews a token that the API calls expired, once, and delivers the answer of the second request [O2]", async () => {
  const before = refreshes();
  await pause(LIFE * 0.6);
  // Revoked behind the client's back: only the API can tell.
  const { access_token } = /** @type {import("wasm-oidc").Agent} */ (await idp.getAgent()).tokens;
  const revoked = provider.provider.AccessToken;
  await (await revoked.find(access_token))?.destroy();
  const response = await idp.fetch(`${provider.issuer}/me`);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).sub, "usr_ada");
  // One because it was due, one because of the 401.
  assert.equal(refreshes() - before, 2);
});

test("the token goes nowhere but to apiOrigins, and an authorization header of the caller's stays [B12]", async () => {
  await assert.rejects(idp.fetch("http://127.0.0.1:9/"), { name: "ConfigurationError", code: "origin_not_allowed" });
  const response = await idp.fetch(`${provider.issuer}/me`, { headers: { authorization: "Bearer mine" } });
  assert.equal(response.status, 401);
});

test("clear forgets the session here and tells the provider nothing", async () => {
  const { access_token } = /** @type {import("wasm-oidc").Agent} */ (idp.agent).tokens;
  const before = provider.requests.length;
  await idp.clear();
  assert.equal(idp.agent, null);
  assert.deepEqual([events, provider.requests.length - before], [[["signedout", "cleared"]], 0]);
  await assert.rejects(idp.getAccessToken(), LoginRequiredError);
  const response = await fetch(`${provider.issuer}/me`, { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal(response.status, 200);
});
