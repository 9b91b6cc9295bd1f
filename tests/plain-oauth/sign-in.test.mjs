// @ts-check
// Signing in at a plain OAuth 2.0 provider as GitHub is one, in Node as a process of one person.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { IdpClient, memoryStorage, tokenSet } from "wasm-oidc";

import { octocat, startGitHubLike } from "../op/github-like.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const TOKEN = "/login/oauth/access_token";

/** @type {Awaited<ReturnType<typeof startGitHubLike>>} */
let provider;

before(async () => {
  provider = await startGitHubLike();
});
after(() => provider?.close());
beforeEach(() => {
  Object.assign(provider, { user: octocat, lifetime: 0, writes: "form", instead: {} });
  provider.seen.length = 0;
});

/** @param {Record<string, any>} [more] options of the client */
async function clientOf({ clientId = "cli", ...more } = {}) {
  let sentTo = "";
  const idp = await IdpClient.create({
    type: "oauth2",
    clientId,
    clientSecret: `secret of ${clientId}`,
    metadata: provider.metadata(),
    redirectUri: REDIRECT_URI,
    scopes: ["repo", "gist"],
    identity: { id: "id", email: "email", name: "name", preferred_username: "login" },
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
    ...more,
  });
  return {
    idp,
    /** @param {import("wasm-oidc").SignInOptions} [options] */
    async signIn(options) {
      await idp.signInRedirect(options);
      return idp.handleRedirectCallback(await provider.authorize(sentTo));
    },
  };
}

test("somebody signs in by an answer that is a form or JSON, and has a name from the userinfo endpoint", async () => {
  for (const writes of /** @type {const} */ (["form", "json"])) {
    provider.writes = writes;
    const { idp, signIn } = await clientOf();
    await signIn();
    const agent = idp.agent;
    assert.ok(agent);
    assert.deepEqual([agent.id, agent.type, agent.email, agent.emailVerified], ["583231", "user", octocat.email, null]);
    const claims = { sub: "583231", email: octocat.email, name: octocat.name, preferred_username: "octocat" };
    assert.deepEqual({ ...agent.claims }, claims);
    assert.deepEqual(tokenSet(agent.tokens).scopes, ["repo", "gist"]);
    assert.deepEqual(agent.tokens.identity, claims);
    assert.equal(agent.tokens.id_token, undefined);
    assert.equal(agent.hasAccess("read", "repo"), false);
    assert.ok(!JSON.stringify(agent).includes(agent.tokens.access_token));
    idp.dispose();
  }
  const asked = provider.seen.find(({ path }) => path === TOKEN);
  assert.equal(asked?.accept, "application/json");
  assert.ok(asked?.form.get("code_verifier"));
});

test("the client secret goes by client_secret_basic, or by client_secret_post where the app or the metadata says so", async () => {
  for (const [clientId, more, inHeader] of /** @type {const} */ ([
    ["basic-client", {}, true],
    ["basic-client", { clientSecret: undefined, clientAuth: { method: "client_secret_basic", clientSecret: "secret of basic-client" } }, true],
    ["post-client", { clientSecret: undefined, clientAuth: { method: "client_secret_post", clientSecret: "secret of post-client" } }, false],
    ["post-client", { metadata: provider.metadata({ token_endpoint_auth_methods_supported: ["client_secret_post"] }) }, false],
    ["basic-client", { metadata: provider.metadata({ token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"] }) }, true],
  ])) {
    provider.seen.length = 0;
    const { idp, signIn } = await clientOf({ clientId, ...more });
    await signIn();
    assert.equal(idp.agent?.id, "583231");
    const asked = provider.seen.find(({ path }) => path === TOKEN);
    assert.deepEqual([asked?.authorization !== undefined, asked?.form.has("client_secret")], [inHeader, !inHeader]);
    idp.dispose();
  }
});

test("a number keeps all its digits, and a text is taken as it is", async () => {
  for (const [written, id] of [["9007199254740993", "9007199254740993"], ["184467440737095516160", "184467440737095516160"], ['"MDQ6VXNlcjE="', "MDQ6VXNlcjE="]]) {
    provider.instead["/user"] = [{ body: `{"id":${written},"login":"octocat"}` }];
    const { idp, signIn } = await clientOf();
    await signIn();
    assert.equal(idp.agent?.id, id);
    idp.dispose();
  }
});

test("a list of names leads into an answer, and what is not named is no claim", async () => {
  provider.user = /** @type {any} */ ({ data: { id: 7, mail: "a@b.example", checked: true }, organizations: [{ id: "org_x", scopes: ["*:**"] }] });
  const { idp, signIn } = await clientOf({ identity: { id: ["data", "id"], email: ["data", "mail"], emailVerified: ["data", "checked"] } });
  await signIn();
  const agent = idp.agent;
  assert.deepEqual([agent?.id, agent?.email, agent?.emailVerified], ["7", "a@b.example", true]);
  assert.deepEqual([agent?.organizations.length, agent?.hasAccess("read", "anything")], [0, false]);
  idp.dispose();
});

test("a reload knows who it is without a request", async () => {
  const storage = memoryStorage();
  const { idp, signIn } = await clientOf({ storage });
  await signIn();
  idp.dispose();
  provider.seen.length = 0;
  const { idp: again } = await clientOf({ storage });
  assert.deepEqual([again.agent?.id, again.agent?.email, again.agent?.claims["preferred_username"]], ["583231", octocat.email, "octocat"]);
  assert.equal((await again.getAgent())?.id, "583231");
  assert.equal(provider.seen.length, 0);
  again.dispose();
});

test("a refresh keeps who it is and asks only for tokens", async () => {
  provider.lifetime = 28_800;
  const { idp, signIn } = await clientOf();
  await signIn();
  const { refresh_token } = /** @type {any} */ (idp.agent?.tokens);
  provider.seen.length = 0;
  assert.equal((await idp.refresh()).id, "583231");
  assert.notEqual(idp.agent?.tokens.refresh_token, refresh_token);
  assert.deepEqual(provider.seen.map(({ path }) => path), [TOKEN]);
  assert.equal(provider.seen[0].form.get("refresh_token"), refresh_token);
  idp.dispose();
});

test("a refresh token that is refused with status 200 ends the session", async () => {
  provider.lifetime = 28_800;
  const { idp, signIn } = await clientOf();
  await signIn();
  /** @type {any[]} */
  const ends = [];
  idp.on("signedout", ({ detail }) => ends.push(detail.reason));
  provider.instead[TOKEN] = [{ type: "application/x-www-form-urlencoded", body: "error=bad_refresh_token&error_description=expired" }];
  await assert.rejects(idp.refresh(), { name: "RefreshError", code: "invalid_grant", error: "bad_refresh_token", errorDescription: "expired", status: 200 });
  assert.deepEqual([idp.agent, ends], [null, ["invalid_grant"]]);
  idp.dispose();
});

test("stored tokens become an agent: those with an identity without a request, others by asking", async () => {
  const { idp, signIn } = await clientOf();
  await signIn();
  const tokens = /** @type {import("wasm-oidc").TokenSet} */ (idp.agent?.tokens);
  provider.seen.length = 0;
  assert.equal((await idp.createAgent(JSON.parse(JSON.stringify(tokens)))).id, "583231");
  assert.equal(provider.seen.length, 0);
  const { identity, ...bare } = tokens;
  const asked = await idp.createAgent(bare);
  assert.deepEqual([asked.id, asked.tokens.identity, provider.count("/user")], ["583231", identity, 1]);
  const response = { access_token: tokens.access_token, token_type: "bearer", scope: "repo,gist" };
  assert.deepEqual(tokenSet((await idp.createAgent(response)).tokens).scopes, ["repo", "gist"]);
  await assert.rejects(idp.createAgent({ ...response, access_token: "gho_gone" }), { name: "ProviderError", code: "invalid_token" });
  assert.equal((await idp.saveTokens(bare)).id, "583231");
  idp.dispose();
});

test("tokens that are due are renewed before anybody is asked who it is", async () => {
  provider.lifetime = 28_800;
  const { idp, signIn } = await clientOf();
  await signIn();
  const { identity: _, ...bare } = /** @type {import("wasm-oidc").TokenSet} */ (idp.agent?.tokens);
  await idp.clear();
  provider.seen.length = 0;
  const agent = await idp.createAgent({ ...bare, access_token: "gho_old", expires_at: 1 });
  assert.deepEqual([agent.id, provider.seen.map(({ path }) => path)], ["583231", [TOKEN, "/user"]]);
  idp.dispose();
});

test("without a mapping the agent stays nameless", async () => {
  const { idp, signIn } = await clientOf({ identity: undefined });
  await signIn();
  assert.deepEqual([idp.agent?.id, { ...idp.agent?.claims }, provider.count("/user")], ["", {}, 0]);
  assert.equal((await idp.getUserInfo())["login"], "octocat");
  idp.dispose();
});

test("there is nothing to revoke or to introspect where the provider has no endpoint", async () => {
  const { idp, signIn } = await clientOf();
  await signIn();
  assert.equal(await idp.revokeToken(), false);
  await assert.rejects(idp.introspect("gho_1"), { name: "ConfigurationError", code: "endpoint_missing" });
  assert.equal(idp.createLogoutUrl(), null);
  await idp.signOut();
  assert.equal(idp.agent, null);
  idp.dispose();
});

test("who is expected signs in, and somebody else does not", async () => {
  const { idp, signIn } = await clientOf();
  const email = octocat.email ?? "";
  // Nothing at such a provider says that an address is verified.
  await assert.rejects(signIn({ expect: { email } }), { name: "IdentityMismatchError", code: "email_unverified" });
  await assert.rejects(signIn({ expect: { email: "ada@example.com" }, allowUnverifiedEmail: true }), { code: "identity_mismatch" });
  await assert.rejects(signIn({ expect: { sub: "1" } }), { code: "identity_mismatch", actual: "583231" });
  assert.equal(idp.agent, null);
  await signIn({ expect: { email, sub: "583231", claims: { preferred_username: "octocat" } }, allowUnverifiedEmail: true });
  assert.equal(idp.agent?.id, "583231");
  provider.user = { id: 1, login: "ada" };
  await assert.rejects(signIn({ sameSubject: true }), { name: "SubjectMismatchError", expectedSub: "583231", actualSub: "1" });
  assert.equal(idp.agent?.id, "583231");
  idp.dispose();
});
