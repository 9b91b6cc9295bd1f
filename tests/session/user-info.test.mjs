// Claims from the real provider's userinfo endpoint: of who is signed in, and of agents whose tokens the app keeps.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { IdpClient, SubjectMismatchError } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** What the client's fetch does instead of fetching, for requests to the userinfo endpoint. */
/** @type {undefined | (() => Promise<Response>)} */
let instead;

before(async () => {
  const signing = { client_id: "signing", redirect_uris: [REDIRECT_URI], userinfo_signed_response_alg: "ES256" };
  const features = { jwtUserinfo: { enabled: true } };
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], clients: [signing], features });
});
after(() => provider?.close());
beforeEach(() => {
  instead = undefined;
});

/** @param {object} [more] options of the client */
async function signedIn(more) {
  let sentTo = "";
  const idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid profile email offline_access",
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      return instead !== undefined && url.endsWith("/me") ? instead() : fetch(input, init);
    },
    ...more,
  });
  await idp.signInRedirect();
  await idp.handleRedirectCallback(await signInWithoutBrowser(sentTo, "ada"));
  return idp;
}

test("the claims of who is signed in, with organizations read as those of an agent", async () => {
  const idp = await signedIn();
  const claims = await idp.getUserInfo();
  assert.equal(claims.sub, "usr_ada");
  assert.equal(claims.email, "ada@example.com");
  assert.deepEqual(claims.organizations, idp.agent?.organizations);
  assert.ok(Object.isFrozen(claims) && claims.organizations.length > 0);
  assert.ok(!JSON.stringify(claims).includes(String(idp.agent?.tokens.access_token)));
  idp.dispose();
});

test("a claim called __proto__ is a claim and nothing more [X22]", async () => {
  const idp = await signedIn();
  const body = '{"sub":"usr_ada","__proto__":{"polluted":true},"nested":{"__proto__":{"polluted":true}}}';
  instead = async () => new Response(body, { headers: { "content-type": "application/json" } });
  const claims = /** @type {any} */ (await idp.getUserInfo());
  assert.equal(Object.getPrototypeOf(claims), null);
  assert.deepEqual(Object.keys(claims).sort(), ["__proto__", "nested", "organizations", "sub"]);
  assert.equal(claims.polluted, undefined);
  assert.equal(claims.nested.polluted, undefined);
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
  idp.dispose();
});

test("claims of somebody else are refused with both subjects, and the session stays [C15, X32]", async () => {
  const idp = await signedIn();
  instead = async () => Response.json({ sub: "usr_ben" });
  await assert.rejects(idp.getUserInfo(), (error) => {
    assert.ok(error instanceof SubjectMismatchError);
    return error.expectedSub === "usr_ada" && error.actualSub === "usr_ben" && !error.message.includes("usr_");
  });
  assert.equal(idp.agent?.id, "usr_ada");
  idp.dispose();
});

test("a token that was revoked behind the client's back is renewed once", async () => {
  const idp = await signedIn();
  const old = String(idp.agent?.tokens.access_token);
  await (await provider.provider.AccessToken.find(old))?.destroy();
  assert.equal((await idp.getUserInfo()).sub, "usr_ada");
  assert.notEqual(idp.agent?.tokens.access_token, old);
  instead = async () => new Response("", { status: 401 });
  await assert.rejects(idp.getUserInfo(), { name: "ProviderError", code: "invalid_token", status: 401 });
  idp.dispose();
});

test("a signed answer is verified, and one with a broken signature refused [X32]", async () => {
  const idp = await signedIn({ clientId: "signing" });
  const agent = /** @type {import("wasm-oidc").Agent} */ (idp.agent);
  assert.equal((await idp.getUserInfo()).sub, "usr_ada");
  const authorization = await idp.authorizationHeader();
  const token = await (await fetch(`${provider.issuer}/me`, { headers: { authorization } })).text();
  const [header, payload, signature] = token.split(".");
  const changed = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  const answer = (/** @type {string} */ body) => async () =>
    new Response(body, { headers: { "content-type": "application/jwt" } });
  instead = answer(`${header}.${payload}.${changed}`);
  await assert.rejects(idp.getUserInfo(), { name: "TokenVerificationError", code: "signature_invalid" });
  instead = answer(`${token}.x.y`);
  await assert.rejects(idp.getUserInfo(agent), { name: "TokenParseError", code: "malformed_token" });
  idp.dispose();
});

test("an agent whose tokens the app keeps is asked for with its own, without a session", async () => {
  const signIn = await signedIn();
  const tokens = /** @type {import("wasm-oidc").TokenSet} */ (await signIn.getTokens());
  const server = IdpClient.createSync({ issuer: provider.issuer, clientId: testClientId });
  const agent = await server.createAgent(tokens);
  assert.equal((await server.getUserInfo(agent)).email, "ada@example.com");
  await assert.rejects(server.getUserInfo(), { name: "ConfigurationError", code: "no_ambient_session" });
  signIn.dispose();
  server.dispose();
});

test("a provider without the endpoint is named", async () => {
  const metadata = { userinfo_endpoint: null };
  const idp = await signedIn({ metadata });
  await assert.rejects(idp.getUserInfo(), { name: "ConfigurationError", code: "endpoint_missing" });
  idp.dispose();
});
