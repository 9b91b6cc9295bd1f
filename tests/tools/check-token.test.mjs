// @ts-check
// Tokens looked at in Node on the built package: those of the real provider, and what a lying one would have us ask.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { calculateJwkThumbprint } from "jose";
import { IdpClient, checkToken } from "wasm-oidc";

import { codeFlow } from "../op/code-flow.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { fingerprint, json, keyPair, signed, startIssuer } from "./issuer.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const API = "https://api.example.com";
const OFFERED = /** @type {const} */ (["RS256", "PS256", "ES256", "EdDSA"]);
const DISCOVERY = "/.well-known/openid-configuration";
const STEPS = [
  "decode_structure", "discover_issuer", "fetch_jwks", "extract_key", "verify_signature", "validate_claims",
];

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let own;

before(async () => {
  const clients = OFFERED.map((algorithm) => ({
    client_id: algorithm, redirect_uris: [REDIRECT_URI], id_token_signed_response_alg: algorithm,
  }));
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], clients });
  own = await startIssuer();
});
after(async () => {
  await provider?.close();
  await own?.close();
});
beforeEach(() => {
  provider.requests.length = 0;
  own.requests.length = 0;
  own.answers.clear();
});

/** @param {string} clientId @param {Record<string, string>} [extra] */
async function tokensOf(clientId, extra) {
  const { issuer } = provider;
  const flow = { authorize: `${issuer}/auth`, token: `${issuer}/token`, redirectUri: REDIRECT_URI, clientId, extra };
  const tokens = await (await codeFlow(flow)).answer.json();
  provider.requests.length = 0;
  return /** @type {{ id_token: string, access_token: string }} */ (tokens);
}

/** @param {import("wasm-oidc").TokenReport} report @param {string} name */
function step(report, name) {
  assert.deepEqual(report.steps.map((step) => step.name), STEPS);
  return /** @type {import("wasm-oidc").TokenCheckStep} */ (report.steps.find((step) => step.name === name));
}

/** @param {import("wasm-oidc").TokenReport} report */
const failed = (report) => report.steps.filter(({ passed, details }) => !passed && !details.skipped).map(({ name }) => name);

/** The own issuer with these keys; gives claims that are right there. @param {object[]} keys */
function publish(keys) {
  const issuer = own.origin;
  own.answers.set(DISCOVERY, json({ issuer, jwks_uri: `${issuer}/keys` }));
  own.answers.set("/keys", json({ keys }));
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, sub: "usr_1", aud: "spa", iat: now, exp: now + 300 };
}

for (const algorithm of OFFERED) {
  test(`an ID token of the real provider signed with ${algorithm} passes all six steps [J1]`, async () => {
    const { id_token } = await tokensOf(algorithm, { nonce: "a-nonce-of-some-length" });
    const idp = await IdpClient.create({ issuer: provider.issuer, clientId: algorithm });
    provider.requests.length = 0;
    const report = await idp.checkToken(id_token);
    assert.equal(report.error, null);
    assert.deepEqual([report.valid, report.tokenType, report.signatureAlgorithm], [true, "id_token", algorithm]);
    assert.deepEqual([report.issuerMatch, report.audienceMatch], [true, true]);
    assert.ok(report.steps.every(({ passed }) => passed));
    assert.equal(report.payload?.sub, "usr_ada");
    assert.equal(report.discoveryUrl, `${provider.issuer}${DISCOVERY}`);
    assert.deepEqual(provider.requests.map(({ path }) => path), [DISCOVERY, "/jwks"]);
    const { keys } = /** @type {{ keys: import("node:crypto").JsonWebKey[] }} */ (
      await (await fetch(String(report.jwksUri))).json()
    );
    const jwk = keys.find(({ kid }) => kid === report.keyId);
    const key = createPublicKey({ format: "jwk", key: /** @type {any} */ (jwk) });
    assert.equal(report.publicKeyPem, key.export({ format: "pem", type: "spki" }));
    assert.equal(report.keyFingerprint, fingerprint(key));
    assert.equal(step(report, "extract_key").details.thumbprint, await calculateJwkThumbprint(/** @type {any} */ (jwk)));
    assert.deepEqual([report.keyType, report.keySizeBits], [jwk?.kty, jwk?.kty === "RSA" ? 2048 : 256]);
    idp.dispose();
  });
}

test("an access token that is a JWT is judged by RFC 9068, an opaque one is said to be none [ATJ1, J11]", async () => {
  const { access_token } = await tokensOf("RS256", { resource: API });
  const expected = { expectedIssuer: provider.issuer, expectedAudience: API };
  const report = await checkToken(access_token, expected);
  assert.equal(report.error, null);
  assert.deepEqual([report.valid, report.tokenType, report.header?.typ], [true, "access_token", "at+jwt"]);
  assert.deepEqual([report.issuerMatch, report.audienceMatch], [true, true]);
  const asIdToken = await checkToken(access_token, { ...expected, tokenType: "id_token" });
  assert.deepEqual([asIdToken.valid, failed(asIdToken)], [false, ["validate_claims"]]);
  const elsewhere = await checkToken(access_token, { ...expected, expectedAudience: "https://other.example.com" });
  assert.deepEqual([elsewhere.valid, elsewhere.audienceMatch], [false, false]);

  const opaque = (await tokensOf("RS256")).access_token;
  const shown = await checkToken(opaque, expected);
  assert.match(String(shown.error), /not a JWT.*introspection/);
  assert.deepEqual([shown.valid, shown.header, shown.payload, provider.requests.length], [false, null, null, 0]);
  assert.ok(!JSON.stringify(shown).includes(opaque));
});

test("tokens of every algorithm pass with WebCrypto, and changed ones do not [J3, X2, X25]", async () => {
  const algorithms = /** @type {const} */ ([
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
  ]);
  for (const alg of algorithms) {
    const { publicKey, privateKey } = keyPair(alg);
    const claims = publish([{ ...publicKey.export({ format: "jwk" }), kid: "k1" }]);
    const options = { expectedIssuer: own.origin, expectedAudience: "spa" };
    const token = signed({ alg, kid: "k1" }, claims, privateKey);
    const report = await checkToken(token, options);
    assert.deepEqual([report.valid, report.error], [true, null], alg);
    assert.equal(report.publicKeyPem, publicKey.export({ format: "pem", type: "spki" }));
    assert.equal(report.keyFingerprint, fingerprint(publicKey));
    const access = signed({ alg, kid: "k1", typ: "at+jwt" }, { ...claims, client_id: "spa", jti: "1" }, privateKey);
    assert.equal((await checkToken(access, options)).valid, true, alg);

    const other = signed({ alg, kid: "k1" }, { ...claims, sub: "usr_2" }, privateKey);
    const forged = `${other.slice(0, other.lastIndexOf("."))}${token.slice(token.lastIndexOf("."))}`;
    const broken = await checkToken(forged, options);
    assert.deepEqual([broken.valid, failed(broken)], [false, ["verify_signature"]], alg);
    assert.equal(step(broken, "verify_signature").details.code, "signature_invalid");
    assert.notEqual(broken.publicKeyPem, null);
  }
});

test("a token of a foreign issuer sends nothing, with a client and without one [X9, J8]", async () => {
  const { privateKey, publicKey } = keyPair("ES256");
  const claims = publish([{ ...publicKey.export({ format: "jwk" }), kid: "k1" }]);
  const token = signed({ alg: "ES256", kid: "k1", jku: `${own.origin}/keys` }, claims, privateKey);
  const idp = await IdpClient.create({ issuer: provider.issuer, clientId: "spa" });
  provider.requests.length = 0;
  let fetched = 0;
  const counting = () => Promise.reject(new Error(`request ${(fetched += 1)}`));
  for (const report of [
    await idp.checkToken(token),
    await checkToken(token, { expectedIssuer: provider.issuer, fetch: counting }),
    await checkToken(token, { expectedIssuer: `${own.origin}/`, fetch: counting }),
    // It is on loopback: only who names it may ask it.
    await checkToken(token, { allowAnyIssuer: true, fetch: counting }),
  ]) {
    assert.equal(step(report, "discover_issuer").passed, false);
    assert.match(step(report, "fetch_jwks").message, /^skipped because /);
    assert.equal(report.payload?.iss, own.origin);
  }
  assert.deepEqual([provider.requests.length, own.requests.length, fetched], [0, 0, 0]);
  assert.equal((await idp.checkToken(token, { expectedIssuer: own.origin })).valid, true);
  idp.dispose();
});

test("private names and addresses of a token are not asked, nor are those that its metadata names [J10, X7]", async () => {
  const { privateKey } = keyPair("ES256");
  /** @type {string[]} */
  const asked = [];
  let jwksUri = "";
  const fetching = async (/** @type {any} */ request) => {
    asked.push(request.url);
    return Response.json({ issuer: "https://idp.example.com", jwks_uri: jwksUri });
  };
  const places = [
    "https://127.0.0.1", "https://127.1", "https://0x7f.1", "https://2130706433", "https://[::1]", "https://[::ffff:7f00:1]",
    "https://169.254.169.254", "https://localhost", "https://idp", "https://a.localhost", "https://a.local",
    "https://metadata.google.internal", "https://router.home.arpa", "http://idp.example.com", "http://localhost:1",
  ];
  for (const iss of places) {
    const token = signed({ alg: "ES256" }, { iss, exp: 9_999_999_999 }, privateKey);
    const report = await checkToken(token, { allowAnyIssuer: true, fetch: /** @type {any} */ (fetching) });
    assert.deepEqual([step(report, "discover_issuer").passed, report.discoveryUrl], [false, null], iss);
  }
  assert.deepEqual(asked, []);
  const token = signed({ alg: "ES256" }, { iss: "https://idp.example.com", exp: 9_999_999_999 }, privateKey);
  for (const place of places) {
    jwksUri = `${place}/keys`;
    const report = await checkToken(token, { allowAnyIssuer: true, fetch: /** @type {any} */ (fetching) });
    assert.notEqual(report.steps.findIndex(({ passed }) => !passed), -1, place);
    assert.equal(report.jwksData, null);
  }
  assert.deepEqual([...new Set(asked)], [`https://idp.example.com${DISCOVERY}`]);
  assert.equal(asked.length, places.length);
});

test("redirects of metadata and of keys are refused [X7]", async () => {
  const { privateKey, publicKey } = keyPair("ES256");
  const claims = publish([{ ...publicKey.export({ format: "jwk" }) }]);
  const token = signed({ alg: "ES256" }, claims, privateKey);
  /** @type {(response: import("node:http").ServerResponse) => void} */
  const away = (response) => void response.writeHead(302, { location: "/elsewhere" }).end();
  for (const [path, name] of [["/keys", "fetch_jwks"], [DISCOVERY, "discover_issuer"]]) {
    own.requests.length = 0;
    own.answers.set(path, away);
    const report = await checkToken(token, { expectedIssuer: own.origin });
    assert.equal(step(report, name).details.code, "redirect_refused");
    assert.ok(!own.requests.includes("/elsewhere"));
  }
});

test("keys of the header are never fetched or used [X3, J10]", async () => {
  const [ours, thief] = [keyPair("ES256"), keyPair("ES256")];
  const claims = publish([{ ...ours.publicKey.export({ format: "jwk" }), kid: "k1" }]);
  const theirs = thief.publicKey.export({ format: "jwk" });
  own.answers.set("/thief", json({ keys: [{ ...theirs, kid: "k1" }] }));
  const header = { alg: "ES256", kid: "k1", jku: `${own.origin}/thief`, x5u: `${own.origin}/thief`, jwk: theirs };
  const report = await checkToken(signed(header, claims, thief.privateKey), { expectedIssuer: own.origin });
  assert.deepEqual(failed(report), ["verify_signature"]);
  assert.deepEqual(step(report, "decode_structure").details.ignored, ["jku", "jwk", "x5u"]);
  assert.deepEqual(own.requests, [DISCOVERY, "/keys"]);
});

test("unsigned tokens and those of a shared secret are refused without a request [X1, X2, J2]", async () => {
  const { id_token } = await tokensOf("RS256");
  const [, payload, signature] = id_token.split(".");
  for (const [alg, end] of [["none", ""], ["nOnE", ""], ["HS256", signature], ["HS512", signature]]) {
    const head = Buffer.from(JSON.stringify({ alg })).toString("base64url");
    const report = await checkToken(`${head}.${payload}.${end}`, { expectedIssuer: provider.issuer });
    assert.deepEqual(failed(report), ["verify_signature"], alg);
    assert.equal(step(report, "verify_signature").details.code, "alg_not_allowed");
  }
  assert.equal(provider.requests.length, 0);
});

test("a certificate beside the key is told, and whether its key signed it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "wasm-oidc-x5c-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (/** @type {string} */ name) => join(folder, name);
  const openssl = (/** @type {string[]} */ ...args) => execFileSync(process.env.OPENSSL || "openssl", args, { stdio: "pipe" });
  for (const [alg, hash] of /** @type {const} */ ([
    ["RS256", "sha256"], ["RS256", "sha512"], ["ES256", "sha256"], ["ES384", "sha384"], ["ES512", "sha512"], ["EdDSA", "sha512"],
  ])) {
    const { privateKey, publicKey } = keyPair(alg);
    writeFileSync(file("key.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
    openssl("req", "-x509", "-new", "-key", file("key.pem"), `-${hash}`, "-subj", "/O=Example/CN=idp", "-outform", "DER", "-out", file("cert.der"));
    const der = readFileSync(file("cert.der"));
    const jwk = publicKey.export({ format: "jwk" });
    const check = async (/** @type {Buffer} */ certificate) => {
      const claims = publish([{ ...jwk, kid: "k1", x5c: [certificate.toString("base64")] }]);
      const report = await checkToken(signed({ alg, kid: "k1" }, claims, privateKey), { expectedIssuer: own.origin });
      assert.equal(report.valid, true, alg);
      return /** @type {import("wasm-oidc").CertificateFacts} */ (report.x509Info);
    };
    const facts = await check(der);
    assert.deepEqual([facts.subject, facts.keyMatches, facts.selfSigned], ["CN=idp,O=Example", true, true], alg);
    // A bit of the signature, which is at the end.
    const changed = Buffer.from(der);
    changed[changed.length - 1] ^= 1;
    assert.deepEqual((await check(changed)).selfSigned, false, alg);
    assert.match(String((await check(der.subarray(0, 100))).error), /x5c/);
  }
});

test("claims are data without a prototype, whatever they are called, and the report holds no token [X22, X26]", async () => {
  const { privateKey, publicKey } = keyPair("ES256");
  const claims = publish([{ ...publicKey.export({ format: "jwk" }) }]);
  const odd = JSON.parse(`{"__proto__":{"polluted":true},"constructor":{"prototype":1},"deep":[{"__proto__":{"polluted":1}}]}`);
  const token = signed({ alg: "ES256" }, Object.assign(odd, claims), privateKey);
  const report = await checkToken(token, { expectedIssuer: own.origin });
  assert.equal(report.valid, true);
  const payload = /** @type {any} */ (report.payload);
  assert.equal(Object.getPrototypeOf(payload), null);
  assert.ok(Object.hasOwn(payload, "__proto__") && Object.isFrozen(payload));
  assert.equal(payload.polluted, undefined);
  assert.equal(payload.deep[0].polluted, undefined);
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
  const text = JSON.stringify(report);
  assert.deepEqual(JSON.parse(text).payload.sub, "usr_1");
  for (const part of token.split(".")) assert.ok(!text.includes(part));
});

test("broken tokens end in a report, wrong calls in an error that names the mistake [J14, X18]", async () => {
  const { id_token } = await tokensOf("RS256");
  const [head, payload, signature] = id_token.split(".");
  const options = { expectedIssuer: provider.issuer };
  for (const broken of ["", ".", "x", "{}", `${head}.${payload}`, `${head}.!.${signature}`, `${id_token} `, "a.".repeat(1e6)]) {
    const report = await checkToken(broken, options);
    assert.deepEqual(failed(report), ["decode_structure"], broken.slice(0, 20));
    assert.equal(report.steps.length, 6);
  }
  assert.equal((await checkToken(`${head}.!.${signature}`, options)).header?.alg, "RS256");
  assert.equal(provider.requests.length, 0);

  await assert.rejects(checkToken(id_token), { name: "ConfigurationError", code: "missing_option" });
  await assert.rejects(checkToken(/** @type {any} */ (undefined), options), { code: "invalid_option" });
  await assert.rejects(checkToken(id_token, /** @type {any} */ ({ ...options, fetch: 1 })), { code: "invalid_option" });
  await assert.rejects(checkToken(id_token, /** @type {any} */ ({ ...options, expectedAudiences: "x" })), {
    code: "unknown_option",
    message: /expectedAudience/,
  });
  const idp = await IdpClient.create({ issuer: provider.issuer, clientId: "RS256" });
  await assert.rejects(idp.checkToken(id_token, /** @type {any} */ ({ tokenType: "x" })), { code: "invalid_option" });
  idp.dispose();
  await assert.rejects(idp.checkToken(id_token), { name: "ConfigurationError", code: "disposed" });
});
