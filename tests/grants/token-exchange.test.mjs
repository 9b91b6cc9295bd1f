// One token for another (RFC 8693): a service that calls another on behalf of who called it. The real provider with a grant
// of the test's own (tests/op/grants.mjs).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { API, MACHINE, PERSONAL, TOKEN_EXCHANGE, TOTP, startGrantsProvider } from "../op/grants.mjs";
import { demoUsers } from "../op/provider.mjs";
import { later, watchedClient } from "./client.mjs";

const URN = "urn:ietf:params:oauth:token-type:";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
/** An access token of Ada's, which came with a request. @type {string} */
let subjectToken;
before(async () => {
  provider = await startGrantsProvider();
  const { idp } = watchedClient(provider, { clientId: PERSONAL, scopes: "openid", allowPasswordGrant: true });
  const password = String(demoUsers.find(({ login }) => login === "ada")?.password);
  subjectToken = (await idp.passwordGrant({ username: "ada", password, totp: TOTP })).tokens.access_token;
});
after(() => provider?.close());

const service = () => watchedClient(provider, { ...MACHINE, name: "service" });

test("a token is exchanged for one of its own, whose agent calls APIs", async () => {
  const { idp, forms } = service();
  const { tokens, issuedTokenType, agent } = await idp.tokenExchange({
    subjectToken,
    subjectTokenType: "access_token",
    audience: ["orders", "stock"],
    resource: API,
    scopes: ["openid", "email"],
    requestedTokenType: `${URN}access_token`,
    extraParams: { reason: "test" },
  });
  assert.deepEqual(forms[0], {
    grant_type: TOKEN_EXCHANGE,
    subject_token: subjectToken,
    subject_token_type: `${URN}access_token`,
    requested_token_type: `${URN}access_token`,
    scope: "openid email",
    resource: API,
    audience: "stock",
    reason: "test",
  });
  assert.equal(issuedTokenType, `${URN}access_token`);
  assert.notEqual(tokens.access_token, subjectToken);
  // Its ID token is of this client, and verified.
  assert.deepEqual([agent?.id, agent?.email], ["usr_ada", "ada@example.com"]);
  assert.deepEqual(agent?.tokens, tokens);
  const answer = await agent?.fetch(`${provider.issuer}/me`);
  assert.equal((await answer?.json()).sub, "usr_ada");
  // Nothing renews it: the token it came of is not kept.
  await later(90, async () => {
    await assert.rejects(/** @type {any} */ (agent).getAccessToken(), { name: "TokenExpiredError" });
  });
});

test("who acts stands beside whom it is for [TEX1]", async () => {
  const { idp, forms } = service();
  await idp.tokenExchange({ subjectToken, subjectTokenType: "access_token", actorToken: "badge-7", actorTokenType: "urn:example:badge" });
  assert.deepEqual([forms[0]?.actor_token, forms[0]?.actor_token_type], ["badge-7", "urn:example:badge"]);
  for (const options of /** @type {any[]} */ ([
    {},
    { subjectToken },
    { subjectTokenType: "access_token" },
    { subjectToken, subjectTokenType: "access_token", actorToken: "badge-7" },
    { subjectToken, subjectTokenType: "access_token", actorTokenType: "urn:example:badge" },
  ])) {
    await assert.rejects(idp.tokenExchange(options), { name: "ConfigurationError", code: "missing_option" });
  }
  await assert.rejects(idp.tokenExchange({ subjectToken, subjectTokenType: "token" }), { code: "invalid_option" });
  assert.equal(forms.length, 1);
});

test("an answer that does not say what it issued is refused [TEX2]", async () => {
  const silent = { subjectToken, subjectTokenType: "access_token", audience: "https://silent.example/" };
  await assert.rejects(service().idp.tokenExchange(silent), { name: "TokenExchangeError", code: "invalid_response" });
});

test("a token that is no access token has no agent [TEX3]", async () => {
  const { tokens, issuedTokenType, agent } = await service().idp.tokenExchange({
    subjectToken, subjectTokenType: "access_token", requestedTokenType: "saml2",
  });
  assert.deepEqual([tokens.token_type, tokens.access_token, issuedTokenType, agent], ["N_A", "PHNhbWw+", `${URN}saml2`, null]);
});

test("what the provider refuses has its words", async () => {
  const { idp } = service();
  const forbidden = { subjectToken, subjectTokenType: "access_token", audience: "https://forbidden.example/" };
  await assert.rejects(idp.tokenExchange(forbidden), { name: "TokenExchangeError", code: "invalid_target", recovery: "fix" });
  const unknown = { subjectToken: "canary-subject", subjectTokenType: "access_token" };
  await assert.rejects(idp.tokenExchange(unknown), { name: "TokenExchangeError", code: "invalid_request", status: 400 });
});
