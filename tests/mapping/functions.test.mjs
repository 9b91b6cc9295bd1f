// An app's own function as claim mapping: what it says, what it throws, and what it must not return.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startTestProvider } from "../op/provider.mjs";
import { REDIRECT_URI, makeClient } from "../session/client.mjs";
import { agentOf, client, tokens } from "./claims.mjs";

/** @typedef {import("wasm-oidc").ClaimMapping} ClaimMapping */

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
});
after(() => provider?.close());

test("a function says what verified claims grant, at a sign-in and after a refresh", async () => {
  /** @type {any[]} */
  const seen = [];
  const { idp, signIn } = await makeClient(provider, {
    claimMapping: (/** @type {any} */ claims) => {
      seen.push(claims);
      return { organizations: [{ id: "org_x", scopes: ["admin"], roles: ["r"], joinedAt: 5 }], roles: [claims.sub] };
    },
  });
  await signIn();
  const expected = { id: "org_x", title: null, scopes: ["admin"], roles: ["r"], joinedAt: 5 };
  assert.deepEqual([idp.agent?.organizations, idp.agent?.roles], [[expected], ["usr_ada"]]);
  assert.ok(Object.isFrozen(seen[0]) && Object.getPrototypeOf(seen[0]) === null);
  await idp.refresh();
  assert.ok(idp.agent?.isAdminOf("org_x"));
  idp.dispose();
});

test("what a function throws refuses a sign-in with its words, and ends no session", async () => {
  let fails = false;
  const { idp, signIn } = await makeClient(provider, {
    claimMapping: (/** @type {any} */ claims) => (fails ? claims.realm_access.roles : { organizations: ["org_x"] }),
  });
  await signIn();
  fails = true;
  /** @type {unknown[]} */
  const events = [];
  for (const type of /** @type {const} */ (["warning", "signedout", "refreshed"])) {
    idp.on(type, ({ detail }) => events.push([type, detail.reason]));
  }
  const agent = await idp.refresh();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([agent.id, agent.organizations, agent.hasAccess("read", "users")], ["usr_ada", [], false]);
  assert.deepEqual(events, [["warning", "claim_mapping_failed"], ["refreshed", undefined]]);
  await assert.rejects(signIn(), { name: "TokenParseError", code: "invalid_claim", message: /reading 'roles'/ });
  assert.equal(idp.agent?.id, "usr_ada");
  fails = false;
  await idp.refresh();
  assert.ok(idp.agent?.isMemberOf("org_x"));
  idp.dispose();
});

test("a promise and what is no object are errors of the configuration", async () => {
  const wrong = [async () => ({}), () => Promise.reject(new Error("late")), () => ({ then() {} }), () => null, () => undefined,
    () => "admin", () => ["admin"], () => 7];
  for (const map of wrong) {
    const refused = agentOf(/** @type {any} */ (map), {});
    await assert.rejects(refused, { name: "ConfigurationError", code: "invalid_option" }, String(map));
  }
});

test("a result of a wrong shape is refused, and never passes for one that says nothing", async () => {
  /** @type {any} */
  const deep = [];
  let inner = deep;
  for (let level = 0; level < 10_000; level += 1) inner.push((inner = []));
  /** @type {any} */
  const circular = {};
  circular.roles = [circular];
  const wrong = [
    { organizations: null }, { organizations: "org_x" }, { organizations: { org_x: {} } }, { organizations: new Map() },
    { organizations: () => [] }, { organizations: Promise.resolve([]) }, { organizations: [{ scopes: ["*:**"] }] },
    { organizations: [{ id: "a", scopes: "*:**" }] }, { roles: "admin" }, { roles: [7] }, { roles: new Set(["a"]) },
    { scopes: [Symbol("x")] }, { scopes: 7n }, { organisations: ["org_x"] }, { roles: deep }, circular,
    { get roles() { throw new Error("no"); } },
  ];
  for (const result of wrong) {
    const refused = agentOf(/** @type {any} */ (() => result), {});
    await assert.rejects(refused, { name: "TokenParseError", code: "invalid_claim" }, Object.keys(result).join());
  }
  // The same instance goes on.
  const agent = await agentOf(() => ({ organizations: ["org_x"], scopes: undefined }), {});
  assert.ok(agent.isMemberOf("org_x"));
});

test("a function that never comes back from its own depths is an error, and traps nothing", async () => {
  const endless = (/** @type {any} */ claims) => endless({ ...claims });
  const idp = client(/** @type {any} */ (endless));
  await assert.rejects(idp.createAgent(tokens({}), { verify: "claims" }), { name: "TokenParseError" });
  assert.equal((await agentOf("okta", { groups: ["a"] })).hasRole("a"), true);
});

test("a function may ask its own client, and cannot change the claims", async () => {
  const idp = client(
    (/** @type {any} */ claims) => {
      assert.throws(() => idp.agent === undefined || (claims.sub = "usr_eve"), TypeError);
      return { roles: [String(claims.__proto__?.admin)] };
    },
    { session: "single-user" },
  );
  const claims = JSON.parse('{"__proto__": {"admin": "yes"}}');
  const agent = await idp.createAgent(tokens(claims), { verify: "claims" });
  assert.deepEqual([agent.id, agent.roles], ["usr_ada", ["yes"]]);
});

test("the function shows among the options as little as other functions do", () => {
  assert.equal("claimMapping" in client(() => ({})).options, false);
  assert.equal(client("okta").options.claimMapping, "okta");
});
