// What an agent is: who, since when, until when; frozen, and without a token for whoever logs it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { agentWith, server, tokensWith } from "./agents.mjs";

const CLAIMS = {
  sub: "usr_ada",
  email: "ada@example.com",
  email_verified: true,
  organizations: [{ id: "org_a", title: "Analysts", scopes: ["users:read", "owner"], joined_at: 1_700_000_000 }, { id: "org_b" }],
};

test("an agent says who it is as its ID token does", async () => {
  const agent = await agentWith({ ...CLAIMS, nested: { list: [1] } });
  assert.deepEqual([agent.id, agent.type, agent.email, agent.emailVerified], ["usr_ada", "user", "ada@example.com", true]);
  assert.deepEqual(agent.organizations, [
    { id: "org_a", title: "Analysts", scopes: ["users:read", "owner"], roles: [], joinedAt: 1_700_000_000 },
    { id: "org_b", title: null, scopes: [], roles: [], joinedAt: null },
  ]);
  assert.equal(agent.claims.sub, "usr_ada");
  assert.equal(agent.claims, agent.claims);
  assert.deepEqual([agent.roles, agent.hasRole("owner")], [[], false]);
});

test("what the ID token does not say is null, and never a guess", async () => {
  const agent = await agentWith({ sub: "key_1" }, { expires_at: undefined });
  assert.deepEqual([agent.email, agent.emailVerified, agent.organizations], [null, null, []]);
  assert.equal(agent.type, "api_key");
  assert.deepEqual([agent.expiresAt, agent.expiresIn, agent.isExpired()], [null, null, false]);
  assert.equal((await agentWith({ email: "a@b.c", email_verified: "true" })).emailVerified, null);
});

test("an agent is frozen through and through", async () => {
  const agent = /** @type {any} */ (await agentWith({ ...CLAIMS, nested: { list: [1] } }));
  const parts = [
    agent, agent.organizations, agent.organizations[0], agent.organizations[0].scopes, agent.claims, agent.claims.nested,
    agent.claims.nested.list, agent.roles, agent.malformedScopes, agent.whyAccess("read", "users"),
  ];
  for (const part of parts) assert.ok(Object.isFrozen(part));
  assert.throws(() => void (agent.id = "usr_eve"), TypeError);
  assert.throws(() => void (agent.isExpired = () => false), TypeError);
  assert.throws(() => agent.organizations[1].scopes.push("*:**"), TypeError);
  agent.getScopesFor("org_a").push("*:**");
  assert.deepEqual(agent.getScopesFor("org_a"), ["users:read", "owner"]);
  assert.equal(agent.hasAccess("write", "users"), false);
});

test("no token is in what an agent is written as", async () => {
  const agent = await agentWith(CLAIMS);
  const written = JSON.parse(JSON.stringify(agent));
  assert.deepEqual(written, {
    id: "usr_ada", type: "user", email: "ada@example.com", emailVerified: true, organizations: agent.organizations, roles: [],
  });
  const spread = { .../** @type {object} */ (agent) };
  const shown = [
    JSON.stringify(agent), JSON.stringify({ agent }), inspect(agent, { depth: 9, showHidden: true }), inspect(spread, { depth: 9 }),
    String(agent), Object.values(agent).join(), JSON.stringify(Object.getOwnPropertyNames(agent)),
  ].join("\n");
  const { access_token, refresh_token, id_token } = agent.tokens;
  for (const token of [access_token, refresh_token, id_token]) assert.ok(!shown.includes(String(token)));
  assert.ok(!shown.includes("secret"));
  assert.deepEqual(Object.keys(agent).includes("tokens"), false);
  for (const name in agent) assert.notEqual(name, "tokens");
});

test("tokens come back as they were handed in, through JSON too", async () => {
  const tokens = tokensWith(CLAIMS, { scope: "openid email", metadata: { extra: [1, { a: null }] } });
  const agent = await agentWith(CLAIMS);
  assert.deepEqual(await server().createAgent(tokens, { verify: "claims" }).then(({ tokens }) => tokens), tokens);
  const stored = JSON.parse(JSON.stringify(agent.tokens));
  const again = await server().createAgent(stored, { verify: "claims" });
  assert.deepEqual(again.tokens, agent.tokens);
  assert.deepEqual(JSON.stringify(again), JSON.stringify(agent));
});

test("its end is the access token's, in whole seconds, and the buffer is 30 of them by default", async () => {
  const now = Math.floor(Date.now() / 1000);
  const ending = (/** @type {number} */ seconds) => agentWith(CLAIMS, { expires_at: now + seconds });
  const [late, soon, over] = await Promise.all([ending(600), ending(25), ending(-10)]);
  assert.equal(late.expiresAt, now + 600);
  assert.ok(Number(late.expiresIn) <= 600 && Number(late.expiresIn) > 580);
  assert.ok(Number(over.expiresIn) <= -10);
  assert.deepEqual([late.isExpired(), soon.isExpired(), over.isExpired()], [false, true, true]);
  assert.deepEqual([late.isExpired(700), soon.isExpired(0), over.isExpired(0)], [true, false, true]);
});

test("it can be refreshed as long as there is a refresh token that is not known to be over", async () => {
  const now = Math.floor(Date.now() / 1000);
  const refreshable = async (/** @type {object} */ more) => (await agentWith(CLAIMS, more)).isRefreshable;
  assert.equal(await refreshable({}), true);
  assert.equal(await refreshable({ refresh_token: undefined }), false);
  assert.equal(await refreshable({ refresh_expires_at: now + 60 }), true);
  assert.equal(await refreshable({ refresh_expires_at: now - 1 }), false);
});

test("the prefix of the subject names the type", async () => {
  for (const [sub, type] of [["usr_1", "user"], ["tok_1", "personal_token"], ["key_1", "api_key"], ["agt_1", "agent"], ["auth0|1", "user"]]) {
    assert.equal((await agentWith({ sub })).type, type);
  }
});
