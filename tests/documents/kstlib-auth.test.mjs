// Every example of the documentation of kstlib.auth that is about a provider, a session, a token or a check, in its
// order, as this library says it. Those about configuration stand in tests/configuration.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { IdpClient, checkToken, memoryStorage, tokenSet } from "wasm-oidc";

import { startApi } from "../op/api.mjs";
import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startApi>>} */
let api;
/** @type {IdpClient} */
let idp;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
});
after(() => provider?.close());
beforeEach(async () => {
  api = await startApi();
  idp = await IdpClient.create(config());
});
afterEach(() => {
  idp.dispose();
  return api.close();
});

const config = () => ({
  name: "example",
  issuer: provider.issuer,
  clientId: testClientId,
  redirectUri: REDIRECT_URI,
  scopes: ["openid", "profile", "email", "offline_access"],
  storage: memoryStorage(),
  session: /** @type {const} */ ("single-user"),
  apiOrigins: [api.url],
});

async function signIn(client = idp) {
  const auth = await client.createAuthorizationRequest();
  const agent = await client.exchangeCode(await signInWithoutBrowser(auth.url, "ada"), auth);
  return client.adopt(agent);
}

describe("OIDCProvider", () => {
  test("a provider, its authorization URL and state; PKCE is on and handled by the exchange", async () => {
    const { url, state } = await idp.createAuthorizationRequest();
    const query = new URL(url).searchParams;
    assert.deepEqual([query.get("state"), query.get("code_challenge_method")], [state, "S256"]);
    assert.equal((await signIn()).id, "usr_ada");
  });

  test("discovery modes: auto by the issuer alone, hybrid where endpoints are given, manual without any request", async () => {
    assert.equal(idp.discoveryMode, "auto");
    const hybrid = await IdpClient.create({ ...config(), metadata: { userinfo_endpoint: `${provider.issuer}/me` } });
    assert.equal(hybrid.discoveryMode, "hybrid");
    assert.equal((await hybrid.discover()).token_endpoint, `${provider.issuer}/token`);
    const known = await idp.discover();
    provider.requests.length = 0;
    const { issuer, ...rest } = config();
    const manual = await IdpClient.create({ ...rest, metadata: known });
    assert.equal(manual.discoveryMode, "manual");
    assert.deepEqual(await manual.discover({ force: true }), {});
    assert.deepEqual(provider.requests, []);
  });

  test("a refresh before anything was discovered finds the right token endpoint", async () => {
    const { tokens } = await signIn();
    const fresh = await IdpClient.create({ ...config(), storage: "memory" });
    const renewed = await fresh.refresh(await fresh.createAgent(tokens, { verify: "claims" }));
    assert.notEqual(renewed.tokens.access_token, tokens.access_token);
  });

  test("userinfo and preflight", async () => {
    await signIn();
    assert.equal((await idp.getUserInfo()).name, "Ada Lovelace");
    const report = await idp.preflight();
    assert.equal(report.provider, "example");
    assert.ok(report.steps.length > 5);
  });
});

describe("AbstractAuthProvider", () => {
  test("is_authenticated, get_token, save_token, clear_token", async () => {
    assert.equal(idp.isAuthenticated, false);
    assert.equal(await idp.getTokens(), null);
    const { tokens } = await signIn();
    assert.equal(idp.isAuthenticated, true);
    assert.equal((await idp.getTokens())?.access_token, tokens.access_token);
    await idp.clear();
    assert.equal(idp.isAuthenticated, false);
    await idp.saveTokens(tokens);
    assert.equal(idp.isAuthenticated, true);
  });

  test("revoke tells whether it was done, and false where there is no endpoint", async () => {
    await signIn();
    assert.equal(await idp.revokeToken(), true);
    const { revocation_endpoint, ...without } = await idp.discover();
    const { issuer, ...rest } = config();
    const poor = await IdpClient.create({ ...rest, storage: "memory", metadata: without });
    assert.equal(await poor.revokeToken("a token", "access_token"), false);
  });

  test("refresh without a refresh token says that offline_access is missing", async () => {
    const agent = await signIn();
    const { refresh_token, ...without } = agent.tokens;
    await assert.rejects(idp.refresh(await idp.createAgent(without)), { name: "RefreshError", code: "no_refresh_token", message: /offline_access/ });
  });
});

describe("AuthSession", () => {
  for (const verb of /** @type {const} */ (["get", "post", "put", "patch", "delete", "head"])) {
    test(`session.${verb} sends the token`, async () => {
      const agent = await signIn();
      const response = await idp.session()[verb](`${api.url}/users/me`);
      assert.equal(response.status, 200);
      assert.equal(api.requests[0].authorization, `Bearer ${agent.tokens.access_token}`);
    });
  }

  test("session.options, the time limit, auto_refresh and retry_on_401 are the session's", async () => {
    await signIn();
    const session = idp.session({ timeoutSeconds: 30, autoRefresh: true, retryOn401: true });
    assert.equal((await session.options(`${api.url}/`)).status, 200);
    const patient = idp.session({ retryOn401: false });
    api.on("/no", (_, res) => res.writeHead(401).end());
    assert.equal((await patient.get(`${api.url}/no`)).status, 401);
    assert.equal(api.requests.filter(({ path }) => path === "/no").length, 1);
  });

  test("two providers are used side by side, each with its own session", async () => {
    const other = await IdpClient.create({ ...config(), name: "other" });
    const [hers, nobody] = [await signIn(), await other.getAgent()];
    assert.deepEqual([hers.id, nobody], ["usr_ada", null]);
    await signIn(other);
    await other.clear();
    assert.equal(idp.isAuthenticated, true);
  });
});

describe("Token Storage", () => {
  test("save, load, exists, delete and clear of one in memory", async () => {
    const storage = memoryStorage();
    await storage.save("corporate", "{}");
    assert.equal(await storage.load("corporate"), "{}");
    assert.equal(await storage.exists("corporate"), true);
    await storage.delete("corporate");
    assert.equal(await storage.exists("corporate"), false);
    await storage.save("a", "1");
    await storage.clear();
    assert.equal(await storage.load("a"), null);
  });

  test("sensitive_token: a token for as long as a function runs", async () => {
    const { tokens } = await signIn();
    assert.equal(await idp.withToken((token) => token === tokens.access_token), true);
  });
});

describe("Token", () => {
  test("an expired token with a refresh token is expired and refreshable", () => {
    const token = tokenSet({
      access_token: "an-access-token",
      token_type: "Bearer",
      issued_at: 1_735_732_800,
      expires_at: 1_735_736_400,
      refresh_token: "a-refresh-token",
      scope: "openid profile",
      version: 1,
    });
    assert.deepEqual([token.isExpired(), token.isRefreshable, token.shouldRefresh], [true, true, true]);
  });

  test("from_response, to_dict, from_dict", () => {
    const token = tokenSet({
      access_token: "an-access-token",
      token_type: "Bearer",
      expires_in: 3600,
      refresh_token: "a-refresh-token",
      scope: "openid profile",
    });
    assert.deepEqual(token.scopes, ["openid", "profile"]);
    const stored = JSON.parse(JSON.stringify(token));
    assert.deepEqual(tokenSet(stored).toJSON(), stored);
  });
});

describe("TokenChecker", () => {
  test("six steps with an expected audience, and a report that serializes", async () => {
    const { tokens } = await signIn();
    const report = await checkToken(String(tokens.id_token), { expectedIssuer: provider.issuer, expectedAudience: testClientId });
    assert.equal(report.valid, true);
    assert.deepEqual(
      report.steps.map(({ name }) => name),
      ["decode_structure", "discover_issuer", "fetch_jwks", "extract_key", "verify_signature", "validate_claims"],
    );
    const { tokenType, audienceMatch, issuerMatch, signatureAlgorithm } = JSON.parse(JSON.stringify(report));
    assert.deepEqual([tokenType, audienceMatch, issuerMatch, signatureAlgorithm], ["id_token", true, true, "RS256"]);
  });
});
