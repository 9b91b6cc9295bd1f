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
  wrong_audience: { "claims.aud": `${testClientId}1`, "refreshed.aud": `${testClientId}1` },
  wrong_issuer: { "claims.iss": "ISSUER1" },
  expired: { "claims.exp": "6 min ago" },
  alg_none: { "header.alg": "none", verdict: "ERR_JOSE_ALG_NOT_ALLOWED" },
  hs256_public_key: { "header.alg": "HS256", verdict: "ERR_JOSE_ALG_NOT_ALLOWED" },
  discovery_wrong_issuer: { "discovery.issuer": "ISSUER1" },
  token_redirect: { "token.status": 307, "token.location": "ISSUER/elsewhere/token", "token.type": null },
  token_html: { "token.type": "text/html" },
  discovery_html: { "discovery.type": "text/html" },
  jwks_unreachable_once: { "keys.first": "fetch failed" },
  type_access_token: { "header.typ": "at+jwt" },
  signed_es256: { "header.alg": "ES256", "header.kid": "KEY of ES256" },
  refresh_wrong_subject: { "refreshed.sub": "usr_ben" },
  refresh_more_audiences: { "claims.azp": testClientId, "refreshed.azp": testClientId, "refreshed.aud": `["${testClientId}","another"]` },
  token_type_case: { "tokens.token_type": "bEARER" },
  userinfo_other_subject: { "userinfo.sub": "usr_ben" },
  userinfo_signed: { "userinfo.type": "application/jwt", "userinfo.iss": "ISSUER", "userinfo.aud": testClientId },
  response_iss_wrong: { "response.iss": "ISSUER1" },
  logout_honest: { "logout.location": "http://127.0.0.1:1/bye?state=of-the-app" },
  logout_other_state: { "logout.location": "http://127.0.0.1:1/bye?state=another-state" },
  duplicate_claim: { "claims.sub": "usr_ben", "refreshed.sub": "usr_ben" },
  long_token: { "claims.x": "x".repeat(400_000) },
  plain_base64: { verdict: "ERR_JWS_INVALID" },
  no_keys: { "keys.first": 0, "keys.second": '{"keys":[]}', verdict: "ERR_JWKS_NO_MATCHING_KEY" },
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
    const upToKeys = ["discovery", "authorize", "return", "token", "jwks", "jwks"];
    assert.deepEqual(hostile.seen("honest"), [...upToKeys, "end_session", "userinfo", "token"]);
  });

  it("has an expectation here for everything that a row can inject", () => {
    const kinds = new Set(rows.flatMap(({ inject }) => Object.keys(inject ?? {})));
    // That URL is loaded by the browser: who tries the row makes it.
    kinds.delete("frontChannel");
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
  const bye = new URLSearchParams({ post_logout_redirect_uri: "http://127.0.0.1:1/bye", state: "of-the-app" });
  const logout = await fetch(`${issuer}/end_session?${bye}`, { redirect: "manual" });
  note("logout.location", logout.headers.get("location"));

  if (seen["token.status"] === 200 && seen["token.type"] === "application/json") {
    const { id_token, ...tokens } = await answer.json();
    note("token.members", Object.keys(tokens).sort().join(" "));
    note("tokens.token_type", tokens.token_type);
    const { alg, kid, ...more } = decodeProtectedHeader(id_token);
    note("header.alg", alg);
    note("header.kid", `KEY of ${keys.keys.find((/** @type {{kid: string}} */ key) => key.kid === kid)?.alg ?? "RS256"}`);
    for (const [name, value] of Object.entries(more)) note(`header.${name}`, value);
    const claims = payloadOf(id_token);
    for (const [name, value] of Object.entries(claims)) note(`claims.${name}`, inWords(name, value));

    const userinfo = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    note("userinfo.type", mediaType(userinfo));
    const said = await userinfo.text();
    const who = mediaType(userinfo) === "application/jwt" ? payloadOf(said) : JSON.parse(said);
    for (const [name, value] of Object.entries(who)) note(`userinfo.${name}`, inWords(name, value));
    const form = { grant_type: "refresh_token", client_id: testClientId, refresh_token: tokens.refresh_token };
    const refreshed = payloadOf((await (await post(`${issuer}/token`, form)).json()).id_token);
    for (const [name, value] of Object.entries(refreshed)) if (name in CLAIMS_OF_A_REFRESH) note(`refreshed.${name}`, inWords(name, value));
    // Claims are compared above; here only the signature is judged, under the algorithms that a client may accept.
    const currentDate = new Date(Math.min(claims.iat, claims.exp - 1) * 1000);
    const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    const verdict = jwtVerify(id_token, createLocalJWKSet(keys), { algorithms, currentDate });
    note("verdict", await verdict.then(() => "verified", (error) => error.code));
  }
  return seen;
}

/** Those of a refreshed ID token that tell which fault is for it alone. */
const CLAIMS_OF_A_REFRESH = { sub: true, aud: true, azp: true };

/** @param {string} jwt @returns {Record<string, any>} */
function payloadOf(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString());
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
    (("token.type" in expected) && /^(header|claims|verdict|tokens?\.|userinfo|refreshed)/.test(name)) ||
    (("discovery.type" in expected) && /^discovery\./.test(name));
  const names = Object.keys({ ...honest, ...seen }).filter((name) => name in seen || !unread(name));
  return Object.fromEntries(names.filter((name) => honest[name] !== seen[name]).map((name) => [name, seen[name]]));
}
