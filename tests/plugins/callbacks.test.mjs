// @ts-check
// Functions of the app's that are told or asked something beside requests: whatever they do, the job that calls them ends.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startTestProvider } from "../op/provider.mjs";
import { makeClient } from "../session/client.mjs";
import { tellReports } from "./reports.mjs";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  provider = await startTestProvider();
});
after(() => provider?.close());

/** Due tokens of somebody who signed in. */
async function dueTokens() {
  const { idp, signIn } = await makeClient(provider);
  await signIn();
  const tokens = /** @type {any} */ (await idp.getTokens());
  const now = Math.floor(Date.now() / 1000);
  return { idp, tokens: { ...tokens, issued_at: now - 60, expires_at: now + 1 } };
}

/** @type {[string, () => any, boolean][]} */
const WAYS = [
  ["throws at once", () => { throw new Error("mine"); }, true],
  ["answers with a plain value", () => 5, false],
  ["rejects with a string", () => Promise.reject("mine"), true],
  ["never settles", () => new Promise(() => {}), true],
];

for (const [name, onRefresh, warns] of WAYS) {
  test(`an \`onRefresh\` that ${name} holds nobody up for ever${warns ? ", and is a warning" : ""}`, async () => {
    const { idp, tokens } = await dueTokens();
    /** @type {string[]} */
    const warnings = [];
    idp.on("warning", ({ detail }) => void warnings.push(String(detail.reason)));
    const began = Date.now();
    const agent = await idp.createAgent(tokens, { onRefresh });
    assert.notEqual(agent.tokens.access_token, tokens.access_token);
    assert.deepEqual(warnings, warns ? ["tokens_not_stored"] : []);
    assert.ok(Date.now() - began < 12_000);
    idp.dispose();
  });

  test(`an \`onRefreshError\` that ${name} keeps the failure from nobody`, async () => {
    const { idp, tokens } = await dueTokens();
    let calls = 0;
    const onRefreshError = () => {
      calls += 1;
      return onRefresh();
    };
    const expired = { ...tokens, refresh_token: "x".repeat(43), expires_at: 1 };
    const reported = await tellReports(() => assert.rejects(idp.createAgent(expired, { onRefreshError }), { code: "invalid_grant" }));
    assert.equal(calls, 1);
    assert.equal(reported.length, warns ? 1 : 0);
    idp.dispose();
  });
}

test("an `openUrl` that throws fails the sign-in, and what it rejects with later is reported", async () => {
  const throwing = await makeClient(provider, { openUrl: () => { throw new Error("mine"); } });
  await assert.rejects(throwing.idp.signInRedirect(), { name: "ConfigurationError", code: "missing_option", message: /openUrl/ });
  const rejecting = await makeClient(provider, { openUrl: () => Promise.reject("mine") });
  assert.deepEqual(await tellReports(() => rejecting.idp.signInRedirect()), ["mine"]);
  const hanging = await makeClient(provider, { openUrl: () => new Promise(() => {}) });
  await hanging.idp.signInRedirect();
  for (const { idp } of [throwing, rejecting, hanging]) idp.dispose();
});

/** @type {[string, () => any, string, string][]} */
const FETCHES = [
  ["throws at once", () => { throw new Error("mine"); }, "NetworkError", "network_failure"],
  ["answers with a plain value", () => 5, "NetworkError", "network_failure"],
  ["rejects with a string", () => Promise.reject("mine"), "NetworkError", "network_failure"],
  ["never settles", () => new Promise(() => {}), "TimeoutError", "timeout"],
  ["answers with a body that never ends", () => new Response(new ReadableStream()), "TimeoutError", "timeout"],
];

for (const [name, fetch, error, code] of FETCHES) {
  test(`a \`fetch\` that ${name} is a ${error} within the limit of the client`, async () => {
    const { idp } = await makeClient(provider, { fetch, timeoutSeconds: 1 });
    const began = Date.now();
    await assert.rejects(idp.discover({ force: true }), { name: error, code });
    assert.ok(Date.now() - began < 3000);
    idp.dispose();
  });
}
