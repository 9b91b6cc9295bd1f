// What is asked of an agent beyond the table: what is no question, many at once, demands, roles, and what is remembered.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InsufficientScopeError, OAuthError, hasAccess } from "wasm-oidc";

import { agentWith, memberOf } from "./agents.mjs";

const NOTHINGS = /** @type {any[]} */ ([undefined, null, 0, true, {}, [], ["read"], new String("read"), Symbol("read"), () => "read"]);

test("what is no string is no question and no organization, and never throws", async () => {
  const agent = await memberOf({ org_x: ["*:**", "owner", "admin", "undefined:undefined", "null:null"] });
  for (const nothing of NOTHINGS) {
    assert.equal(agent.hasAccess(nothing, "users"), false);
    assert.equal(agent.hasAccess("read", nothing), false);
    assert.equal(agent.hasAccessIn(nothing, "read", "users"), false);
    assert.equal(agent.hasAccessIn("org_x", nothing, nothing), false);
    assert.deepEqual([agent.isOwnerOf(nothing), agent.isAdminOf(nothing), agent.isMemberOf(nothing)], [false, false, false]);
    assert.deepEqual(agent.getScopesFor(nothing), []);
    assert.equal(agent.hasRole(nothing), false);
    assert.equal(agent.whyAccess(nothing, nothing), null);
    assert.equal(hasAccess(nothing, "read", "users"), false);
    assert.equal(hasAccess([nothing, "a:b"], "read", "users"), false);
  }
  assert.equal(agent.hasAccessIn("", "read", "users"), false);
  assert.deepEqual([agent.isOwnerOf(""), agent.isMemberOf(""), agent.getScopesFor("").length], [false, false, 0]);
});

test("an organization that is named but undefined does not mean any", async () => {
  const agent = await memberOf({ org_x: ["users:read"] });
  assert.equal(agent.hasAccess("read", "users"), true);
  assert.equal(agent.whyAccess("read", "users", undefined), null);
  assert.throws(() => agent.requireAccess("read", "users", undefined), { name: "InsufficientScopeError" });
  const question = { action: "read", resource: "users" };
  const named = (/** @type {any} */ organization) => ({ ...question, organization });
  assert.deepEqual(agent.checkMany([question, named(undefined), named(null), named(""), named("org_x")]), [true, false, false, false, true]);
});

test("many questions are answered in their order, odd ones among them with false", async () => {
  const agent = await memberOf({ org_a: ["users:read"], org_b: ["projects:**"], "org \n0 x": ["a:b"] });
  /** @type {any[]} */
  const questions = [
    { action: "read", resource: "users" },
    { action: "read", resource: "users", organization: "org_b" },
    null,
    "users:read",
    { action: "read" },
    { action: "write", resource: "projects.tasks", organization: "org_b" },
    { action: "read\n0 users:read", resource: "users" },
    { action: "b", resource: "a", organization: "org \n0 x" },
    { action: "read", resource: "\nusers", organization: "org_a" },
    { action: "read", resource: "users", organization: "org_a" },
    { action: "read", resource: " users", organization: "org_a" },
  ];
  const expected = [true, false, false, false, false, true, false, true, false, true, false];
  assert.deepEqual(agent.checkMany(questions), expected);
  assert.deepEqual(agent.checkMany(questions), expected);
  assert.deepEqual(agent.checkMany([]), []);
  for (const nothing of NOTHINGS.filter((one) => !Array.isArray(one))) {
    assert.throws(() => agent.checkMany(nothing), { name: "ConfigurationError", code: "invalid_option" });
  }
});

test("more questions at once than are remembered are all answered", async () => {
  const agent = await memberOf({ org_a: Array.from({ length: 1500 }, (_, at) => `r${at}:read`) });
  const questions = Array.from({ length: 3000 }, (_, at) => ({ action: "read", resource: `r${at}` }));
  const expected = questions.map((_, at) => at < 1500);
  assert.deepEqual(agent.checkMany(questions), expected);
  assert.deepEqual(questions.map(({ action, resource }) => agent.hasAccess(action, resource)), expected);
  assert.deepEqual(questions.map(({ action, resource }) => agent.hasAccessIn("org_a", action, resource)), expected);
});

test("questions in different places are not mixed up", async () => {
  const agent = await memberOf({ org_a: ["a:b"], org_b: ["b:a"] });
  for (const round of ["new", "repeated"]) {
    assert.equal(agent.hasAccessIn("org_a", "b", "a"), true, round);
    assert.equal(agent.hasAccessIn("org_b", "b", "a"), false, round);
    assert.equal(agent.hasAccessIn("org_a", "a", "b"), false, round);
    assert.equal(agent.hasAccessIn("org_b", "a", "b"), true, round);
    assert.equal(agent.hasAccess("a", "b"), true, round);
    assert.equal(agent.hasAccess("b", "b"), false, round);
  }
});

test("what is demanded and not granted says what was needed, where, and what there is", async () => {
  const agent = await memberOf({ org_a: ["users:read", "a b"], org_b: ["users:read", "projects:**"] });
  agent.requireAccess("read", "users");
  agent.requireAccess("write", "projects.tasks", "org_b");
  const refused = (/** @type {() => void} */ demand) => {
    try {
      demand();
    } catch (error) {
      assert.ok(error instanceof InsufficientScopeError && error instanceof OAuthError);
      assert.deepEqual([error.code, error.recovery], ["insufficient_scope", "stop"]);
      return error;
    }
    return assert.fail("nothing was thrown");
  };
  const inOne = refused(() => agent.requireAccess("write", "projects", "org_a"));
  assert.deepEqual(inOne.required, { action: "write", resource: "projects", organization: "org_a" });
  assert.deepEqual(inOne.granted, ["users:read", "a b"]);
  assert.match(inOne.message, /"write" on "projects" needs the scope "projects:write" or a wider one in "org_a"; .* sign in again/);
  const inAny = refused(() => agent.requireAccess("delete", "users"));
  assert.deepEqual(inAny.required, { action: "delete", resource: "users", organization: null });
  assert.deepEqual(inAny.granted, ["users:read", "a b", "projects:**"]);
  const elsewhere = refused(() => agent.requireAccess("read", "users", "org_c"));
  assert.match(elsewhere.message, /in "org_c": the agent is no member/);
  assert.deepEqual(elsewhere.granted, []);
  assert.match(refused(() => agent.requireAccess("*", "users")).message, /is no question/);
  for (const nothing of NOTHINGS) refused(() => agent.requireAccess(nothing, nothing, nothing));
  const machine = await agentWith({}, { scope: "users:read users:write" });
  assert.deepEqual(refused(() => machine.requireAccess("delete", "users")).granted, ["users:read", "users:write"]);
  assert.ok(!/secret/.test(JSON.stringify(inOne) + inOne.stack));
});

test("scopes of the token count only where there is no organizations claim at all", async () => {
  const machine = await agentWith({}, { scope: "users:read owner a*:b" });
  assert.equal(machine.hasAccess("read", "users"), true);
  assert.deepEqual(machine.whyAccess("read", "users"), { organization: null, scope: "users:read" });
  assert.deepEqual([machine.organizations, machine.malformedScopes], [[], ["a*:b"]]);
  assert.deepEqual([machine.isOwnerOf(""), machine.hasAccessIn("", "read", "users")], [false, false]);
  for (const organizations of [[], null, "org_a", { org_a: ["users:read"] }]) {
    const person = await agentWith({ organizations }, { scope: "users:read" });
    assert.equal(person.hasAccess("read", "users"), false);
    assert.equal(person.whyAccess("read", "users"), null);
  }
});

test("malformed scopes stay in the raw list, grant nothing and are told", async () => {
  const scopes = ["users:read", "a*:read", "openid", "Mail.Read", "a:b:c", ""];
  const agent = await memberOf({ org_a: scopes });
  assert.deepEqual(agent.getScopesFor("org_a"), scopes);
  assert.deepEqual(agent.organizations[0].scopes, scopes);
  assert.deepEqual(agent.malformedScopes, ["a*:read", "a:b:c", ""]);
  assert.equal(agent.malformedScopes, agent.malformedScopes);
  assert.ok(Object.isFrozen(agent.malformedScopes));
});

test("names that a plain object would stumble over are organizations, actions and resources like any other", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const agent = await agentWith({ organizations: names.map((id) => ({ id, scopes: [`${id}:${id}`] })) });
  const other = await memberOf({ org_a: [] });
  for (const name of names) {
    assert.deepEqual([agent.hasAccessIn(name, name, name), agent.hasAccess(name, name)], [true, true]);
    assert.deepEqual([agent.hasAccessIn(name, "read", name), agent.isMemberOf(name)], [false, true]);
    assert.deepEqual([other.hasAccessIn(name, name, name), other.hasAccess(name, name), other.isMemberOf(name)], [false, false, false]);
    assert.deepEqual([other.getScopesFor(name), other.hasRole(name)], [[], false]);
  }
});

test("a name with half a character in it is not the one that it would be repaired to", async () => {
  const agent = await memberOf({ "org_\ufffd": ["*:**", "owner"] });
  assert.equal(agent.isMemberOf("org_\ufffd"), true);
  assert.deepEqual([agent.isMemberOf("org_\ud800"), agent.isOwnerOf("org_\ud800")], [false, false]);
  assert.equal(agent.hasAccessIn("org_\ud800", "read", "users"), false);
  assert.equal(agent.hasAccess("read", "users\ud800"), false);
});
