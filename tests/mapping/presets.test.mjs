// Claims as providers send them, through the wasm to the agent that apps see.

import assert from "node:assert/strict";
import { test } from "node:test";

import { agentOf, client, tokens } from "./claims.mjs";

/** @typedef {import("wasm-oidc").ClaimPreset} ClaimPreset */

const HARMFUL = ["admin", "owner", "member", "org_x", "*:**", "users:read"];
const ZITADEL = "urn:zitadel:iam:org:project:roles";

test("AuthPI's organizations come with their scopes", async () => {
  const organizations = [{ id: "org_x", title: "X", scopes: ["admin", "projects:**"], joined_at: 1700000000 }];
  for (const mapping of [undefined, /** @type {const} */ ("authpi")]) {
    const agent = await agentOf(mapping, { organizations });
    const expected = { id: "org_x", title: "X", scopes: ["admin", "projects:**"], roles: [], joinedAt: 1700000000 };
    assert.deepEqual(agent.organizations, [expected]);
    assert.ok(agent.isAdminOf("org_x") && agent.hasAccess("write", "projects.tasks") && !agent.hasAccess("read", "users"));
  }
});

test("Keycloak's roles and organizations", async () => {
  const agent = await agentOf("keycloak", {
    realm_access: { roles: ["offline_access", "auditor"] },
    resource_access: { spa: { roles: ["editor"] }, account: { roles: ["manage-account"] } },
    organization: { testcorp: { id: "42c3e46f", attr1: ["value1"] } },
  });
  assert.deepEqual(agent.roles, ["offline_access", "auditor", "editor", "account:manage-account"]);
  assert.deepEqual(agent.organizations, [{ id: "42c3e46f", title: "testcorp", scopes: [], roles: [], joinedAt: null }]);
  assert.ok(agent.isMemberOf("42c3e46f") && !agent.hasAccess("read", "users"));
});

test("Auth0's organization and permissions, turned round", async () => {
  const agent = await agentOf("auth0", { org_id: "org_9ybs", org_name: "travelfoo", permissions: ["read:users", "admin"] });
  assert.deepEqual(agent.getScopesFor("org_9ybs"), ["users:read"]);
  assert.ok(agent.hasAccessIn("org_9ybs", "read", "users") && !agent.isAdminOf("org_9ybs"));
  const machine = await agentOf("auth0", { permissions: ["write:projects"] });
  assert.ok(machine.hasAccess("write", "projects") && !machine.hasAccess("read", "users"));
});

test("Zitadel's roles of organizations", async () => {
  const agent = await agentOf("zitadel", { [ZITADEL]: { editor: { 178: "acme.zitadel.cloud" }, auditor: {} } });
  assert.deepEqual(agent.organizations[0]?.roles, ["editor"]);
  assert.ok(agent.hasRole("auditor") && !agent.hasRole("editor") && agent.isMemberOf("178"));
});

test("Entra's roles and groups, and too many groups", async () => {
  const idp = client("entra");
  /** @type {unknown[]} */
  const warnings = [];
  idp.on("warning", ({ detail }) => warnings.push(detail.reason));
  const tid = "833ced3d-cb2e-41de-92f1-29e2af035ddc";
  const agent = await idp.createAgent(tokens({ tid, roles: ["Task.Write"], groups: ["0760b6cf"] }), { verify: "claims" });
  assert.deepEqual([agent.roles, agent.organizations, agent.isMemberOf(tid)], [["Task.Write", "0760b6cf"], [], false]);
  const claims = { tid, roles: ["Task.Write"], _claim_names: { groups: "src1" }, groups: ["admin"] };
  const overage = await idp.createAgent(tokens(claims), { verify: "claims" });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([overage.roles, warnings], [["Task.Write"], ["groups_omitted"]]);
});

test("Okta's groups", async () => {
  assert.deepEqual((await agentOf("okta", { groups: ["Everyone"] })).roles, ["Everyone"]);
});

for (const preset of /** @type {ClaimPreset[]} */ (["authpi", "keycloak", "auth0", "zitadel", "entra", "okta"])) {
  test(`somebody called admin elsewhere is nobody with ${preset}`, async () => {
    const everywhere = Object.fromEntries(HARMFUL.map((role) => [role, { org_y: "org_x" }]));
    const agent = await agentOf(preset, {
      ...{ roles: HARMFUL, groups: HARMFUL, permissions: HARMFUL, tid: "org_x", wids: HARMFUL },
      ...{ realm_access: { roles: HARMFUL }, resource_access: { spa: { roles: HARMFUL }, org_x: { roles: HARMFUL } } },
      ...{ organization: { org_y: { id: "y", roles: HARMFUL, scopes: HARMFUL } }, org_name: "org_x", [ZITADEL]: everywhere },
      organizations: preset === "authpi" ? [{ id: "org_y", scopes: ["a:b"], roles: HARMFUL }] : [{ id: "org_x", scopes: HARMFUL }],
    });
    for (const organization of ["org_x", "org_y", "y", "admin", "*"]) {
      assert.equal(agent.isAdminOf(organization) || agent.isOwnerOf(organization), false, organization);
    }
    assert.equal(agent.isMemberOf("org_x"), false);
    const others = agent.organizations.flatMap(({ scopes }) => scopes);
    assert.deepEqual(others, preset === "authpi" ? ["a:b"] : []);
    assert.equal(agent.hasAccess("delete", "projects"), false);
  });
}

test("roles are worth in an organization what the app says", async () => {
  const organizationRoles = { org_x: { "realm-admin": ["admin", "users:**"], auditor: "member" } };
  const agent = await agentOf({ preset: "keycloak", organizationRoles }, { realm_access: { roles: ["realm-admin"] } });
  assert.ok(agent.isAdminOf("org_x") && agent.hasAccessIn("org_x", "write", "users.names") && !agent.isOwnerOf("org_x"));
  const nobody = await agentOf({ preset: "keycloak", organizationRoles }, { realm_access: { roles: ["viewer"] } });
  assert.equal(nobody.isMemberOf("org_x"), false);
});

test("claims are found where the app says that they are", async () => {
  const mapping = { organizations: ["https://app.example/x", "orgs"], roles: "https://app.example/roles", scopes: "scp" };
  const claims = { "https://app.example/x": { orgs: ["a", { id: "b", roles: ["r"] }] }, "https://app.example/roles": ["x"] };
  const agent = await agentOf(mapping, claims);
  assert.deepEqual([agent.organizations.map(({ id }) => id), agent.organizations[1]?.roles, agent.roles], [["a", "b"], ["r"], ["x"]]);
});

test("a claim of a wrong type is an error where a mapping was named, else a warning, and never a grant", async () => {
  const mistakes = /** @type {[ClaimPreset, object][]} */ ([
    ["authpi", { organizations: "org_x" }],
    ["keycloak", { realm_access: { roles: "admin" } }],
    ["auth0", { org_id: null }],
    ["zitadel", { [ZITADEL]: 7 }],
    ["entra", { roles: "admin" }],
    ["okta", { groups: { admin: true } }],
  ]);
  for (const [preset, claims] of mistakes) {
    await assert.rejects(agentOf(preset, claims), { name: "TokenParseError", code: "invalid_claim" }, preset);
  }
  const agent = await agentOf(undefined, { organizations: "org_x" });
  assert.deepEqual([agent.organizations, agent.hasAccess("read", "users")], [[], false]);
});

test("a mapping that says nothing sensible is refused with words", () => {
  const make = (/** @type {any} */ mapping) => () => client(mapping);
  assert.throws(make("keycloack"), { name: "ConfigurationError", code: "invalid_option", message: /"keycloak"/ });
  assert.throws(make({ role: "x" }), { code: "unknown_option", message: /did you mean "roles"/ });
});
