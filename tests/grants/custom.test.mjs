// Grants of an app's own (RFC 6749 4.5): `AuthProvider.grant_data` of cdse.auth, as an assertion (RFC 7523).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { JWT_BEARER, MACHINE, startGrantsProvider } from "../op/grants.mjs";
import { away, later, watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

const app = () => watchedClient(provider, MACHINE);
const ada = { grant_type: JWT_BEARER, assertion: "ada", scope: "openid email" };

test("the fields of an app become an agent, with its verified ID token", async () => {
  const { idp, forms } = app();
  for (const data of [ada, () => ada, async () => new URLSearchParams(ada)]) {
    const agent = await idp.customGrant({ data });
    assert.deepEqual([agent.id, agent.email, agent.isRefreshable], ["usr_ada", "ada@example.com", false]);
  }
  assert.deepEqual(forms, [ada, ada, ada]);
});

test("without a way to be renewed it ends", async () => {
  const agent = await app().idp.customGrant({ data: ada });
  await later(90, async () => {
    await assert.rejects(agent.getAccessToken(), { name: "TokenExpiredError" });
  });
});

test("it is renewed by the same fields, once for all who ask, and the app stores what comes", async () => {
  const { idp, forms } = app();
  let asked = 0;
  /** @type {string[]} */
  const stored = [];
  const agent = await idp.customGrant({
    data: async () => ({ ...ada, jti: String((asked += 1)) }),
    renew: "again",
    onRefresh: (tokens) => void stored.push(tokens.access_token),
  });
  await later(40, async () => {
    const tokens = await Promise.all([agent.getAccessToken(), agent.getAccessToken()]);
    assert.deepEqual(tokens, [stored[0], stored[0]]);
  });
  assert.deepEqual(forms.map(({ jti }) => jti), ["1", "2"]);
});

test("it is renewed by other fields, which may know the tokens before", async () => {
  const { idp, forms } = app();
  const agent = await idp.customGrant({ data: ada, renew: (tokens) => ({ ...ada, instead_of: tokens.access_token }) });
  const renewed = await agent.refresh();
  assert.deepEqual([renewed.id, forms[1]?.instead_of], ["usr_ada", agent.tokens.access_token]);
});

test("a provider that is away is told, and the old token serves while it lives", async () => {
  const { idp, instead } = app();
  /** @type {any[]} */
  const failures = [];
  const agent = await idp.customGrant({ data: ada, renew: "again", onRefreshError: (error) => void failures.push(error) });
  instead.token = away;
  await later(40, async () => assert.equal(await agent.getAccessToken(), agent.tokens.access_token));
  assert.deepEqual(failures.map(({ name, recovery }) => [name, recovery]), [["RefreshError", "retry"]]);
});

test("what the app cannot give is an error of its own, and no request", async () => {
  const { idp, forms } = app();
  const broken = () => {
    throw new RangeError("the vault is closed");
  };
  await assert.rejects(idp.customGrant({ data: broken }), RangeError);
  for (const [options, code] of /** @type {[any, string][]} */ ([
    [{}, "invalid_option"],
    [{ data: "grant_type=x" }, "invalid_option"],
    [{ data: { assertion: "canary" } }, "missing_option"],
    [{ data: { ...ada, client_secret: "canary" } }, "reserved_parameter"],
    [{ data: { ...ada, nested: { a: 1 } } }, "invalid_option"],
    [{ data: { grant_type: "password", username: "ada", password: "canary" } }, "invalid_option"],
    [{ data: { grant_type: "authorization_code", code: "canary" } }, "invalid_option"],
    [{ data: ada, renew: "never" }, "invalid_option"],
    [{ data: ada, renews: "again" }, "unknown_option"],
  ])) {
    await assert.rejects(idp.customGrant(options), (/** @type {any} */ error) => {
      assert.deepEqual([error.name, error.code], ["ConfigurationError", code]);
      return !error.message.includes("canary");
    });
  }
  assert.equal(forms.length, 0);
  await assert.rejects(idp.customGrant({ data: { ...ada, assertion: "nobody" } }), { code: "invalid_grant" });
});
