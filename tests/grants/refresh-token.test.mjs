// A refresh token obtained elsewhere: `RefreshTokenAuth` of cdse.auth, against the real provider.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { demoUsers } from "../op/provider.mjs";
import { PERSONAL, TOTP, startGrantsProvider } from "../op/grants.mjs";
import { later, refused, watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

const personal = (/** @type {object} */ more = {}) => watchedClient(provider, { clientId: PERSONAL, scopes: "openid offline_access", ...more });

/** @param {string} scopes */
async function fromElsewhere(scopes = "openid offline_access") {
  const { idp } = personal({ allowPasswordGrant: true });
  const password = String(demoUsers.find(({ login }) => login === "ada")?.password);
  const { tokens } = await idp.passwordGrant({ username: "ada", password, totp: TOTP, scopes });
  return String(tokens.refresh_token);
}

test("it becomes an agent, which goes on with the tokens that come of it", async () => {
  const { idp, forms } = personal();
  const token = await fromElsewhere();
  const agent = await idp.refreshTokenGrant(token, { expectedSub: "usr_ada" });
  assert.deepEqual([agent.id, agent.isRefreshable], ["usr_ada", true]);
  assert.notEqual(agent.tokens.refresh_token, token);
  assert.equal((await (await agent.fetch(`${provider.issuer}/me`)).json()).sub, "usr_ada");
  await later(40, async () => assert.notEqual(await agent.getAccessToken(), agent.tokens.access_token));
  assert.deepEqual(forms.map(({ refresh_token }) => refresh_token), [token, agent.tokens.refresh_token]);
});

test("the same token twice is one request: it is spent by the first", async () => {
  const { idp, forms } = personal();
  const token = await fromElsewhere();
  const agents = await Promise.all([idp.refreshTokenGrant(token), idp.refreshTokenGrant(token)]);
  agents.push(await idp.refreshTokenGrant(token));
  assert.equal(forms.length, 1);
  assert.equal(new Set(agents.map(({ tokens }) => tokens.access_token)).size, 1);
});

test("when it ends the session ends: nobody can sign in again with it", async () => {
  const { idp, instead } = personal();
  const token = await fromElsewhere();
  /** @type {any[]} */
  const failures = [];
  const agent = await idp.refreshTokenGrant(token, { onRefreshError: (error) => void failures.push(error) });
  instead.token = () => refused();
  await assert.rejects(agent.getAccessToken({ forceRefresh: true }), (/** @type {any} */ error) => {
    return error.name === "SessionExpiredError" && error.cause.code === "invalid_grant";
  });
  assert.deepEqual(failures.map(({ name }) => name), ["RefreshError"]);
  await assert.rejects(personal().idp.refreshTokenGrant("nobody-knows-it"), {
    name: "RefreshError", code: "invalid_grant", recovery: "reauthenticate",
  });
});

test("a known end of the refresh token is an end without a request", async () => {
  const { idp, forms, instead } = personal();
  const ended = { access_token: "at", token_type: "Bearer", expires_in: 60, refresh_token: "rt-2", refresh_expires_in: 120 };
  instead.token = async () => Response.json(ended);
  const agent = await idp.refreshTokenGrant("rt-1");
  await later(300, async () => {
    await assert.rejects(agent.getAccessToken(), { name: "TokenExpiredError", code: "token_expired" });
  });
  assert.equal(forms.length, 1);
});

test("another person's token is refused and given back", async () => {
  const { idp } = personal();
  const token = await fromElsewhere();
  await assert.rejects(idp.refreshTokenGrant(token, { expectedSub: "usr_ben" }), {
    name: "SubjectMismatchError", expectedSub: "usr_ben", actualSub: "usr_ada",
  });
  // Not awaited by anybody.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(provider.requests.filter(({ path }) => path === "/token/revocation").length, 2);
});

test("without an ID token the provider's userinfo says whose it is, or nobody does", async () => {
  const { idp, instead } = personal();
  const elsewhere = await fromElsewhere();
  const { access_token } = (await personal().idp.refreshTokenGrant(elsewhere)).tokens;
  let made = 0;
  instead.token = async () => Response.json({ access_token, token_type: "Bearer", expires_in: 60, refresh_token: `rt-${(made += 1)}` });
  assert.equal((await idp.refreshTokenGrant("a", { expectedSub: "usr_ada" })).tokens.access_token, access_token);
  await assert.rejects(idp.refreshTokenGrant("b", { expectedSub: "usr_ben" }), { name: "SubjectMismatchError" });
  const blind = personal({ metadata: { userinfo_endpoint: null } });
  blind.instead.token = instead.token;
  await assert.rejects(blind.idp.refreshTokenGrant("c", { expectedSub: "usr_ada" }), { code: "endpoint_missing" });
});

test("an ID token that comes along is verified", async () => {
  const { idp, instead } = personal();
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const id_token = `${part({ alg: "RS256", kid: "x" })}.${part({ iss: provider.issuer, sub: "usr_eve", aud: PERSONAL })}.AAAA`;
  instead.token = async () => Response.json({ access_token: "at", token_type: "Bearer", id_token });
  await assert.rejects(idp.refreshTokenGrant("a"), { name: "TokenVerificationError" });
});

test("what is no token and no option is named", async () => {
  const { idp } = personal();
  await assert.rejects(idp.refreshTokenGrant(""), { code: "invalid_option" });
  await assert.rejects(idp.refreshTokenGrant("a", /** @type {any} */ ({ expectedSubject: "x" })), { code: "unknown_option" });
});
