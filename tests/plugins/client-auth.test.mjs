// @ts-check
// An app's own client authentication against the real provider, which takes nothing but an assertion signed by the app's
// key (RFC 7523 2.2): the library has no part in making it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { SignJWT, exportJWK, generateKeyPair } from "jose";

import { makeClient } from "../session/client.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { tellReports } from "./reports.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {CryptoKey} */
let key;

before(async () => {
  const pair = await generateKeyPair("ES256");
  key = /** @type {CryptoKey} */ (pair.privateKey);
  const signing = {
    client_id: "signing",
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "app", use: "sig" }] },
    redirect_uris: [REDIRECT_URI],
  };
  const posting = {
    client_id: "posting",
    client_secret: "a-secret-of-the-tests-that-is-long-enough",
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: [REDIRECT_URI],
  };
  provider = await startTestProvider({ clients: [signing, posting] });
});
after(() => provider?.close());

/** @returns {Promise<string>} */
const assertion = () =>
  new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: "app" })
    .setIssuer("signing").setSubject("signing").setAudience(provider.issuer)
    .setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime("1m")
    .sign(key);

/** The fields of RFC 7523 2.2. */
const proof = async () => ({
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  client_assertion: await assertion(),
});

/** @param {any} clientAuth @param {object} [more] */
const signingClient = (clientAuth, more) => makeClient(provider, { clientId: "signing", clientAuth, ...more });

for (const [name, answer] of /** @type {[string, (request: any) => any][]} */ ([
  ["the form that it was given and added to", async (request) => {
    for (const [field, value] of Object.entries(await proof())) request.body.set(field, value);
    return request;
  }],
  ["a form as a record", async ({ body, ...request }) => ({ ...request, body: { ...Object.fromEntries(body), ...(await proof()) } })],
  ["nothing but a form of its own", async ({ body }) => ({ body: new URLSearchParams({ ...Object.fromEntries(body), ...(await proof()) }) })],
  ["a form without the client id, which the assertion says", async ({ body }) => {
    const { client_id, ...fields } = Object.fromEntries(body);
    assert.equal(client_id, "signing");
    return { body: { ...fields, ...(await proof()) } };
  }],
])) {
  test(`a client whose key only the app has signs in by a function that answers with ${name}`, async () => {
    const { idp, signIn } = await signingClient(answer);
    await signIn();
    assert.equal(idp.agent?.id, "usr_ada");
    idp.dispose();
  });
}

test("the function is asked at every endpoint where the client authenticates, each time anew", async () => {
  /** @type {string[]} */
  const purposes = [];
  const { idp, signIn } = await signingClient(async (/** @type {any} */ request) => {
    purposes.push(`${request.purpose} ${request.method} ${new URL(request.url).pathname}`);
    assert.deepEqual(Object.keys(request.headers).sort(), ["accept", "content-type"]);
    return { ...request, body: { ...Object.fromEntries(request.body), ...(await proof()) } };
  });
  await signIn();
  await idp.refresh();
  const { access_token, refresh_token } = /** @type {any} */ (await idp.getTokens());
  assert.equal((await idp.introspect(access_token)).active, true);
  assert.equal(await idp.revokeToken(refresh_token), true);
  assert.equal((await idp.introspect(refresh_token)).active, false);
  await idp.preflight();
  const token = "token POST /token";
  const introspection = "introspection POST /token/introspection";
  assert.deepEqual(purposes, [token, token, introspection, "revocation POST /token/revocation", introspection]);
  idp.dispose();
});

test("without the proof the provider refuses the client", async () => {
  const { idp, signIn } = await signingClient((/** @type {any} */ request) => request);
  await assert.rejects(signIn(), { name: "TokenExchangeError", code: "invalid_client" });
  idp.dispose();
});

/** @type {[string, (request: any) => any, string, string][]} */
const WRONG = [
  ["throws at once", () => { throw new Error("the vault is closed"); }, "ConfigurationError", "plug_in_failed"],
  ["rejects with a string", () => Promise.reject("no"), "ConfigurationError", "plug_in_failed"],
  ["rejects with nothing", () => Promise.reject(), "ConfigurationError", "plug_in_failed"],
  ["never settles", () => new Promise(() => {}), "TimeoutError", "timeout"],
  ["answers nothing", () => undefined, "ConfigurationError", "plug_in_answer"],
  ["answers with null", () => null, "ConfigurationError", "plug_in_answer"],
  ["answers with text", () => "client_assertion=x", "ConfigurationError", "plug_in_answer"],
  ["answers with a number", () => 5, "ConfigurationError", "plug_in_answer"],
  ["answers with a list", () => [], "ConfigurationError", "plug_in_answer"],
  ["answers with a function", () => () => {}, "ConfigurationError", "plug_in_answer"],
  ["answers with what is no part of a request", (request) => ({ ...request, form: {} }), "ConfigurationError", "plug_in_answer"],
  ["answers with a number in the form", ({ body }) => ({ body: { ...Object.fromEntries(body), n: 5 } }), "ConfigurationError", "plug_in_answer"],
  ["answers with another URL", (request) => ({ ...request, url: "https://evil.example/" }), "ConfigurationError", "plug_in_answer"],
  ["answers with another method", (request) => ({ ...request, method: "PUT" }), "ConfigurationError", "plug_in_answer"],
  ["changes the grant", ({ body }) => ({ body: { ...Object.fromEntries(body), grant_type: "password" } }), "ConfigurationError", "plug_in_answer"],
  ["takes the form away", () => ({ body: {} }), "ConfigurationError", "plug_in_answer"],
  ["adds a header that the library sets", () => ({ headers: { "Content-Type": "text/plain" } }), "ConfigurationError", "reserved_parameter"],
  ["adds a header of two lines", () => ({ headers: { "x-key": "a\r\nb: c" } }), "ConfigurationError", "invalid_option"],
];

for (const [name, clientAuth, error, code] of WRONG) {
  test(`a function that ${name} ends the sign-in with ${error} ${code}, and nothing is sent`, async () => {
    const { idp, signIn } = await signingClient(clientAuth, { timeoutSeconds: 1 });
    const asked = () => provider.requests.filter(({ path }) => path === "/token").length;
    const before = asked();
    const reported = await tellReports(() => assert.rejects(signIn(), { name: error, code }));
    assert.deepEqual(reported, []);
    assert.equal(asked(), before);
    assert.equal(idp.agent, null);
    idp.dispose();
  });
}

test("a refresh that the function keeps from being sent costs neither session nor refresh token", async () => {
  let isClosed = false;
  const { idp, signIn } = await signingClient(async (/** @type {any} */ { body }) => {
    if (isClosed) throw new Error("the vault is closed");
    return { body: { ...Object.fromEntries(body), ...(await proof()) } };
  });
  await signIn();
  isClosed = true;
  await assert.rejects(idp.refresh(), { code: "plug_in_failed", message: /the vault is closed/ });
  assert.equal(idp.agent?.id, "usr_ada");
  isClosed = false;
  // The pause after a failure.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await idp.refresh();
  idp.dispose();
});

test("a secret beside the function, and a function that is none, are refused", async () => {
  await assert.rejects(signingClient(() => {}, { clientSecret: "s" }), { name: "ConfigurationError", code: "invalid_option" });
  await assert.rejects(signingClient("private_key_jwt"), { name: "ConfigurationError", code: "invalid_option" });
});

test("`clientSecret` goes into the form where the provider lists that alone, else into the header", async () => {
  const clientSecret = "a-secret-of-the-tests-that-is-long-enough";
  for (const [metadata, isPost] of /** @type {[object | undefined, boolean][]} */ ([
    [{ token_endpoint_auth_methods_supported: ["client_secret_post"] }, true],
    [undefined, false],
  ])) {
    /** @type {[boolean, boolean][]} */
    const sent = [];
    const { idp, signIn } = await makeClient(provider, {
      clientId: "posting", clientSecret, metadata,
      fetch: async (/** @type {Request} */ request) => {
        if (request.url.endsWith("/token")) {
          const form = new URLSearchParams(await request.clone().text());
          sent.push([form.get("client_secret") === clientSecret, request.headers.has("authorization")]);
        }
        return fetch(request);
      },
    });
    await signIn();
    assert.deepEqual(sent, [[isPost, !isPost]]);
    idp.dispose();
  }
});
