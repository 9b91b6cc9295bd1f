// How often a question goes into the wasm, and what becomes of an agent whose wasm has died.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { hasAccess } from "wasm-oidc";

import { acquire } from "../../pkg/runtime.js";
import { memberOf, server } from "./agents.mjs";

/** The names of the calls that crossed. @type {string[]} */
let crossed = [];

beforeEach(() => {
  server();
  const { WasmAccess } = acquire().glue;
  for (const name of ["allows", "allows_each"]) {
    const original = WasmAccess.prototype[name].original ?? WasmAccess.prototype[name];
    WasmAccess.prototype[name] = Object.assign(
      function (/** @type {any[]} */ ...args) {
        crossed.push(name);
        return original.apply(this, args);
      },
      { original },
    );
  }
  crossed = [];
});

test("a repeated question does not cross again, whatever the answer was", async () => {
  const agent = await memberOf({ org_a: ["users:read"] });
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual([agent.hasAccess("read", "users"), agent.hasAccess("write", "users")], [true, false]);
    assert.deepEqual([agent.hasAccessIn("org_a", "read", "users"), agent.hasAccessIn("org_a", "write", "users")], [true, false]);
    assert.deepEqual(agent.checkMany([{ action: "read", resource: "users" }, { action: "write", resource: "users", organization: "org_a" }]), [true, false]);
  }
  assert.equal(crossed.length, 4);
});

test("many questions cross once, and what they were answered is known afterwards", async () => {
  const agent = await memberOf({ org_a: ["users:read"] });
  agent.hasAccess("read", "users");
  crossed = [];
  const questions = ["read", "write", "delete"].flatMap((action) => [{ action, resource: "users" }, { action, resource: "users", organization: "org_a" }]);
  assert.deepEqual(agent.checkMany(questions), [true, true, false, false, false, false]);
  assert.deepEqual(crossed, ["allows_each"]);
  for (const { action, resource, organization } of questions) {
    if (organization === undefined) agent.hasAccess(action, resource);
    else agent.hasAccessIn(organization, action, resource);
  }
  agent.checkMany(questions);
  assert.equal(crossed.length, 1);
});

test("what is no question, and an organization that the agent is no member of, do not cross", async () => {
  const agent = await memberOf({ org_a: ["*:**"] });
  agent.hasAccess(/** @type {any} */ (undefined), "users");
  agent.hasAccessIn("org_b", "read", "users");
  agent.checkMany([{ action: "read", resource: "users", organization: "org_b" }]);
  assert.deepEqual(crossed, []);
});

test("no more than 1,000 answers are remembered, and no endless questions", async () => {
  const agent = await memberOf({ org_a: ["users:read"] });
  agent.hasAccess("read", "users");
  agent.hasAccessIn("org_a", "read", "users");
  for (let at = 0; at < 998; at += 1) agent.hasAccess("read", `users${at}`);
  crossed = [];
  assert.deepEqual([agent.hasAccess("read", "users"), agent.hasAccessIn("org_a", "read", "users")], [true, true]);
  assert.equal(crossed.length, 0);
  agent.hasAccess("read", "one.more");
  assert.deepEqual([agent.hasAccess("read", "users"), agent.hasAccessIn("org_a", "read", "users")], [true, true]);
  assert.equal(crossed.length, 3);
  const endless = "users.".repeat(1000) + "users";
  crossed = [];
  assert.deepEqual([agent.hasAccess("read", endless), agent.hasAccess("read", endless)], [false, false]);
  assert.equal(crossed.length, 2);
});

test("an agent goes on where its wasm has died", async () => {
  const agent = await memberOf({ org_a: ["users:read", "owner"] });
  assert.equal(agent.hasAccess("read", "users"), true);
  for (const question of [
    () => agent.hasAccess("read", "users"),
    () => agent.hasAccessIn("org_a", "read", "users"),
    () => agent.isOwnerOf("org_a"),
    () => agent.checkMany([{ action: "read", resource: "users", organization: "org_a" }])[0],
    () => agent.whyAccess("read", "users") !== null,
    () => hasAccess(["users:read"], "read", "users"),
  ]) {
    const old = acquire();
    // As a trap leaves it.
    old.dead = true;
    assert.equal(question(), true);
    assert.notEqual(acquire(), old);
  }
});
