// Document 004, *Session Management*, *Configuring Auto-Refresh*, *Token Expiration* and *Error Handling*, line by line; what
// else `createAgent` promises is in tests/session/agents.test.mjs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient, RefreshError, SubjectMismatchError, TokenExpiredError, TokenParseError, isOAuthError } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";
import { later } from "./client.mjs";

/** @typedef {import("wasm-oidc").TokenSet} TokenSet */

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], ttl: { AccessToken: 600 } });
});
after(() => provider?.close());

/** @param {object} [more] */
const server = (more) =>
  IdpClient.createSync({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid profile email offline_access",
    ...more,
  });

/** A session of somebody who signed in, as a server keeps it: JSON. @param {import("../op/provider.mjs").Login} [login] */
async function sessionOf(login = "ada") {
  const idp = server();
  const request = await idp.createAuthorizationRequest({ scopes: ["openid", "profile", "email", "offline_access"] });
  const agent = await idp.exchangeCode(await signInWithoutBrowser(request.url, login), request);
  return { tokens: JSON.stringify(agent.tokens) };
}

const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;

/** A client to which the token endpoint says this. @param {() => Promise<Response>} answer */
const serverTold = (answer) =>
  server({
    fetch: (/** @type {any} */ input, /** @type {RequestInit} */ init) =>
      (input instanceof Request ? input.url : String(input)).endsWith("/token") ? answer() : fetch(input, init),
  });

test("Session Management: tokens of the session store are renewed when they are due, and stored again", async () => {
  const session = await sessionOf();
  const idp = server();
  /** @type {unknown[]} */
  const printed = [];
  const options = {
    onRefresh: (/** @type {TokenSet} */ tokens) => void (session.tokens = JSON.stringify(tokens)),
    onRefreshError: (/** @type {Error} */ error) => void printed.push(`Session expired: ${error}`),
  };
  const before = session.tokens;
  const agent = await idp.createAgent(JSON.parse(session.tokens), options);
  assert.deepEqual([agent.id, session.tokens], ["usr_ada", before]);
  await later(700, async () => {
    const renewed = await idp.createAgent(JSON.parse(session.tokens), options);
    assert.equal(renewed.id, "usr_ada");
    assert.notEqual(session.tokens, before);
    assert.deepEqual(JSON.parse(session.tokens), renewed.tokens);
    // What was stored is good for the next request of the same person.
    const again = await server().createAgent(JSON.parse(session.tokens), options);
    assert.deepEqual(again.tokens, renewed.tokens);
  });
  assert.deepEqual(printed, []);
});

test("Configuring Auto-Refresh: off for a client, off for a call, on for a call, and how long before the end", async () => {
  const { tokens } = await sessionOf();
  const due = () => ({ ...JSON.parse(tokens), issued_at: Math.floor(Date.now() / 1000) - 500, expires_at: Math.floor(Date.now() / 1000) + 100 });
  const before = refreshes();
  await server().createAgent(due());
  await server({ refreshBufferSeconds: 120, autoRefresh: false }).createAgent(due());
  await server({ refreshBufferSeconds: 120 }).createAgent(due(), { autoRefresh: false });
  assert.equal(refreshes(), before);
  const off = server({ refreshBufferSeconds: 120, autoRefresh: false });
  await off.createAgent(due(), { autoRefresh: true });
  assert.equal(refreshes(), before + 1);
  const eager = await server({ refreshBufferSeconds: 120 }).createAgent(JSON.parse((await sessionOf()).tokens));
  await later(485, async () => assert.notEqual(await eager.getAccessToken(), eager.tokens.access_token));
  assert.equal(refreshes(), before + 2);
});

test("Token Expiration: expiresAt, expiresIn and isExpired with its buffers", async () => {
  const tokens = JSON.parse((await sessionOf()).tokens);
  const agent = await server().createAgent(tokens, { autoRefresh: false });
  assert.equal(agent.expiresAt, tokens.expires_at);
  assert.ok(Math.abs(Number(agent.expiresIn) - 600) < 10);
  assert.deepEqual([agent.isExpired(), agent.isExpired(60), agent.isExpired(0), agent.isExpired(700)], [false, false, false, true]);
  await later(575, async () => assert.deepEqual([agent.isExpired(), agent.isExpired(0)], [true, false]));
  await later(700, async () => {
    assert.deepEqual([agent.isExpired(0), Number(agent.expiresIn) < 0], [true, true]);
  });
});

test("Error Handling: TokenExpiredError, where nothing can renew the tokens", async () => {
  const { refresh_token, ...tokens } = JSON.parse((await sessionOf()).tokens);
  await later(700, async () => {
    await assert.rejects(server().createAgent(tokens), (error) => {
      assert.ok(error instanceof TokenExpiredError && isOAuthError(error));
      return error.code === "token_expired" && error.recovery === "reauthenticate";
    });
  });
});

test("Error Handling: RefreshError says what the provider said, and with which status", async () => {
  const { tokens } = await sessionOf();
  const idp = serverTold(async () => Response.json({ error: "invalid_grant", error_description: "revoked by the user" }, { status: 400 }));
  /** @type {unknown[]} */
  const told = [];
  await later(700, async () => {
    await assert.rejects(idp.createAgent(JSON.parse(tokens), { onRefreshError: (error) => void told.push(error) }), (error) => {
      assert.ok(error instanceof RefreshError);
      assert.deepEqual([error.error, error.errorDescription, error.status], ["invalid_grant", "revoked by the user", 400]);
      return told[0] === error;
    });
  });
});

test("Error Handling: TokenParseError, where the ID token is missing or malformed", async () => {
  const { id_token, ...tokens } = JSON.parse((await sessionOf()).tokens);
  for (const wrong of [tokens, { ...tokens, id_token: "not.a-token" }, { ...tokens, id_token: `${id_token}.x` }]) {
    await assert.rejects(server().createAgent(wrong), (error) => error instanceof TokenParseError);
  }
});

test("Error Handling: SubjectMismatchError, where the renewed tokens are somebody else's", async () => {
  const [ada, ben] = [JSON.parse((await sessionOf()).tokens), JSON.parse((await sessionOf("ben")).tokens)];
  const idp = serverTold(async () => {
    return Response.json({ access_token: "at", token_type: "Bearer", expires_in: 600, refresh_token: "rt", id_token: ben.id_token });
  });
  await later(550, async () => {
    await assert.rejects(idp.createAgent(ada), (error) => {
      assert.ok(error instanceof SubjectMismatchError);
      return error.expectedSub === "usr_ada" && error.actualSub === "usr_ben";
    });
  });
});
