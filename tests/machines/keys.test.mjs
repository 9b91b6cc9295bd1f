// @ts-check
// What an app can do wrong with its key: each mistake is a ConfigurationError that says what was expected, when the client is
// made, and repeats nothing of the key.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

const LEAST = { issuer: "https://idp.example.com", clientId: "machine" };

/** @param {unknown} clientAuth */
const made = (clientAuth) => IdpClient.createSync(/** @type {any} */ ({ ...LEAST, clientAuth }));

/** @param {any} clientAuth @param {RegExp} message */
function refused(clientAuth, message) {
  assert.throws(() => made(clientAuth), (/** @type {any} */ error) => {
    assert.deepEqual([error.name, error.code, error.recovery], ["ConfigurationError", "invalid_option", "fix"]);
    assert.match(error.message, message);
    const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`;
    for (const secret of secrets) assert.ok(!shown.includes(secret), error.message);
    return true;
  });
}

/** Parts of the keys. @type {string[]} */
const secrets = [];

/** @param {any} type @param {object} [options] */
function pair(type, options) {
  const { privateKey, publicKey } = /** @type {any} */ (generateKeyPairSync)(type, options);
  const jwk = privateKey.export({ format: "jwk" });
  secrets.push(jwk.d);
  return { jwk, publicJwk: publicKey.export({ format: "jwk" }), privateKey, publicKey };
}

/** @type {Record<string, ReturnType<typeof pair>>} */
const pairs = {};
before(() => {
  pairs.rsa = pair("rsa", { modulusLength: 2048 });
  pairs.short = pair("rsa", { modulusLength: 1024 });
  pairs.p256 = pair("ec", { namedCurve: "P-256" });
  pairs.secp256k1 = pair("ec", { namedCurve: "secp256k1" });
  pairs.ed = pair("ed25519");
  pairs.x = pair("x25519");
});

const { subtle } = crypto;

test("a CryptoKey that is public, symmetric, short, of another type or not for signing is refused", async () => {
  const { publicKey, privateKey } = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  refused({ method: "private_key_jwt", key: publicKey }, /it is a public key/);
  assert.ok(made({ method: "private_key_jwt", key: privateKey }));
  const hmac = await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  refused({ method: "private_key_jwt", key: hmac }, /it is for HMAC SHA-256, which signs no assertion: expected RSA/);
  const agreement = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  refused({ method: "private_key_jwt", key: agreement.privateKey }, /it is for ECDH P-256/);
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const decrypting = await subtle.generateKey({ ...rsa, name: "RSA-OAEP", hash: "SHA-256" }, false, ["decrypt", "unwrapKey"]);
  refused({ method: "private_key_jwt", key: decrypting.privateKey }, /RSA-OAEP SHA-256/);
  const sha1 = await subtle.generateKey({ ...rsa, name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" }, false, ["sign"]);
  refused({ method: "private_key_jwt", key: sha1.privateKey }, /RSASSA-PKCS1-v1_5 SHA-1/);
  const short = await subtle.generateKey({ ...rsa, modulusLength: 1024, name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
  refused({ method: "private_key_jwt", key: short.privateKey }, /less than 2048 bits/);
  // No host makes a private key without usages: what looks like one is asked all the same.
  refused({ key: { type: "private", algorithm: { name: "Ed25519" }, usages: [] } }, /usage "sign"/);
});

test("a JWK that is public, symmetric, short, of another curve or for another use is refused", () => {
  refused({ key: pairs.p256.publicJwk }, /it is a public key, and the private one of the pair, with `d`/);
  refused({ key: { kty: "oct", k: "c2VjcmV0" } }, /its type \(oct\) signs no assertion/);
  refused({ key: pairs.secp256k1.jwk }, /its type \(EC secp256k1\) signs no assertion: expected .*P-256, P-384 or P-521/);
  refused({ key: pairs.x.jwk }, /its type \(OKP X25519\)/);
  refused({ key: pairs.short.jwk }, /less than 2048 bits/);
  refused({ key: { ...pairs.rsa.jwk, use: "enc" } }, /its `use` is not "sig"/);
  refused({ key: { ...pairs.rsa.jwk, key_ops: ["decrypt"] } }, /its `key_ops` are without "sign"/);
  refused({ key: { ...pairs.p256.jwk, alg: "ES384" } }, /its `alg` is not one of its type: ES256/);
  refused({ key: { ...pairs.rsa.jwk, alg: "RSA-OAEP" } }, /its `alg` is not one of its type/);
  refused({ key: `{"kty":"EC","d":"${pairs.p256.jwk.d}"` }, /it is no JWK: what begins as one is no JSON/);
});

test("PEM that is public, encrypted, in another form, short, of another type or damaged is refused", () => {
  const pem = (/** @type {any} */ key, /** @type {object} */ how) => key.export({ format: "pem", ...how });
  refused({ key: pem(pairs.p256.publicKey, { type: "spki" }) }, /it is public/);
  refused({ key: pem(pairs.rsa.privateKey, { type: "pkcs1" }) }, /it is not PKCS#8: `openssl pkcs8 -topk8 -nocrypt/);
  refused({ key: pem(pairs.p256.privateKey, { type: "sec1" }) }, /it is not PKCS#8/);
  refused({ key: pem(pairs.p256.privateKey, { type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" }) }, /it is encrypted/);
  refused({ key: pem(pairs.short.privateKey, { type: "pkcs8" }) }, /less than 2048 bits/);
  refused({ key: pem(pairs.secp256k1.privateKey, { type: "pkcs8" }) }, /it is of another type/);
  refused({ key: pem(pairs.x.privateKey, { type: "pkcs8" }) }, /it is of another type/);
  refused({ key: "-----BEGIN PRIVATE KEY-----\nab=cd\n-----END PRIVATE KEY-----" }, /not Base64/);
  refused({ key: "/run/secrets/key.pem" }, /it is no PEM/);
});

test("what is no key, or beside it no option, is refused", () => {
  for (const key of [7, true, [], {}, "", new Uint8Array(32), pairs.p256.privateKey]) {
    refused({ method: "private_key_jwt", key }, /expected a CryptoKey, a JWK, or PKCS#8 in PEM|it is no PEM/);
  }
  const key = pairs.p256.jwk;
  refused({ method: "private_key_jwt" }, /"private_key_jwt" with `key`/);
  refused({ method: "client_secret_jwt", key }, /"clientAuth.method": expected "private_key_jwt" beside `key`/);
  refused({ key, clientSecret: "a-secret" }, /"clientAuth.clientSecret"/);
  refused({ key, keyID: "k1" }, /"clientAuth.keyID"/);
  refused({ key, keyId: 7 }, /"clientAuth.keyId": expected a string/);
  refused({ key, audience: ["https://idp.example.com"] }, /"clientAuth.audience": expected a string/);
  refused({ key, algorithm: "RS256" }, /"clientAuth.algorithm": expected what this key can sign with: ES256/);
  refused({ method: "client_secret_jwt", clientSecret: "short" }, /32 bytes or more/);
});

test("a key that a host refuses is told of when it first signs", async () => {
  const { jwk } = pairs.p256;
  // A point that is not on the curve.
  const metadata = { issuer: LEAST.issuer, token_endpoint: `${LEAST.issuer}/token`, jwks_uri: `${LEAST.issuer}/jwks` };
  const fetch = async () => assert.fail("something was sent");
  const clientAuth = { key: { ...jwk, x: jwk.y } };
  const idp = IdpClient.createSync(/** @type {any} */ ({ clientId: "machine", metadata, clientAuth, fetch }));
  await assert.rejects(idp.clientCredentials(), { name: "ConfigurationError", code: "invalid_option", message: /signs nothing by ES256: it refused the key/ });
});
