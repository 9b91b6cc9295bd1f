// Every example of the documentation of authpi-idp, in its order, as this library says it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import {
  AccountLinkingRequiredError, ConfigurationError, ConsentRequiredError, IdpClient, InsufficientScopeError,
  InteractionRequiredError, LoginRequiredError, OAuthError, RefreshError, SessionExpiredError, SubjectMismatchError,
  TokenExpiredError, TokenParseError, UserBlockedError, hasAccess, parseScope,
} from "wasm-oidc";

import { demoUsers, signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";
import { MACHINE, REDIRECT_URI, clientOf, organizations, signedIn, startAuthPi } from "./authpi.mjs";

/** @type {Awaited<ReturnType<typeof startAuthPi>>} */
let provider;
/** @type {InstanceType<typeof IdpClient>} */
let idp;
/** @type {Awaited<ReturnType<typeof signedIn>>} */
let agent;

before(async () => {
  provider = await startAuthPi();
  idp = await clientOf(provider);
  agent = await signedIn(idp);
});
after(() => provider?.close());

const nowInSeconds = () => Math.floor(Date.now() / 1000);

/** Tokens whose access token has this many seconds left. @param {import("wasm-oidc").TokenSet} tokens @param {number} left */
const aged = (tokens, left) => ({ ...tokens, issued_at: nowInSeconds() - 600, expires_at: nowInSeconds() + left });

test("Quick Start: a URL without awaiting, a callback exchanged, tokens stored, access asked", async () => {
  const fresh = await clientOf(provider);
  const auth = fresh.createAuthorizationUrl({ scopes: ["openid", "profile", "email"] });
  const session = { oauth: JSON.parse(JSON.stringify(auth)), tokens: null };
  for (const part of ["codeVerifier", "state", "nonce"]) assert.equal(typeof session.oauth[part], "string", part);

  const callback = new URL(await signInWithoutBrowser(auth.url, "ada"));
  const code = callback.searchParams.get("code") ?? "";
  const signedInAgent = await fresh.exchangeCode(code, {
    codeVerifier: session.oauth.codeVerifier,
    nonce: session.oauth.nonce,
    stateCheckedByCaller: callback.searchParams.get("state") === session.oauth.state,
  });
  session.tokens = JSON.parse(JSON.stringify(signedInAgent.tokens));

  assert.equal((await fresh.createAgent(session.tokens)).id, signedInAgent.id);
  assert.equal(signedInAgent.hasAccessIn("org_xxx", "write", "projects"), true);
});

describe("Session Management", () => {
  test("an agent of stored tokens is renewed where they are over, and the new ones are handed over to be stored", async () => {
    const session = { tokens: aged((await signedIn(idp)).tokens, -5) };
    const old = session.tokens;
    const renewed = await idp.createAgent(session.tokens, {
      onRefresh: (tokens) => void (session.tokens = tokens),
      onRefreshError: (error) => assert.fail(`Session expired: ${error}`),
    });
    assert.notEqual(session.tokens.access_token, old.access_token);
    assert.equal(renewed.tokens.access_token, session.tokens.access_token);
  });

  test("a refresh that fails is told", async () => {
    /** @type {unknown[]} */
    const told = [];
    const tokens = { ...aged(agent.tokens, -5), refresh_token: "revoked" };
    const asked = idp.createAgent(tokens, { onRefreshError: (error) => void told.push(error) });
    await assert.rejects(asked, RefreshError);
    assert.ok(told[0] instanceof RefreshError);
  });

  test("Configuring Auto-Refresh: on and 60 seconds ahead, or off for the client, or off for one call", async () => {
    assert.equal((await refreshesFor({ autoRefresh: true, refreshBufferSeconds: 60 }, 50)), 1);
    assert.equal((await refreshesFor({}, 50)), 1);
    assert.equal((await refreshesFor({}, 70)), 0);
    assert.equal((await refreshesFor({ refreshBufferSeconds: 30 }, 50)), 0);
    assert.equal((await refreshesFor({ autoRefresh: false }, 50)), 0);
    assert.equal((await refreshesFor({}, 50, { autoRefresh: false })), 0);
    assert.equal((await refreshesFor({ autoRefresh: false }, 50, { autoRefresh: true })), 1);
  });

  /** @param {object} options @param {number} left @param {object} [call] */
  async function refreshesFor(options, left, call) {
    let refreshes = 0;
    const client = await clientOf(provider, options);
    const { tokens } = await signedIn(client);
    await client.createAgent(aged(tokens, left), { ...call, onRefresh: () => void (refreshes += 1) });
    return refreshes;
  }

  test("Token Expiration: a time, what is left of it, and whether it is over with a margin of 30 seconds", async () => {
    const soon = await idp.createAgent(aged(agent.tokens, 45), { autoRefresh: false });
    assert.equal(soon.expiresAt, soon.tokens.expires_at);
    assert.ok(Math.abs(Number(soon.expiresIn) - 45) <= 2);
    assert.deepEqual([soon.isExpired(), soon.isExpired(60), soon.isExpired(0)], [false, true, false]);
    const almost = await idp.createAgent(aged(agent.tokens, 20), { autoRefresh: false });
    assert.deepEqual([almost.isExpired(), almost.isExpired(0)], [true, false]);
    const over = await idp.createAgent(aged(agent.tokens, -20), { autoRefresh: false });
    assert.ok(Number(over.expiresIn) < 0);
    assert.equal(over.isExpired(0), true);
  });
});

test("Machine-to-Machine: a machine without a redirect URI has the scopes of its token", async () => {
  const machine = await IdpClient.create({ issuer: provider.issuer, ...MACHINE });
  const agent = await machine.clientCredentials(["users:read", "users:write"]);
  assert.equal(agent.hasAccess("read", "users"), true);
  assert.equal(agent.hasAccess("delete", "users"), false);
  assert.equal(agent.type, "agent");
  assert.equal(agent.id, "agt_machine1");
  assert.deepEqual(agent.organizations, []);
});

test("Sync Support: a client and a URL without awaiting anything, where the endpoints are known", async () => {
  const known = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();
  const sync = IdpClient.createSync({
    metadata: known,
    clientId: "test-spa",
    redirectUri: REDIRECT_URI,
  });
  const auth = sync.createAuthorizationUrl({ scopes: ["openid", "profile", "email"] });
  const exchanged = await sync.exchangeCode(await signInWithoutBrowser(auth.url, "ada"), auth);
  assert.equal(exchanged.id, "usr_ada");
});

describe("Authorization", () => {
  test("Using the Built-in Authorization: over all organizations, in one, by role", () => {
    assert.equal(agent.hasAccess("read", "users"), true);
    assert.equal(agent.hasAccessIn("org_xxx", "write", "projects"), true);
    assert.equal(agent.hasAccessIn("org_xxx", "delete", "projects.tasks"), true);
    assert.deepEqual([agent.isOwnerOf("org_xxx"), agent.isAdminOf("org_xxx"), agent.isMemberOf("org_xxx")], [false, false, true]);
    assert.deepEqual(agent.getScopesFor("org_xxx"), ["projects:**", "users:read"]);
  });

  test("Rolling Your Own Authorization: the organizations as they came, and the id", () => {
    const raw = organizations.map(({ joined_at, ...organization }) => ({ ...organization, roles: [], joinedAt: joined_at }));
    assert.deepEqual(agent.organizations, raw);
    assert.equal(agent.id, "usr_ada");
  });

  /** Each with what grants it, as the tables of *How Scopes Work* say. */
  const EVALUATIONS = /** @type {const} */ ([
    ["users:read", "read", "users", true],
    ["users:write", "write", "users", true],
    ["projects.tasks:delete", "delete", "projects.tasks", true],
    ["projects.tasks:delete", "delete", "projects", false],
    ["users:*", "anything", "users", true],
    ["users:*", "read", "users.verifiers", false],
    ["users:**", "read", "users.verifiers", true],
    ["*:read", "read", "billing", true],
    ["*:read", "read", "billing.invoices", false],
    ["*:read", "write", "billing", false],
    ["*:**", "delete", "billing.invoices", true],
    ["projects:*", "read", "projects", true],
    ["projects:*", "write", "projects", true],
    ["projects:*", "delete", "projects", true],
    ["projects:*", "read", "projects.tasks", false],
    ["projects:**", "read", "projects.tasks", true],
    ["projects:**", "write", "projects.tasks.comments", true],
  ]);
  for (const [scope, action, resource, expected] of EVALUATIONS) {
    test(`How Scopes Work: ${scope} ${expected ? "grants" : "does not grant"} ${action} on ${resource}`, () => {
      assert.equal(hasAccess([scope], action, resource), expected);
    });
  }

  test("How Scopes Work: the evaluation example", () => {
    for (const [action, resource] of [
      ["read", "projects"], ["write", "projects"], ["delete", "projects.tasks"], ["read", "projects.tasks.comments"],
      ["read", "users"],
    ]) assert.equal(agent.hasAccessIn("org_xxx", action, resource), true, `${action} ${resource}`);
    for (const [action, resource] of [["write", "users"], ["read", "billing"]]) {
      assert.equal(agent.hasAccessIn("org_xxx", action, resource), false, `${action} ${resource}`);
    }
  });

  test("Special Role Scopes: explicit roles, which no wildcard gives", () => {
    assert.deepEqual([agent.isOwnerOf("org_own"), agent.isAdminOf("org_own"), agent.isMemberOf("org_own")], [true, true, true]);
    assert.deepEqual([agent.isOwnerOf("org_all"), agent.isAdminOf("org_all"), agent.isMemberOf("org_all")], [false, false, true]);
  });

  test("Scope Utilities: a list of scopes and the parts of one", () => {
    const scopes = ["users:read", "projects:**"];
    assert.equal(hasAccess(scopes, "read", "users"), true);
    assert.equal(hasAccess(scopes, "write", "projects.tasks"), true);
    assert.equal(hasAccess(scopes, "delete", "users"), false);
    assert.deepEqual({ ...parseScope("users.verifiers:write") }, { resource: "users.verifiers", action: "write" });
    assert.deepEqual({ ...parseScope("projects:**") }, { resource: "projects", action: "**" });
  });
});

describe("Error Handling", () => {
  test("tokens that are over and cannot be renewed are TokenExpiredError", async () => {
    const { refresh_token, ...over } = aged(agent.tokens, -5);
    await assert.rejects(idp.createAgent(over), TokenExpiredError);
  });

  test("a refresh that the provider refuses is RefreshError with its status and description", async () => {
    await assert.rejects(idp.createAgent({ ...aged(agent.tokens, -5), refresh_token: "revoked" }), (error) => {
      assert.ok(error instanceof RefreshError);
      assert.deepEqual([error.status, error.error, typeof error.errorDescription], [400, "invalid_grant", "string"]);
      return true;
    });
  });

  test("an ID token that is missing or malformed is TokenParseError", async () => {
    const { id_token, ...without } = agent.tokens;
    await assert.rejects(idp.createAgent(without), TokenParseError);
    await assert.rejects(idp.createAgent({ ...without, id_token: "malformed" }), TokenParseError);
  });

  test("a refresh that speaks of somebody else is SubjectMismatchError with both subjects", async () => {
    const { asked, close } = await refreshOfSomebodyElse();
    const error = await asked.catch((thrown) => thrown);
    await close();
    assert.ok(error instanceof SubjectMismatchError, String(error));
    assert.deepEqual([error.expectedSub, error.actualSub], ["usr_ada", "usr_ben"]);
  });

  /** Hers, with the refresh token of his. */
  async function refreshOfSomebodyElse() {
    const two = await startTestProvider({ redirectUris: [REDIRECT_URI], users: demoUsers });
    const tokensOf = async (/** @type {import("../op/provider.mjs").Login} */ login) => {
      const client = await clientOf(two);
      const auth = await client.createAuthorizationRequest();
      return (await client.exchangeCode(await signInWithoutBrowser(auth.url, login), auth)).tokens;
    };
    const [hers, his] = [await tokensOf("ada"), await tokensOf("ben")];
    const client = await clientOf(two);
    const asked = client.createAgent({ ...aged(hers, -5), refresh_token: his.refresh_token });
    return { asked, close: () => two.close() };
  }

  test("Error Hierarchy: every class is an OAuthError", () => {
    for (const Class of [
      TokenExpiredError, RefreshError, TokenParseError, SubjectMismatchError, ConfigurationError, InsufficientScopeError,
      SessionExpiredError, UserBlockedError, AccountLinkingRequiredError, InteractionRequiredError, LoginRequiredError,
      ConsentRequiredError,
    ]) assert.ok(Class.prototype instanceof OAuthError, Class.name);
  });

  for (const [wire, Class] of /** @type {const} */ ([
    ["interaction_required", InteractionRequiredError],
    ["login_required", LoginRequiredError],
    ["consent_required", ConsentRequiredError],
    ["session_expired", SessionExpiredError],
    ["user_blocked", UserBlockedError],
    ["account_linking_required", AccountLinkingRequiredError],
    ["insufficient_scope", InsufficientScopeError],
  ])) {
    test(`Error Hierarchy: ${wire} from the provider is ${Class.name}`, async () => {
      const auth = await idp.createAuthorizationRequest();
      const response = new URLSearchParams({ error: wire, state: auth.state, iss: provider.issuer });
      await assert.rejects(idp.exchangeCode(`${REDIRECT_URI}?${response}`, auth), Class);
    });
  }
});

test("User Info: the profile beyond the claims of the ID token", async () => {
  const userinfo = await idp.getUserInfo(agent);
  assert.deepEqual([userinfo.sub, userinfo.email, userinfo.name], ["usr_ada", "ada@example.com", "Ada Lovelace"]);
  assert.equal(userinfo.organizations[0].id, "org_xxx");
});

test("Logout: a URL with the hint, where to go, and a state", () => {
  const url = new URL(
    String(
      idp.createLogoutUrl({
        idTokenHint: agent.tokens.id_token,
        postLogoutRedirectUri: "https://app.example.com",
        state: "logout_state",
      }),
    ),
  );
  assert.equal(url.searchParams.get("id_token_hint"), agent.tokens.id_token);
  assert.equal(url.searchParams.get("post_logout_redirect_uri"), "https://app.example.com");
  assert.equal(url.searchParams.get("state"), "logout_state");
});

test("Token Revocation: the refresh token, then the access token", async () => {
  const { tokens } = await signedIn(idp);
  assert.equal(await idp.revokeToken(tokens.refresh_token, "refresh_token"), true);
  assert.equal(await idp.revokeToken(tokens.access_token, "access_token"), true);
  await assert.rejects(idp.createAgent(aged(tokens, -5)), RefreshError);
});

describe("API Reference", () => {
  test("a client has every method", () => {
    for (const method of [
      "createAuthorizationUrl", "exchangeCode", "createAgent", "refresh", "getUserInfo", "createLogoutUrl",
      "clientCredentials", "revokeToken",
    ]) assert.equal(typeof (/** @type {any} */ (idp)[method]), "function", method);
  });

  test("createAuthorizationUrl takes the caller's state and nonce", async () => {
    await idp.discover();
    const [state, nonce] = ["a-state-of-the-callers-own", "a-nonce-of-the-callers-own"];
    const { url } = idp.createAuthorizationUrl({ scopes: "openid", state, nonce });
    assert.deepEqual([new URL(url).searchParams.get("state"), new URL(url).searchParams.get("nonce")], [state, nonce]);
  });

  test("an agent has its identity, tokens, organizations, times and questions", () => {
    assert.deepEqual([agent.type, agent.email, agent.emailVerified], ["user", "ada@example.com", true]);
    assert.equal(typeof agent.tokens.access_token, "string");
    assert.ok(Number(agent.expiresAt) > nowInSeconds());
    assert.equal(agent.hasAccess("read", "nothing.at.all"), true, "by *:** of org_all");
    assert.equal(agent.hasAccessIn("org_xxx", "read", "nothing.at.all"), false);
  });

  test("refresh(agent) renews by hand", async () => {
    const first = await signedIn(idp);
    const renewed = await idp.refresh(first);
    assert.notEqual(renewed.tokens.access_token, first.tokens.access_token);
  });
});

test("Context Manager Support: a client that is left forgets everything", async () => {
  const left = await clientOf(provider);
  await left.discover();
  left[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
  await assert.rejects(left.discover(), { code: "disposed" });
  const awaited = await clientOf(provider);
  await awaited[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
  await assert.rejects(awaited.discover(), { code: "disposed" });
});
