// Agents of tokens that the app keeps, on a server that has no session of its own: with the real provider, whose tokens
// are short-lived and rotate.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

/** @typedef {import("wasm-oidc").TokenSet} TokenSet */

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {InstanceType<typeof IdpClient>} */
let server;
/** What the server's fetch does instead of fetching, for requests to the token endpoint. */
/** @type {undefined | (() => Promise<Response>)} */
let instead;
/** The requests of the server, as paths. */
/** @type {string[]} */
let sent;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], ttl: { AccessToken: 600 } });
});
after(() => provider?.close());

beforeEach(() => {
  [instead, sent] = [undefined, []];
  server = client();
});

/** @param {object} [more] */
function client(more) {
  return IdpClient.createSync({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid email offline_access",
    apiOrigins: [provider.issuer],
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      sent.push(new URL(url).pathname);
      return instead !== undefined && url.endsWith("/token") ? instead() : fetch(input, init);
    },
    ...more,
  });
}

/** @returns {Promise<TokenSet>} tokens of a new sign-in */
async function tokensOfAda() {
  const idp = client();
  const request = await idp.createAuthorizationRequest();
  const agent = await idp.exchangeCode(await signInWithoutBrowser(request.url, "ada"), request);
  sent = [];
  return agent.tokens;
}

/** The same tokens, their access token due or over. @param {TokenSet} tokens @param {number} seconds left */
function aged(tokens, seconds) {
  const now = Math.floor(Date.now() / 1000);
  return { ...tokens, issued_at: now - 600, expires_at: now + seconds };
}

const refreshes = () => sent.filter((path) => path === "/token").length;
const refused = async () => Response.json({ error: "invalid_grant" }, { status: 400 });
const away = () => Promise.reject(new TypeError("fetch failed"));

test("stored tokens become an agent, with a call of its own for everything", async () => {
  const stored = JSON.parse(JSON.stringify(await tokensOfAda()));
  const agent = await server.createAgent(stored);
  assert.equal(agent.id, "usr_ada");
  assert.deepEqual(agent.tokens, stored);
  assert.equal(await agent.getAccessToken(), stored.access_token);
  assert.equal(await agent.authorizationHeader(), `Bearer ${stored.access_token}`);
  const answer = await agent.fetch(`${provider.issuer}/me`);
  assert.equal((await answer.json()).sub, "usr_ada");
  assert.equal(refreshes(), 0);
  await assert.rejects(agent.fetch("http://127.0.0.1:9/"), { code: "origin_not_allowed" });
  await assert.rejects(server.getAgent(), { code: "no_ambient_session" });
});

test("a token response is taken as it came", async () => {
  const { issued_at, expires_at, version, metadata, ...response } = await tokensOfAda();
  const agent = await server.createAgent({ ...response, expires_in: 600 });
  assert.equal(agent.id, "usr_ada");
  assert.ok(Math.abs(Number(agent.expiresIn) - 600) < 60);
});

test("tokens that are due are renewed once for all who hold them, and stored before anybody goes on", async () => {
  const tokens = aged(await tokensOfAda(), 1);
  /** @type {string[]} */
  const journal = [];
  const onRefresh = async (/** @type {TokenSet} */ renewed) => {
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    await new Promise((resolve) => setTimeout(resolve, 100));
    journal.push("stored");
  };
  const agents = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => {
      // Those without a callback of their own wait for the others'.
      const agent = await server.createAgent(tokens, at % 2 === 0 ? { onRefresh } : {});
      journal.push("agent");
      return agent;
    }),
  );
  assert.equal(refreshes(), 1);
  assert.deepEqual(journal, ["stored", ...Array(10).fill("agent")]);
  assert.equal(new Set(agents.map((agent) => agent.tokens.access_token)).size, 1);
  assert.notEqual(agents[0].tokens.access_token, tokens.access_token);
});

test("each caller's own onRefresh is told, and one that fails is a warning that names no token", async () => {
  const tokens = aged(await tokensOfAda(), 1);
  /** @type {any[]} */
  const warnings = [];
  server.on("warning", ({ detail }) => warnings.push(detail));
  let told = 0;
  const agents = await Promise.all([
    server.createAgent(tokens, { onRefresh: () => Promise.reject(new Error("database down")) }),
    server.createAgent(tokens, { onRefresh: () => void (told += 1) }),
    server.createAgent(tokens, { onRefresh: () => void (told += 1) }),
  ]);
  assert.equal(told, 2);
  assert.ok(agents.every((agent) => agent.tokens.refresh_token !== tokens.refresh_token));
  await new Promise((resolve) => setTimeout(resolve));
  const [{ reason, message, error }] = warnings;
  assert.deepEqual([warnings.length, reason, error.name], [1, "tokens_not_stored", "StorageError"]);
  assert.equal(error.cause.message, "database down");
  assert.ok(!message.includes(String(agents[0].tokens.refresh_token)));
});

test("an agent goes on with what came of its tokens", async () => {
  const agent = await server.createAgent(await tokensOfAda());
  const renewed = await agent.refresh();
  assert.notEqual(renewed.tokens.access_token, agent.tokens.access_token);
  assert.equal(await agent.getAccessToken(), renewed.tokens.access_token);
  const again = await server.refresh(agent);
  assert.notEqual(again.tokens.access_token, renewed.tokens.access_token);
  assert.equal(refreshes(), 2);
  const tokens = await Promise.all([1, 2, 3].map(() => agent.getAccessToken({ forceRefresh: true })));
  assert.deepEqual([new Set(tokens).size, refreshes()], [1, 3]);
});

test("a token that the API calls expired is renewed once, unless renewing is off", async () => {
  const tokens = await tokensOfAda();
  const agent = await server.createAgent(tokens);
  await (await provider.provider.AccessToken.find(tokens.access_token))?.destroy();
  assert.equal((await agent.fetch(`${provider.issuer}/me`)).status, 200);
  assert.equal(refreshes(), 1);
  const off = await server.createAgent(await agent.refresh().then(({ tokens }) => tokens), { autoRefresh: false });
  await (await provider.provider.AccessToken.find(off.tokens.access_token))?.destroy();
  sent = [];
  assert.equal((await off.fetch(`${provider.issuer}/me`)).status, 401);
  assert.equal(refreshes(), 0);
});

test("a provider that is away costs nothing while the access token lives, and a RefreshError afterwards", async () => {
  const tokens = await tokensOfAda();
  /** @type {any[]} */
  const failures = [];
  const onRefreshError = (/** @type {unknown} */ error) => void failures.push(error);
  instead = away;
  const agent = await server.createAgent(aged(tokens, 5), { onRefreshError });
  assert.equal(agent.tokens.access_token, tokens.access_token);
  assert.deepEqual(failures.map(({ name, recovery }) => [name, recovery]), [["RefreshError", "retry"]]);
  await assert.rejects(agent.refresh(), { name: "RefreshError", recovery: "retry" });
  await assert.rejects(client().createAgent(aged(tokens, -1), { onRefreshError }), { name: "RefreshError", recovery: "retry" });
  assert.equal(failures.length, 3);
});

test("a refusal is a RefreshError, and for who only wants a token a session that expired", async () => {
  const tokens = await tokensOfAda();
  const agent = await server.createAgent(tokens);
  instead = refused;
  await assert.rejects(agent.getAccessToken({ forceRefresh: true }), (/** @type {any} */ error) => {
    assert.deepEqual([error.name, error.cause.name, error.cause.code], ["SessionExpiredError", "RefreshError", "invalid_grant"]);
    return true;
  });
  await assert.rejects(server.createAgent(aged(tokens, 5)), { name: "RefreshError", recovery: "reauthenticate" });
});

test("tokens that are over and cannot be renewed are TokenExpiredError, with renewing off an agent as it is", async () => {
  const { refresh_token, ...over } = aged(await tokensOfAda(), -1);
  await assert.rejects(server.createAgent(over), { name: "TokenExpiredError", code: "token_expired" });
  const agent = await server.createAgent({ ...over, refresh_token }, { autoRefresh: false });
  assert.equal(agent.isExpired(0), true);
  assert.equal(await agent.getAccessToken(), over.access_token);
  assert.equal(refreshes(), 0);
});

test("tokens without their ID token, and what are no tokens, are TokenParseError", async () => {
  const { id_token, ...without } = await tokensOfAda();
  await assert.rejects(server.createAgent(without), { name: "TokenParseError", code: "id_token_missing" });
  await assert.rejects(server.createAgent(/** @type {any} */ ({})), { name: "TokenParseError" });
  const forged = `${String(id_token).slice(0, -8)}AAAAAAAA`;
  await assert.rejects(server.createAgent({ ...without, id_token: forged }), { name: "TokenVerificationError" });
  sent = [];
  const vouched = await client().createAgent({ ...without, id_token: forged }, { verify: "claims" });
  assert.deepEqual([vouched.id, sent], ["usr_ada", []]);
});

test("adopted tokens are the session, and its agent's calls go to it", async () => {
  const idp = client({ session: "single-user" });
  /** @type {string[]} */
  const events = [];
  idp.on("signedin", ({ detail }) => events.push(String(detail.agent?.id)));
  const detached = await idp.createAgent(await tokensOfAda());
  assert.equal(idp.agent, null);
  const agent = await idp.adopt(detached);
  assert.equal(agent, idp.agent);
  assert.equal(await idp.adopt(agent), agent);
  assert.equal((await idp.getTokens())?.access_token, detached.tokens.access_token);
  assert.equal(await idp.withToken((token) => token.length), detached.tokens.access_token.length);
  await detached.refresh();
  assert.notEqual(idp.agent?.tokens.access_token, detached.tokens.access_token);
  assert.equal(await detached.getAccessToken(), idp.agent?.tokens.access_token);
  assert.equal(await agent.getAccessToken(), idp.agent?.tokens.access_token);
  assert.deepEqual(events, ["usr_ada"]);
  await assert.rejects(idp.adopt(/** @type {any} */ ({})), { code: "invalid_option" });
  await idp.signOut({ redirect: false });
  await assert.rejects(detached.getAccessToken(), { name: "LoginRequiredError" });
  assert.equal(await idp.getTokens(), null);
});

test("saveTokens makes stored tokens the session, where one process serves one person [X38]", async () => {
  const tokens = await tokensOfAda();
  const idp = client({ session: "single-user" });
  assert.equal((await idp.saveTokens(tokens)).id, "usr_ada");
  assert.equal(idp.isAuthenticated, true);
  await assert.rejects(server.saveTokens(tokens), { name: "ConfigurationError", code: "no_ambient_session" });
});

test("options that are no functions, and unknown ones, are named", async () => {
  const tokens = await tokensOfAda();
  const wrong = (/** @type {any} */ options) => server.createAgent(tokens, options);
  await assert.rejects(wrong({ onRefresh: "x" }), { code: "invalid_option" });
  await assert.rejects(wrong({ verify: "nothing" }), { code: "invalid_option" });
  await assert.rejects(wrong({ verifySignature: false }), { code: "unknown_option" });
});
