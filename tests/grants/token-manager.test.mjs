// What `TokenManager` of cdse.auth does, by the calls of this package: a valid header, a forced renewal, forgetting, and
// skew.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { tokenSet } from "wasm-oidc";

import { MACHINE, startGrantsProvider } from "../op/grants.mjs";
import { later, watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

test("authorization_header: agent.authorizationHeader, renewed where that is needed", async () => {
  const { idp, forms } = watchedClient(provider, MACHINE);
  const agent = await idp.clientCredentials();
  assert.equal(await agent.authorizationHeader(), `Bearer ${agent.tokens.access_token}`);
  await later(90, async () => assert.notEqual(await agent.authorizationHeader(), `Bearer ${agent.tokens.access_token}`));
  assert.equal(forms.length, 2);
});

test("force_refresh: agent.getAccessToken({ forceRefresh: true }), or agent.refresh() for the new agent", async () => {
  const { idp, forms } = watchedClient(provider, MACHINE);
  const agent = await idp.clientCredentials();
  const forced = await agent.getAccessToken({ forceRefresh: true });
  const renewed = await agent.refresh();
  assert.equal(new Set([agent.tokens.access_token, forced, renewed.tokens.access_token]).size, 3);
  assert.equal(forms.length, 3);
});

test("clear: idp.clear() forgets, and the next call asks anew", async () => {
  const { idp, forms } = watchedClient(provider, MACHINE);
  const agent = await idp.clientCredentials();
  await idp.clear();
  const other = await idp.clientCredentials();
  assert.notEqual(other.tokens.access_token, agent.tokens.access_token);
  assert.equal(forms.length, 2);
});

test("expiry_skew: refreshBufferSeconds of the client, or minValiditySeconds of the call", async () => {
  const [lazy, eager] = [5, 29].map((refreshBufferSeconds) => watchedClient(provider, { ...MACHINE, refreshBufferSeconds }));
  const agents = await Promise.all([lazy, eager].map(({ idp }) => idp.clientCredentials()));
  await later(40, async () => {
    await Promise.all(agents.map((agent) => agent.getAccessToken()));
    assert.deepEqual([lazy.forms.length, eager.forms.length], [1, 2]);
    await agents[0]?.getAccessToken({ minValiditySeconds: 30 });
    assert.equal(lazy.forms.length, 2);
  });
});

test("access_valid and refresh_valid: tokenSet, with a skew", async () => {
  const { idp } = watchedClient(provider, MACHINE);
  const tokens = tokenSet((await idp.clientCredentials()).tokens);
  assert.deepEqual([tokens.accessValid(), tokens.accessValid(30), tokens.accessValid(90)], [true, true, false]);
  assert.deepEqual([tokens.refreshValid(), tokens.isRefreshable], [false, false]);
  assert.match(tokens.authorizationHeader, /^Bearer ./);
});
