// The table of questions that Rust, the plain rules (tests/authz/examples.rs) and the wasm answer alike.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { hasAccess, parseScope, ready } from "wasm-oidc";

import { agentWith, memberOf } from "./agents.mjs";

const TABLE = JSON.parse(readFileSync(new URL("../fixtures/access.json", import.meta.url), "utf8"));

for (const { case: name, scopes, isOwner, isAdmin, questions } of TABLE) {
  test(`${name}: the agent, many questions at once and the bare function answer as the table says`, async () => {
    const agent = await memberOf({ org_xxx: scopes });
    const machine = await agentWith({}, { scope: scopes.filter((/** @type {string} */ scope) => /^[!-~]+$/.test(scope)).join(" ") });
    const expected = questions.map((/** @type {any} */ { grantedBy }) => grantedBy !== null);
    for (const round of ["new", "repeated"]) {
      for (const { action, resource, grantedBy } of questions) {
        const asked = `${round}: ${action} on ${resource}`;
        assert.equal(agent.hasAccess(action, resource), grantedBy !== null, asked);
        assert.equal(agent.hasAccessIn("org_xxx", action, resource), grantedBy !== null, asked);
        assert.equal(agent.hasAccessIn("org_other", action, resource), false, asked);
        assert.equal(machine.hasAccess(action, resource), grantedBy !== null, asked);
        assert.equal(hasAccess(scopes, action, resource), grantedBy !== null, asked);
        const where = { organization: "org_xxx", scope: grantedBy };
        assert.deepEqual(agent.whyAccess(action, resource), grantedBy && where, asked);
        assert.deepEqual(agent.whyAccess(action, resource, "org_xxx"), grantedBy && where, asked);
        assert.equal(agent.whyAccess(action, resource, "org_other"), null, asked);
      }
    }
    const fresh = await memberOf({ org_xxx: scopes });
    const inOrganization = questions.map((/** @type {object} */ question) => ({ ...question, organization: "org_xxx" }));
    const elsewhere = questions.map((/** @type {object} */ question) => ({ ...question, organization: "org_other" }));
    for (const round of ["new", "repeated"]) {
      assert.deepEqual(fresh.checkMany(questions), expected, round);
      assert.deepEqual(fresh.checkMany(inOrganization), expected, round);
      assert.ok(!fresh.checkMany(elsewhere).includes(true), round);
    }
    assert.equal(agent.isOwnerOf("org_xxx"), isOwner);
    assert.equal(agent.isAdminOf("org_xxx"), isAdmin);
    assert.deepEqual([agent.isMemberOf("org_xxx"), agent.isMemberOf("org_other")], [true, false]);
    assert.deepEqual(agent.getScopesFor("org_xxx"), scopes);
  });
}

test("the examples of the scope utilities come out as documented", async () => {
  await ready();
  assert.deepEqual(parseScope("users.verifiers:write"), { resource: "users.verifiers", action: "write" });
  assert.deepEqual(parseScope("projects:**"), { resource: "projects", action: "**" });
  for (const none of ["openid", "", "a:b:c", "a*:read", /** @type {any} */ (undefined), /** @type {any} */ ({})]) {
    assert.equal(parseScope(none), null);
  }
});
