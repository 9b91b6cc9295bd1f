// @ts-check
// A client proves who it is by assertions (RFC 7523 2.2) at the real provider, which takes each of them once: at every
// endpoint, with a key in every form, and for whom the app says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodeJwt, decodeProtectedHeader } from "jose";
import { IdpClient } from "wasm-oidc";

import { REDIRECT_URI, makeClient } from "../session/client.mjs";
import { METHODS, SECRET, clientIdOf, makeKeys, optionsOf, startMachinesProvider } from "./provider.mjs";

/** @type {Awaited<ReturnType<typeof startMachinesProvider>>} */
let provider;
before(async () => {
  provider = await startMachinesProvider();
});
after(() => provider?.close());

const ES256 = "private_key_jwt ES256";

/**
 * A function that fetches and notes the forms that are sent.
 *
 * @param {{ path: string, form: URLSearchParams, authorization: string | null }[]} seen
 * @returns {typeof fetch}
 */
const noting = (seen) => async (input, init) => {
  const request = new Request(input, init);
  if (request.method === "POST") {
    const form = new URLSearchParams(await request.clone().text());
    seen.push({ path: new URL(request.url).pathname, form, authorization: request.headers.get("authorization") });
  }
  return fetch(request);
};

/** @param {string} method @param {object} [clientAuth] over that of the method */
function machine(method, clientAuth) {
  /** @type {{ path: string, form: URLSearchParams, authorization: string | null }[]} */
  const seen = [];
  const options = optionsOf(provider, method);
  const idp = IdpClient.createSync({ ...options, clientAuth: { ...options.clientAuth, ...clientAuth }, fetch: noting(seen) });
  return { idp, seen };
}

/** @param {URLSearchParams} form */
const assertionOf = (form) => String(form.get("client_assertion"));

for (const method of Object.keys(METHODS)) {
  test(`${method}: sign-in, refresh, introspection and revocation, each with a proof of its own`, async () => {
    /** @type {{ path: string, form: URLSearchParams, authorization: string | null }[]} */
    const seen = [];
    const { idp, signIn } = await makeClient(provider, { ...optionsOf(provider, method), fetch: noting(seen) });
    await signIn();
    assert.equal(idp.agent?.id, "usr_ada");
    await idp.refresh();
    const { access_token, refresh_token } = /** @type {any} */ (await idp.getTokens());
    assert.equal((await idp.introspect(access_token)).active, true);
    assert.equal(await idp.revokeToken(refresh_token), true);
    assert.equal((await idp.introspect(refresh_token)).active, false);
    assert.deepEqual(seen.map(({ path }) => path), ["/token", "/token", "/token/introspection", "/token/revocation", "/token/introspection"]);
    if (method.includes("jwt")) {
      const assertions = seen.map(({ form }) => assertionOf(form));
      assert.equal(new Set(assertions.map((one) => decodeJwt(one).jti)).size, 5);
      for (const assertion of assertions) {
        const { iss, sub, aud, jti, iat, exp } = decodeJwt(assertion);
        assert.deepEqual([iss, sub, aud], [clientIdOf(method), clientIdOf(method), provider.issuer]);
        assert.deepEqual([String(jti).length, Number(exp) - Number(iat)], [43, 60]);
        const { alg, kid } = decodeProtectedHeader(assertion);
        assert.deepEqual([alg, kid], [METHODS[method], method.startsWith("private") ? `key-${METHODS[method]}` : undefined]);
      }
      assert.ok(seen.every(({ form, authorization }) => authorization === null && !form.has("client_secret")));
    }
    idp.dispose();
  });
}

for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"]) {
  test(`a key for ${algorithm} may be a CryptoKey, a JWK, its text, or PEM with its lines in one`, async () => {
    const { key, jwk, pem, kid } = provider.keys[algorithm];
    const { kid: _, ...unnamed } = jwk;
    for (const clientAuth of [
      { key },
      { key: jwk, keyId: undefined },
      { key: JSON.stringify(unnamed) },
      { key: pem },
      { key: pem.replaceAll("\n", "\\n"), method: undefined },
      { key: { ...jwk, use: "sig", key_ops: ["sign"], alg: algorithm, ext: true } },
    ]) {
      const { idp, seen } = machine(`private_key_jwt ${algorithm}`, { algorithm, ...clientAuth });
      assert.equal((await idp.clientCredentials()).id, clientIdOf(`private_key_jwt ${algorithm}`));
      assert.equal(decodeProtectedHeader(assertionOf(seen[0].form)).kid, kid);
      // It does not come back from the options.
      assert.equal(idp.options.clientAuth, "[redacted]");
    }
  });
}

test("an RSA key that says nothing signs with what the provider lists first of what it can", async () => {
  const { jwk } = provider.keys.PS256;
  const sent = async (/** @type {string[] | undefined} */ listed, /** @type {object} */ more) => {
    const metadata = listed && { token_endpoint_auth_signing_alg_values_supported: listed };
    /** @type {any[]} */
    const seen = [];
    const options = optionsOf(provider, "private_key_jwt PS256");
    const idp = IdpClient.createSync({ ...options, metadata, clientAuth: { key: jwk, ...more }, fetch: noting(seen) });
    await idp.clientCredentials().catch(() => {});
    return seen[0] && decodeProtectedHeader(assertionOf(seen[0].form)).alg;
  };
  assert.equal(await sent(["ES256", "RS384", "PS256"], {}), "PS256");
  assert.equal(await sent(["RS384"], {}), "RS384");
  assert.equal(await sent(undefined, { algorithm: "PS512" }), undefined);
  assert.equal(await sent(["PS512"], { algorithm: "PS512" }), "PS512");
  assert.equal(await sent(["ES256"], {}), undefined);
});

test("an assertion is for the issuer, the token endpoint or whom the app names, and a stranger's is refused", async () => {
  for (const [audience, sent] of [[undefined, ""], ["issuer", ""], ["token_endpoint", "/token"]]) {
    const { idp, seen } = machine(ES256, { audience });
    await idp.clientCredentials();
    assert.equal(decodeJwt(assertionOf(seen[0].form)).aud, `${provider.issuer}${sent}`);
  }
  const { idp } = machine(ES256, { audience: "https://other.example" });
  await assert.rejects(idp.clientCredentials(), { name: "TokenExchangeError", code: "invalid_client", message: /clientId.*audience/ });
});

test("the wrong key, and the wrong secret, are invalid_client with a message that says where to look", async () => {
  const strange = (await makeKeys("ES256")).key;
  const wrongKey = machine(ES256, { key: strange });
  const wrongSecret = machine("client_secret_jwt", { clientSecret: `${SECRET}-of-somebody-else` });
  for (const { idp } of [wrongKey, wrongSecret]) {
    await assert.rejects(idp.clientCredentials(), (/** @type {any} */ error) => {
      assert.deepEqual([error.name, error.code, error.recovery], ["TokenExchangeError", "invalid_client", "fix"]);
      assert.match(error.message, /check `clientId`, `clientAuth`, and its `audience`/);
      return true;
    });
  }
});

test("after a refusal the next request has an assertion of its own", async () => {
  const { idp, seen } = machine(ES256, { audience: "https://other.example" });
  for (const _ of [1, 2]) await assert.rejects(idp.clientCredentials(), { code: "invalid_client" });
  const [first, second] = seen.map(({ form }) => decodeJwt(assertionOf(form)).jti);
  assert.notEqual(first, second);
});

test("a secret alone goes by an assertion where the provider lists no other way for it", async () => {
  /** @type {any[]} */
  const seen = [];
  const { issuer } = provider;
  const metadata = { token_endpoint_auth_methods_supported: ["private_key_jwt", "client_secret_jwt"] };
  const idp = IdpClient.createSync({ issuer, metadata, clientId: "agt_client_secret_jwt", clientSecret: SECRET, fetch: noting(seen) });
  await idp.clientCredentials();
  assert.equal(decodeProtectedHeader(assertionOf(seen[0].form)).alg, "HS256");
});

test("a configuration names the key by a reference, which is resolved to PEM or the text of a JWK", async () => {
  const { pem, jwk, kid } = provider.keys.ES256;
  const document = (/** @type {string} */ key) => ({
    providers: {
      op: { issuer: provider.issuer, clientId: clientIdOf(ES256), clientAuth: { method: "private_key_jwt", key, keyId: kid, algorithm: "ES256" } },
    },
  });
  const asked = await IdpClient.fromConfig("op", { config: document("vault://machine"), resolveSecret: async () => pem });
  assert.equal((await asked.clientCredentials()).id, clientIdOf(ES256));
  const read = await IdpClient.fromConfig("op", { config: document("${KEY}"), env: { KEY: JSON.stringify(jwk) } });
  assert.equal((await read.clientCredentials()).id, clientIdOf(ES256));
  // A key that is an object comes with the call.
  const clientAuth = { method: /** @type {const} */ ("private_key_jwt"), key: provider.keys.ES256.key, keyId: kid };
  const over = await IdpClient.fromConfig("op", { config: document("vault://machine"), clientAuth });
  assert.equal((await over.clientCredentials()).id, clientIdOf(ES256));
});

test("preflight names the way, and finds fault with one that the provider does not list", async () => {
  const { idp } = machine(ES256);
  const { steps } = await idp.preflight();
  const step = steps.find(({ name }) => name === "client_authentication");
  assert.deepEqual([step?.status, /private_key_jwt/.test(String(step?.message))], ["success", true]);
});
