// @ts-check
// The usual request crosses into the wasm twice, with a promise of the host's between: requests that are interleaved, and a trap
// in between.
import assert from "node:assert/strict";
import { test } from "node:test";

import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { createVerifier } from "wasm-oidc/edge";

import { acquire } from "../../pkg/edge/runtime.js";

const [issuer, audience] = ["https://idp.example.com", "https://api.example"];
const { publicKey, privateKey } = await generateKeyPair("ES256");
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }] };

/** @param {string} subject */
async function requestOf(subject) {
  const token = await new SignJWT({ client_id: "spa", jti: subject })
    .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "at+jwt" })
    .setIssuer(issuer).setAudience(audience).setSubject(subject).setIssuedAt().setExpirationTime("1h").sign(privateKey);
  return new Request("https://api.example/orders?page=2", { headers: { authorization: `Bearer ${token}` } });
}

/** A verifier whose key is imported. */
async function readyVerifier() {
  const verifier = createVerifier({ issuer, audience, jwks });
  await verifier.verify(await requestOf("first"));
  return verifier;
}

/** @param {string[]} crossed the names of the calls that crossed */
function listen(crossed) {
  const { WasmVerifier } = acquire().glue;
  const originals = ["seen", "begin", "end", "verify"].map((name) => {
    const prototype = /** @type {any} */ (WasmVerifier.prototype);
    const original = prototype[name];
    prototype[name] = function (/** @type {any[]} */ ...args) {
      crossed.push(name);
      return original.apply(this, args);
    };
    return () => {
      prototype[name] = original;
    };
  });
  return () => originals.forEach((restore) => restore());
}

test("a token that was never seen crosses twice, and one that was once", async () => {
  const verifier = await readyVerifier();
  const request = await requestOf("usr_1");
  /** @type {string[]} */
  const crossed = [];
  const restore = listen(crossed);
  try {
    const agent = await verifier.verify(request);
    assert.deepEqual(crossed.splice(0), ["seen", "begin", "end"]);
    assert.equal(await verifier.verify(request), agent);
    assert.deepEqual(crossed, ["seen"]);
  } finally {
    restore();
  }
});

test("requests that are interleaved are each their own sender's, more of them than may be under way", async () => {
  const verifier = await readyVerifier();
  const subjects = Array.from({ length: 300 }, (_, at) => `usr_${at}`);
  const requests = await Promise.all(subjects.map(requestOf));
  const agents = await Promise.all(requests.map((request) => verifier.verify(request)));
  assert.deepEqual(agents.map(({ id, claims }) => [id, claims.sub]), subjects.map((subject) => [subject, subject]));
  const [request] = /** @type {[Request]} */ (requests);
  const [one, other] = await Promise.all([verifier.verify(request), verifier.verify(request)]);
  assert.equal(one, other);
});

test("two requests with one token that come together get one agent", async () => {
  const verifier = await readyVerifier();
  const request = await requestOf("usr_1");
  const [one, other] = await Promise.all([verifier.verify(request), verifier.verify(request)]);
  assert.equal(one, other);
});

test("a trap between the steps is a PanicError, and the next request starts afresh", async () => {
  const verifier = await readyVerifier();
  const request = await requestOf("usr_1");
  const begun = verifier.verify(request);
  assert.throws(() => acquire().call(({ WasmVerifier }) => {
    const nowhere = Object.create(WasmVerifier.prototype);
    // Beyond the end of its memory.
    nowhere.__wbg_ptr = 0xffff_0000;
    return nowhere.seen("Bearer x", "", undefined);
  }), { name: "PanicError" });
  await assert.rejects(begun, { name: "PanicError" });
  assert.equal((await verifier.verify(request)).id, "usr_1");
});
