// Machines that sign in as themselves (RFC 6749 4.4), against the real provider; the example of authpi-idp's *Machine-to-
// Machine Authentication*, and `ClientCredentialsAuth` of cdse.auth.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { API, MACHINE, startGrantsProvider } from "../op/grants.mjs";
import { away, later, refused, watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

const machine = (/** @type {object} */ more = {}) => watchedClient(provider, { ...MACHINE, ...more });

test("a machine has its client id, the type of its prefix, and token-level scopes", async () => {
  const { idp, forms } = machine();
  const agent = await idp.clientCredentials(["users:read", "users:write"]);
  assert.deepEqual([agent.id, agent.type, agent.email, agent.organizations], ["agt_machine1", "agent", null, []]);
  assert.equal(agent.hasAccess("read", "users"), true);
  assert.equal(agent.hasAccess("delete", "users"), false);
  assert.equal(agent.hasAccessIn("org_x", "read", "users"), false);
  assert.deepEqual(forms, [{ grant_type: "client_credentials", scope: "users:read users:write" }]);
  assert.deepEqual([agent.isRefreshable, agent.tokens.refresh_token, agent.tokens.id_token], [false, undefined, undefined]);
  const kept = await provider.provider.ClientCredentials.find(agent.tokens.access_token);
  assert.deepEqual([kept?.clientId, kept?.scope], ["agt_machine1", "users:read users:write"]);
});

test("a client whose id has no prefix is an agent, and signs in by post too", async () => {
  const { idp, forms } = machine({ clientId: "cli_post", clientSecret: undefined, clientAuth: { method: "client_secret_post", clientSecret: MACHINE.clientSecret } });
  const agent = await idp.clientCredentials();
  assert.deepEqual([agent.id, agent.type], ["cli_post", "agent"]);
  assert.deepEqual(Object.keys(forms[0] ?? {}).sort(), ["client_id", "client_secret", "grant_type"]);
});

test("what was granted counts, and what was asked for only where the provider does not say", async () => {
  const { idp, instead } = machine();
  const tokens = { access_token: "at", token_type: "Bearer", expires_in: 60 };
  instead.token = async () => Response.json({ ...tokens, scope: "users:read" });
  const narrowed = await idp.clientCredentials(["users:read", "users:write"]);
  assert.deepEqual([narrowed.hasAccess("read", "users"), narrowed.hasAccess("write", "users")], [true, false]);
  instead.token = async () => Response.json(tokens);
  const silent = await idp.clientCredentials(["users:*"]);
  assert.deepEqual([silent.hasAccess("write", "users"), silent.tokens.scope], [true, "users:*"]);
  // Without scopes nothing is asked for, and nothing granted.
  assert.equal((await idp.clientCredentials()).hasAccess("read", "users"), false);
});

test("a plain OAuth 2.0 provider will do", async () => {
  const { idp } = machine({ type: "oauth2" });
  assert.equal((await idp.clientCredentials(["users:read"])).hasAccess("read", "users"), true);
});

test("ten calls at once are one request, and the same scopes are the same agent", async () => {
  const { idp, forms } = machine();
  const agents = await Promise.all(Array.from({ length: 10 }, (_, at) => idp.clientCredentials(at % 2 ? "b:x a:x" : ["a:x", "b:x"])));
  assert.equal(new Set(agents).size, 1);
  assert.equal(await idp.clientCredentials(["b:x", "a:x"]), agents[0]);
  assert.equal(forms.length, 1);
  const other = await idp.clientCredentials(["a:x"]);
  const forApi = await idp.clientCredentials(["a:x"], { resource: API });
  assert.equal(new Set([agents[0], other, forApi]).size, 3);
  assert.equal(forms.length, 3);
  assert.equal(forms[2]?.resource, API);
});

test("it is renewed ahead of its end by asking again, once for all", async () => {
  const { idp, forms } = machine();
  const agent = await idp.clientCredentials(["users:read"]);
  const first = await agent.getAccessToken();
  // A minute of life: half of it is ahead enough.
  await later(20, async () => assert.equal(await agent.getAccessToken(), first));
  await later(40, async () => {
    const renewed = await Promise.all([agent.getAccessToken(), agent.getAccessToken(), agent.authorizationHeader()]);
    assert.notEqual(renewed[0], first);
    assert.deepEqual(renewed, [renewed[0], renewed[0], `Bearer ${renewed[0]}`]);
    const now = await idp.clientCredentials(["users:read"]);
    assert.equal(now.tokens.access_token, renewed[0]);
    assert.notEqual(now, agent);
  });
  assert.deepEqual(forms.map((form) => [form.grant_type, form.scope]), Array(2).fill(["client_credentials", "users:read"]));
});

test("an API that answers 401 gets a token that was asked for anew, once", async () => {
  /** @type {(string | undefined)[]} */
  const seen = [];
  const server = createServer((req, res) => {
    seen.push(req.headers.authorization);
    res.writeHead(seen.length === 1 ? 401 : 200).end("ok");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const api = machine({ apiOrigins: [`http://127.0.0.1:${port}`] });
  const caller = await api.idp.clientCredentials(["users:read"]);
  const response = await caller.fetch(`http://127.0.0.1:${port}/users`);
  server.close();
  assert.deepEqual([response.status, seen.length, api.forms.length], [200, 2, 2]);
  assert.notEqual(seen[0], seen[1]);
  await assert.rejects(caller.fetch("http://127.0.0.1:9/"), { code: "origin_not_allowed" });
});

test("a provider that is away costs nothing while the token lives, then a RefreshError that says to retry", async () => {
  const { idp, instead, forms } = machine();
  const agent = await idp.clientCredentials(["users:read"]);
  const first = await agent.getAccessToken();
  instead.token = away;
  await later(40, async () => {
    assert.equal(await agent.getAccessToken(), first);
    assert.equal(await agent.getAccessToken(), first);
    assert.equal((await idp.clientCredentials(["users:read"])).tokens.access_token, first);
  });
  await later(90, async () => {
    await assert.rejects(agent.getAccessToken(), { name: "RefreshError", recovery: "retry" });
    const sent = forms.length;
    // Not at every call.
    await assert.rejects(agent.getAccessToken(), { name: "RefreshError", recovery: "retry" });
    assert.equal(forms.length, sent);
  });
  instead.token = undefined;
  await later(120, async () => assert.notEqual(await agent.getAccessToken(), first));
});

test("what fails at first is the error of its cause, and is tried again by the next call", async () => {
  const { idp, instead } = machine();
  instead.token = () => refused("invalid_scope");
  await assert.rejects(idp.clientCredentials(["users:read"]), { name: "TokenExchangeError", code: "invalid_scope", recovery: "fix" });
  instead.token = undefined;
  assert.equal((await idp.clientCredentials(["users:read"])).id, "agt_machine1");
  await assert.rejects(machine({ clientSecret: "wrong" }).idp.clientCredentials(), { name: "TokenExchangeError", code: "invalid_client" });
});

test("a refresh token that came along is never used nor kept", async () => {
  const { idp, instead, forms } = machine();
  instead.token = async () => Response.json({ access_token: "at", token_type: "Bearer", expires_in: 60, refresh_token: "rt-canary" });
  const agent = await idp.clientCredentials(["a:x"]);
  assert.equal(agent.tokens.refresh_token, undefined);
  await agent.refresh();
  assert.deepEqual(forms.map(({ grant_type }) => grant_type), ["client_credentials", "client_credentials"]);
});

test("a public client is told what it lacks", async () => {
  const { idp } = machine({ clientSecret: undefined });
  await assert.rejects(idp.clientCredentials(), (/** @type {any} */ error) => {
    assert.deepEqual([error.name, error.code], ["ConfigurationError", "missing_option"]);
    return /clientSecret/.test(error.message);
  });
});

test("other parameters go along, and change nothing that the library says", async () => {
  const { idp, forms } = machine();
  await idp.clientCredentials([], { audience: "https://api.example.com", extraParams: { organization: "o" } });
  assert.deepEqual(forms[0], { grant_type: "client_credentials", audience: "https://api.example.com", organization: "o" });
  for (const name of ["grant_type", "client_id", "scope", "client_assertion"]) {
    await assert.rejects(idp.clientCredentials([], { extraParams: { [name]: "canary" } }), { code: "reserved_parameter" });
  }
  await assert.rejects(idp.clientCredentials([], /** @type {any} */ ({ scope: "x" })), { code: "unknown_option" });
  await assert.rejects(idp.clientCredentials(/** @type {any} */ (7)), { code: "invalid_option" });
});

test("a machine's agent is no session, and clear forgets it", async () => {
  const { idp, forms } = machine();
  const agent = await idp.clientCredentials(["a:x"]);
  await assert.rejects(idp.adopt(agent), { code: "invalid_option" });
  await idp.clear();
  assert.notEqual(await idp.clientCredentials(["a:x"]), agent);
  assert.equal(forms.length, 2);
  await assert.rejects(machine().idp.clear(), { code: "no_ambient_session" });
  idp.dispose();
  await assert.rejects(idp.clientCredentials(["a:x"]), { code: "disposed" });
});

test("its tokens can be stored and made an agent again", async () => {
  const { idp } = machine();
  const { tokens } = await idp.clientCredentials(["users:read"]);
  const again = await idp.createAgent(JSON.parse(JSON.stringify(tokens)));
  assert.deepEqual(again.tokens, tokens);
  assert.equal(again.hasAccess("read", "users"), true);
});

test("fifty machines in one process have a token each", async () => {
  const agents = await Promise.all(
    Array.from({ length: 50 }, (_, at) => machine({ name: `m${at}` }).idp.clientCredentials([`job${at}:run`])),
  );
  assert.equal(new Set(agents.map((agent) => agent.tokens.access_token)).size, 50);
  agents.forEach((agent, at) => assert.equal(agent.hasAccess("run", `job${at}`), true));
  assert.ok(agents.every((agent, at) => !agent.hasAccess("run", `job${(at + 1) % 50}`)));
});
