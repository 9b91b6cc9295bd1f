// A person's password, where nothing else is possible (RFC 6749 4.3): the real provider, with one-time codes as Keycloak
// takes them; `PasswordAuth` of cdse.auth.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { demoUsers } from "../op/provider.mjs";
import { PERSONAL, TOTP, startGrantsProvider } from "../op/grants.mjs";
import { away, later, refused, watchedClient } from "./client.mjs";

/** The memories of all wasm instances of this process. @type {WebAssembly.Memory[]} */
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = /** @type {any} */ (
  class extends Instance {
    /** @param {WebAssembly.Module} module @param {WebAssembly.Imports} imports */
    constructor(module, imports) {
      super(module, imports);
      memories.push(/** @type {WebAssembly.Memory} */ (this.exports.memory));
    }
  }
);

const ADA = { username: "ada", password: String(demoUsers.find(({ login }) => login === "ada")?.password), totp: TOTP };

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

const personal = (/** @type {object} */ more = {}) =>
  watchedClient(provider, { clientId: PERSONAL, allowPasswordGrant: true, scopes: "openid email offline_access", ...more });

test("without the option it says what to do instead", async () => {
  const { idp, forms } = personal({ allowPasswordGrant: undefined });
  await assert.rejects(idp.passwordGrant(ADA), (/** @type {any} */ error) => {
    assert.deepEqual([error.name, error.code], ["ConfigurationError", "missing_option"]);
    return /RFC 9700/.test(error.message) && /deviceAuthorization/.test(error.message) && /allowPasswordGrant/.test(error.message);
  });
  assert.equal(forms.length, 0);
});

test("a password and a one-time code become an agent with the claims of its verified ID token", async () => {
  const { idp, forms } = personal();
  const agent = await idp.passwordGrant(ADA);
  assert.deepEqual([agent.id, agent.type, agent.email], ["usr_ada", "user", "ada@example.com"]);
  assert.ok(agent.organizations.length > 0);
  assert.deepEqual(forms, [{ grant_type: "password", ...ADA, scope: "openid email offline_access", client_id: PERSONAL }]);
  assert.equal((await (await agent.fetch(`${provider.issuer}/me`)).json()).sub, "usr_ada");
  assert.equal(JSON.stringify(agent).includes(ADA.password), false);
});

test("the agent is renewed by its refresh token, and tells who stores its tokens", async () => {
  const { idp, forms } = personal();
  /** @type {string[]} */
  const stored = [];
  const agent = await idp.passwordGrant({ ...ADA, onRefresh: (tokens) => void stored.push(tokens.access_token) });
  await later(40, async () => assert.deepEqual([await agent.getAccessToken()], stored));
  assert.deepEqual(forms.map(({ grant_type }) => grant_type), ["password", "refresh_token"]);
});

test("without a way to ask the person it ends when the provider takes the refresh token no more", async () => {
  const { idp, instead, forms } = personal();
  const agent = await idp.passwordGrant(ADA);
  instead.token = () => refused();
  await assert.rejects(agent.getAccessToken({ forceRefresh: true }), { name: "SessionExpiredError" });
  assert.deepEqual(forms.map(({ grant_type }) => grant_type), ["password", "refresh_token"]);
});

test("with one the person is asked again, and signs in as the same one", async () => {
  const { idp, instead, forms } = personal();
  let asked = 0;
  let who = ADA;
  const credentials = async () => {
    asked += 1;
    return who;
  };
  /** @type {string[]} */
  const stored = [];
  const agent = await idp.passwordGrant({ credentials, onRefresh: (tokens) => void stored.push(tokens.access_token) });
  assert.equal(asked, 1);
  instead.token = (form) => (form.get("grant_type") === "refresh_token" ? refused() : undefined);
  const tokens = await Promise.all([1, 2, 3].map(() => agent.getAccessToken({ forceRefresh: true })));
  assert.deepEqual([asked, new Set(tokens).size, stored], [2, 1, [tokens[0]]]);
  assert.deepEqual(forms.map(({ grant_type }) => grant_type), ["password", "refresh_token", "password"]);
  const ben = demoUsers.find(({ login }) => login === "ben");
  who = { username: "ben", password: String(ben?.password), totp: TOTP };
  await assert.rejects(agent.refresh(), { name: "SubjectMismatchError", expectedSub: "usr_ada", actualSub: "usr_ben" });
  assert.equal(await agent.getAccessToken(), tokens[0]);
  who = /** @type {any} */ (undefined);
  await assert.rejects(agent.refresh(), { name: "ConfigurationError", code: "missing_option" });
});

test("a provider that is away does not make anybody type a password", async () => {
  const { idp, instead } = personal();
  let asked = 0;
  const agent = await idp.passwordGrant({ ...ADA, credentials: async () => ((asked += 1), ADA) });
  instead.token = away;
  await assert.rejects(agent.refresh(), { name: "RefreshError", recovery: "retry" });
  assert.equal(asked, 0);
});

test("what is wrong is refused by the provider, what is missing before", async () => {
  const { idp, forms } = personal();
  for (const wrong of [{ ...ADA, password: "wrong-canary" }, { ...ADA, totp: "000000" }, { ...ADA, username: "eve" }]) {
    await assert.rejects(idp.passwordGrant(wrong), { name: "TokenExchangeError", code: "invalid_grant", recovery: "reauthenticate" });
  }
  assert.equal(forms.length, 3);
  const other = { name: "SubjectMismatchError", actualSub: "usr_ada" };
  await assert.rejects(idp.passwordGrant({ ...ADA, expectedSub: "usr_ben" }), other);
  for (const [options, code] of /** @type {[any, string][]} */ ([
    [{}, "missing_option"],
    [{ username: "ada" }, "missing_option"],
    [{ ...ADA, credentials: "x" }, "invalid_option"],
    [{ ...ADA, onRefresh: "x" }, "invalid_option"],
    [{ ...ADA, passwort: "x" }, "unknown_option"],
    [{ ...ADA, extraParams: { password: "x" } }, "reserved_parameter"],
  ])) {
    await assert.rejects(idp.passwordGrant(options), { name: "ConfigurationError", code });
  }
  assert.equal(forms.length, 4);
});

test("an ID token that does not come, or says the wrong thing, is refused", async () => {
  const { idp, instead } = personal();
  const tokens = { access_token: "at", token_type: "Bearer", expires_in: 60 };
  instead.token = async () => Response.json(tokens);
  await assert.rejects(idp.passwordGrant(ADA), { name: "TokenParseError", code: "id_token_missing" });
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  instead.token = async () => Response.json({ ...tokens, id_token: `${part({ alg: "none" })}.${part({ sub: "usr_ada" })}.` });
  await assert.rejects(idp.passwordGrant(ADA), { code: "alg_not_allowed" });
});

test("the password is in no wasm memory once its request is done", async () => {
  const { idp, instead } = personal();
  const password = "correct horse battery staple of the canary";
  const totp = "97531-canary-code";
  const holds = (/** @type {string} */ secret) => memories.some(({ buffer }) => Buffer.from(buffer).includes(secret));
  let held = false;
  instead.token = () => {
    // Else this would find nothing because it looks in the wrong place.
    held = holds(totp);
    return refused();
  };
  await assert.rejects(idp.passwordGrant({ username: "ada", password, totp }), { code: "invalid_grant" });
  assert.equal(held, true);
  // What still held the request is let go in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const secret of [password, password.replaceAll(" ", "+"), totp]) assert.equal(holds(secret), false, secret);
});
