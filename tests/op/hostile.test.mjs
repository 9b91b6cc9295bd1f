// @ts-check
// The hostile provider itself: its honest row is right, and every fault differs from it in what it says and in no more.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { codeFlow, post } from "./code-flow.mjs";
import { faults } from "./faults.mjs";
import { startHostile } from "./hostile.mjs";
import { testClientId } from "./provider.mjs";
import { rows } from "./table.mjs";

const redirectUri = "http://127.0.0.1:1/callback?page=1";
const nonce = "a-nonce-of-this-test";

/**
 * For a fault of every kind, the observations below that it changes, and what they become.
 * @type {Record<string, Record<string, unknown>>}
 */
const differences = {
  honest: {},
  broken_signature: { verdict: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" },
  wrong_nonce: { "claims.nonce": `${nonce}1` },
  wrong_audience: { "claims.aud": `${testClientId}1` },
  wrong_issuer: { "claims.iss": "ISSUER1" },
  expired: { "claims.exp": "6 min ago" },
  alg_none: { "header.alg": "none", verdict: "ERR_JOSE_ALG_NOT_ALLOWED" },
  hs256_public_key: { "header.alg": "HS256", verdict: "ERR_JOSE_ALG_NOT_ALLOWED" },
  discovery_wrong_issuer: { "discovery.issuer": "ISSUER1" },
  token_redirect: { "token.status": 307, "token.location": "ISSUER/elsewhere/token", "token.type": null },
  token_html: { "token.type": "text/html" },
  discovery_html: { "discovery.type": "text/html" },
  jwks_unreachable_once: { "keys.first": "fetch failed" },
};

describe("the hostile provider", () => {
  /** @type {Awaited<ReturnType<typeof startHostile>>} */
  let hostile;
  before(async () => {
    hostile = await startHostile({ redirectUris: [redirectUri] });
  });
  after(() => hostile.close());
  beforeEach(() => hostile.reset());

  it("gives a valid ID token where nothing is wrong", async () => {
    const seen = await observe(hostile.issuer("honest"));
    assert.equal(seen.verdict, "verified");
    assert.equal(seen["header.alg"], "RS256");
    assert.equal(seen["claims.iss"], "ISSUER");
    assert.equal(seen["claims.aud"], testClientId);
    assert.equal(seen["claims.nonce"], nonce);
    assert.equal(seen["claims.sub"], "usr_ada");
    assert.equal(seen["response.iss"], "ISSUER");
    assert.deepEqual(hostile.seen("honest"), ["discovery", "authorize", "return", "token", "jwks", "jwks"]);
  });

  it("has an expectation here for everything that a row can inject", () => {
    const kinds = new Set(rows.flatMap(({ inject }) => Object.keys(inject ?? {})));
    for (const { fault, inject } of rows) if (fault in differences) for (const kind of Object.keys(inject ?? {})) kinds.delete(kind);
    assert.deepEqual([...kinds], []);
  });

  for (const [fault, expected] of Object.entries(differences)) {
    it(`differs from an honest one only in this: ${faults[fault].says}`, async () => {
      const honest = await observe(hostile.issuer("honest"));
      const seen = await observe(hostile.issuer(fault));
      assert.deepEqual(differing(honest, seen, expected), expected);
    });
  }

  it("signs by HS256 so that a client would accept it that takes the algorithm from the header", async () => {
    const issuer = hostile.issuer("hs256_public_key");
    const { tokens } = await signIn(issuer);
    const { kid } = decodeProtectedHeader(tokens.id_token);
    const jwk = (await keysOf(issuer)).keys.find((/** @type {{kid: string}} */ key) => key.kid === kid);
    const pem = createPublicKey({ key: jwk, format: "jwk" }).export({ format: "pem", type: "spki" });
    const { payload } = await jwtVerify(tokens.id_token, Buffer.from(pem), { issuer, audience: testClientId });
    assert.equal(payload.sub, "usr_ada");
  });

  it("redirects the token request to where the code is good for tokens", async () => {
    const { answer, form } = await redeem(hostile.issuer("token_redirect"));
    const followed = await post(answer.headers.get("location") ?? "", form);
    assert.equal(followed.status, 200);
    assert.ok((await followed.json()).access_token);
  });

  it("answers a refresh with an ID token of its own issuer", async () => {
    const issuer = hostile.issuer("honest");
    const { tokens } = await signIn(issuer);
    const form = { grant_type: "refresh_token", client_id: testClientId, refresh_token: tokens.refresh_token };
    const refreshed = await post(`${issuer}/token`, form);
    assert.equal(refreshed.status, 200);
    const { id_token } = await refreshed.json();
    const { payload } = await jwtVerify(id_token, createLocalJWKSet(await keysOf(issuer)), { issuer, audience: testClientId });
    assert.equal(payload.sub, "usr_ada");
  });

  it("passes userinfo, introspection and revocation on to the real provider", async () => {
    const issuer = hostile.issuer("honest");
    const { tokens } = await signIn(issuer);
    const bearer = { authorization: `Bearer ${tokens.access_token}` };
    const userinfo = await fetch(`${issuer}/userinfo`, { headers: bearer });
    assert.equal((await userinfo.json()).email, "ada@example.com");
    const form = { client_id: testClientId, token: tokens.access_token };
    assert.equal((await (await post(`${issuer}/introspection`, form)).json()).active, true);
    assert.equal((await post(`${issuer}/revocation`, form)).status, 200);
    assert.equal((await fetch(`${issuer}/userinfo`, { headers: bearer })).status, 401);
  });

  it("accepts the ID tokens that it signed as hints at its logout", async () => {
    const issuer = hostile.issuer("honest");
    const { tokens } = await signIn(issuer);
    const logout = await fetch(`${issuer}/end_session?id_token_hint=${tokens.id_token}`);
    assert.equal(logout.status, 200);
  });

  it("refuses a redirect URI that the client did not register", async () => {
    const url = `${hostile.issuer("honest")}/authorize?client_id=${testClientId}&redirect_uri=http://127.0.0.1:2/`;
    assert.equal((await fetch(url, { redirect: "manual" })).status, 400);
  });

  it("answers 501 to a request that no fault has a route for", async () => {
    assert.equal((await fetch(`${hostile.issuer("honest")}/unheard-of`)).status, 501);
  });
});

/**
 * One sign-in by hand, as flat facts that can be compared: the issuer's own address is `ISSUER`, times are words.
 *
 * @param {string} issuer
 * @returns {Promise<Record<string, unknown>>}
 */
async function observe(issuer) {
  /** @type {Record<string, unknown>} */
  const seen = {};
  const note = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    seen[name] = typeof value === "string" ? value.replaceAll(issuer, "ISSUER") : value;
  };
  const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
  note("discovery.status", discovery.status);
  note("discovery.type", mediaType(discovery));
  if (seen["discovery.type"] === "application/json") {
    for (const [name, value] of Object.entries(await discovery.json())) {
      note(`discovery.${name}`, typeof value === "string" ? value : JSON.stringify(value));
    }
  }

  const { response, answer } = await redeem(issuer);
  for (const [name, value] of response) if (name !== "code" && name !== "state") note(`response.${name}`, value);
  note("token.status", answer.status);
  note("token.type", mediaType(answer));
  note("token.location", answer.headers.get("location"));
  note("keys.first", await keysOf(issuer).then((keys) => keys.keys.length, (error) => error.message));
  const keys = await keysOf(issuer);
  note("keys.second", JSON.stringify(keys));

  if (seen["token.status"] === 200 && seen["token.type"] === "application/json") {
    const { id_token, ...tokens } = await answer.json();
    note("token.members", Object.keys(tokens).sort().join(" "));
    note("header.alg", decodeProtectedHeader(id_token).alg);
    note("header.kid", decodeProtectedHeader(id_token).kid);
    const claims = JSON.parse(Buffer.from(id_token.split(".")[1], "base64url").toString());
    for (const [name, value] of Object.entries(claims)) note(`claims.${name}`, inWords(name, value));
    // Claims are compared above; here only the signature is judged, under the algorithms that a client may accept.
    const currentDate = new Date(Math.min(claims.iat, claims.exp - 1) * 1000);
    const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    const verdict = jwtVerify(id_token, createLocalJWKSet(keys), { algorithms, currentDate });
    note("verdict", await verdict.then(() => "verified", (error) => error.code));
  }
  return seen;
}

/** @param {string} issuer */
function redeem(issuer) {
  return codeFlow({ authorize: `${issuer}/authorize`, token: `${issuer}/token`, redirectUri, nonce });
}

/** @param {string} issuer */
async function signIn(issuer) {
  const { answer } = await redeem(issuer);
  return { tokens: await answer.json() };
}

/** @param {string} issuer */
async function keysOf(issuer) {
  return (await fetch(`${issuer}/jwks`)).json();
}

/** @param {Response} response */
function mediaType(response) {
  return response.headers.get("content-type")?.split(";")[0] ?? null;
}

/** @param {string} name @param {unknown} value */
function inWords(name, value) {
  if (name !== "exp" && name !== "iat") return typeof value === "string" ? value : JSON.stringify(value);
  const minutes = Math.round((Number(value) - Date.now() / 1000) / 60);
  return minutes < 0 ? `${-minutes} min ago` : minutes > 0 ? `in ${minutes} min` : "now";
}

/**
 * @param {Record<string, unknown>} honest @param {Record<string, unknown>} seen @param {Record<string, unknown>} expected
 * @returns what is different in `seen`; what it lacks counts only where the expected differences explain nothing missing
 */
function differing(honest, seen, expected) {
  const unread = (/** @type {string} */ name) =>
    (("token.type" in expected) && /^(header|claims|verdict|token\.members)/.test(name)) ||
    (("discovery.type" in expected) && /^discovery\./.test(name));
  const names = Object.keys({ ...honest, ...seen }).filter((name) => name in seen || !unread(name));
  return Object.fromEntries(names.filter((name) => honest[name] !== seen[name]).map((name) => [name, seen[name]]));
}
