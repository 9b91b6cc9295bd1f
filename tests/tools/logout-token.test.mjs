// @ts-check
// Logout tokens in Node on the built package: as the real provider posts them, and with every fault a lying one can make.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { IdpClient, TokenParseError, TokenVerificationError, memoryStorage } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";
import { json, keyPair, signed, startIssuer } from "./issuer.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const DISCOVERY = "/.well-known/openid-configuration";

const { privateKey, publicKey } = keyPair("RS256");
const stranger = keyPair("RS256").privateKey;
const now = () => Math.floor(Date.now() / 1000);
let made = 0;

/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
/** @type {IdpClient} */
let idp;

before(async () => {
  issuer = await startIssuer();
  const { origin } = issuer;
  issuer.answers.set(DISCOVERY, json({ issuer: origin, jwks_uri: `${origin}/keys`, authorization_endpoint: `${origin}/auth` }));
  issuer.answers.set("/keys", json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" }] }));
  idp = await IdpClient.create({ issuer: origin, clientId: "app", redirectUri: REDIRECT_URI, algorithms: ["RS256"] });
});
after(() => issuer?.close());

/** The claims of a right one with changes; `undefined` takes a claim away. @param {Record<string, unknown>} [changes] */
function claims(changes) {
  const right = {
    iss: issuer.origin, sub: "usr_1", sid: "s1", aud: "app", iat: now(), exp: now() + 120, jti: `j${(made += 1)}`,
    events: { [EVENT]: {} },
  };
  return { ...right, ...changes };
}

/** @param {Record<string, unknown>} [changes] @param {object} [header] */
const token = (changes, header) => signed({ alg: "RS256", kid: "k1", typ: "logout+jwt", ...header }, claims(changes), privateKey);

/** @param {Promise<unknown>} verified @param {string} code @param {Function} [kind] */
const refused = (verified, code, kind = TokenVerificationError) =>
  assert.rejects(verified, (/** @type {any} */ error) => {
    assert.equal(error.code, code, error.message);
    assert.ok(error instanceof kind, error.name);
    return true;
  });

test("the logout token that a real provider posts is verified, and says which session ended [L5, L8]", async (t) => {
  /** @type {string[]} */
  const posted = [];
  const app = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => void (body += text));
    request.on("end", () => {
      posted.push(new URLSearchParams(body).get("logout_token") ?? "");
      response.writeHead(200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(app, "listening");
  t.after(() => void app.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (app.address());
  const provider = await startTestProvider({
    features: { backchannelLogout: { enabled: true } },
    postLogoutRedirectUris: ["http://127.0.0.1/bye"],
    clients: [{
      client_id: "told", redirect_uris: [REDIRECT_URI], backchannel_logout_uri: `http://127.0.0.1:${port}/logout`,
      backchannel_logout_session_required: true,
    }],
  });
  t.after(() => provider.close());
  const client = await IdpClient.create({ issuer: provider.issuer, clientId: "told", redirectUri: REDIRECT_URI });
  const auth = client.createAuthorizationUrl({ scopes: "openid" });
  /** @type {Map<string, string>} */
  const jar = new Map();
  const agent = await client.exchangeCode(await signInWithoutBrowser(auth.url, "ada", { jar }), auth);

  const { id_token } = agent.tokens;
  const session = await logOut(`${provider.issuer}/session/end?id_token_hint=${id_token}`, jar);
  assert.ok(session, "the provider ended its session");
  for (let turn = 0; turn < 50 && posted.length === 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(posted.length, 1);

  const store = memoryStorage();
  const told = await client.verifyLogoutToken(posted[0], { store });
  assert.equal(told.issuer, provider.issuer);
  assert.equal(told.sessionId, agent.claims.sid);
  assert.equal(told.subject, agent.id);
  assert.ok(told.expiresAt > told.issuedAt && told.jwtId.length > 0);
  await refused(client.verifyLogoutToken(posted[0], { store }), "replayed");
  await refused(client.verifyLogoutToken(String(id_token), { store }), "event_missing");
});

test("what a logout token has to say is said, and is given back [L5]", async () => {
  const store = memoryStorage();
  const one = claims();
  const found = await idp.verifyLogoutToken(signed({ alg: "RS256", kid: "k1" }, one, privateKey), { store });
  const { iss, sub, sid, iat, exp, jti } = one;
  assert.deepEqual({ ...found }, { issuer: iss, subject: sub, sessionId: sid, issuedAt: iat, expiresAt: exp, jwtId: jti });
  assert.ok(Object.isFrozen(found));
  for (const right of [
    { sub: undefined }, { sid: undefined }, { aud: ["app"] }, { exp: now() - 30 }, { events: { [EVENT]: { more: 1 }, other: [] } },
    { aud: ["app", "other"], azp: "app" }, { nbf: now() + 30 }, { iat: now() + 0.5 },
  ]) {
    const found = await idp.verifyLogoutToken(token(right), { store });
    assert.equal("subject" in found, !("sub" in right), JSON.stringify(right));
    assert.equal("sessionId" in found, !("sid" in right));
  }
});

/** @type {[string, Record<string, unknown>, string][]} */
const FAULTS = [
  ["no event", { events: {} }, "event_missing"],
  ["no events", { events: undefined }, "event_missing"],
  ["another event", { events: { "http://schemas.openid.net/event/other": {} } }, "event_missing"],
  ["events that are a list", { events: [EVENT] }, "invalid_claim"],
  ["events that are a string", { events: EVENT }, "invalid_claim"],
  ["events of null", { events: null }, "invalid_claim"],
  ["an event that is no object", { events: { [EVENT]: true } }, "invalid_claim"],
  ["an event of null", { events: { [EVENT]: null } }, "invalid_claim"],
  ["another issuer", { iss: "https://idp.example" }, "issuer_mismatch"],
  ["no issuer", { iss: undefined }, "missing_claim"],
  ["another audience", { aud: "app2" }, "audience_mismatch"],
  ["no audience", { aud: undefined }, "missing_claim"],
  ["an empty audience", { aud: [] }, "audience_mismatch"],
  ["a further audience that nobody trusts", { aud: ["app", "other"] }, "audience_mismatch"],
  ["another authorized party", { azp: "other" }, "azp_mismatch"],
  ["no jti", { jti: undefined }, "missing_claim"],
  ["an empty jti", { jti: "" }, "invalid_claim"],
  ["a jti that is a number", { jti: 7 }, "invalid_claim"],
  ["no iat", { iat: undefined }, "missing_claim"],
  ["an iat in the future", { iat: 9_999_999_999 }, "not_yet_valid"],
  ["no exp", { exp: undefined }, "missing_claim"],
  ["an exp of null", { exp: null }, "invalid_claim"],
  ["an exp that is a string", { exp: "9999999999" }, "invalid_claim"],
  ["an exp that is past", { exp: 1_700_000_000 }, "id_token_expired"],
  ["an nbf in the future", { nbf: 9_999_999_999 }, "not_yet_valid"],
  ["neither sub nor sid", { sub: undefined, sid: undefined }, "missing_claim"],
  ["a sub that is empty", { sub: "" }, "invalid_claim"],
  ["a sub of null beside a sid", { sub: null }, "invalid_claim"],
  ["a sid that is empty", { sid: "" }, "invalid_claim"],
  ["a sid that is a list", { sid: ["s1"] }, "invalid_claim"],
];
for (const [name, changes, code] of FAULTS) {
  test(`a logout token with ${name} is refused and not remembered [L5]`, async () => {
    const store = memoryStorage();
    await refused(idp.verifyLogoutToken(token(changes), { store }), code);
    assert.deepEqual(await store.list(), []);
  });
}

for (const nonce of ["n", "", null]) {
  test(`a logout token with the nonce ${JSON.stringify(nonce)} is refused [L6]`, async () => {
    await refused(idp.verifyLogoutToken(token({ nonce }), { store: memoryStorage() }), "nonce_mismatch");
  });
}

test("a logout token of another type is refused before anything is asked, and one with its media type is taken [L8]", async () => {
  const fresh = await IdpClient.create({ issuer: issuer.origin, clientId: "app", redirectUri: REDIRECT_URI });
  issuer.requests.length = 0;
  for (const typ of ["JWT", "at+jwt", "dpop+jwt", "application/at+jwt", "logout", ""]) {
    await refused(fresh.verifyLogoutToken(token({}, { typ }), { store: memoryStorage() }), "unsupported_header");
  }
  assert.deepEqual(issuer.requests, []);
  for (const typ of ["Logout+JWT", "application/logout+jwt"]) await idp.verifyLogoutToken(token({}, { typ }), { store: memoryStorage() });
});

test("a logout token whose signature is not the provider's is refused, also where ID tokens go unchecked [L5, J1, J2]", async () => {
  const careless = await IdpClient.create({
    issuer: issuer.origin, clientId: "app", redirectUri: REDIRECT_URI, verifySignature: false,
  });
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const secret = publicKey.export({ format: "pem", type: "spki" });
  const input = `${part({ alg: "HS256", kid: "k1" })}.${part(claims())}`;
  for (const client of [idp, careless]) {
    const verify = (/** @type {string} */ text) => client.verifyLogoutToken(text, { store: memoryStorage() });
    await refused(verify(signed({ alg: "RS256", kid: "k1" }, claims(), stranger)), "signature_invalid");
    await refused(verify(`${part({ alg: "none" })}.${part(claims())}.`), "alg_not_allowed");
    await refused(verify(`${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`), "alg_not_allowed");
    await refused(verify(token({}, { kid: "k2" })), "key_not_found");
    await refused(verify(token({}, { crit: ["exp"] })), "unsupported_header");
    await refused(verify("a.b"), "malformed_token", TokenParseError);
  }
});

test("a logout token is taken once: again, at the same time, and by two clients on one store [L7]", async () => {
  const store = memoryStorage();
  const again = token();
  await idp.verifyLogoutToken(again, { store });
  await refused(idp.verifyLogoutToken(again, { store }), "replayed");
  await idp.verifyLogoutToken(token(), { store });

  const other = await IdpClient.create({ issuer: issuer.origin, clientId: "app", redirectUri: REDIRECT_URI });
  const slow = withoutLock(store, 20);
  for (const shared of [store, slow]) {
    const twice = token();
    const results = await Promise.allSettled(
      [idp, other, idp, other].map((client) => client.verifyLogoutToken(twice, { store: shared })),
    );
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected", "rejected"]);
    for (const result of results) if (result.status === "rejected") assert.equal(result.reason.code, "replayed");
  }
});

test("what is remembered is bound to the issuer, holds no claim, and has an end [L7]", async () => {
  /** @type {any[][]} */
  const saved = [];
  const kept = memoryStorage();
  const store = { ...kept, save: async (/** @type {any[]} */ ...args) => void (saved.push(args), kept.save(.../** @type {[string, string]} */ (args))) };
  const one = claims({ jti: "recognisable-token-id" });
  await idp.verifyLogoutToken(signed({ alg: "RS256", kid: "k1" }, one, privateKey), { store });
  const [[key, value, options]] = saved;
  const hash = createHash("sha256").update(`${issuer.origin.length} ${issuer.origin} recognisable-token-id`).digest("base64url");
  assert.equal(key, `wasm-oidc:logout-token:${hash}`);
  assert.equal(value, String(one.exp + 60));
  assert.deepEqual(options, { expiresAt: one.exp + 60 });
});

test("memory forgets what was remembered when its time is over [L7]", async () => {
  const store = memoryStorage();
  await store.save("a", "1", { expiresAt: now() - 1 });
  await store.save("b", "2", { expiresAt: now() + 60 });
  await store.save("c", "3");
  assert.deepEqual(await store.list(), ["b", "c"]);
});

test("without a store, or with one that fails, nothing is verified [L7]", async () => {
  /** @type {any} */
  const client = idp;
  await assert.rejects(client.verifyLogoutToken(token()), { name: "ConfigurationError", code: "missing_option" });
  await assert.rejects(client.verifyLogoutToken(token(), { store: {} }), { name: "ConfigurationError", code: "invalid_option" });
  const kept = memoryStorage();
  for (const broken of ["load", "save", "lock"]) {
    const store = { ...kept, [broken]: () => Promise.reject(new Error("out of order")) };
    await assert.rejects(client.verifyLogoutToken(token(), { store }), { name: "StorageError", code: "storage_unavailable" }, broken);
  }
});

/** A store that every process shares, and that knows no locks. @param {any} store @param {number} milliseconds */
function withoutLock({ load, save, delete: forget }, milliseconds) {
  const late = (/** @type {Function} */ ask) => async (/** @type {unknown[]} */ ...args) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return ask(...args);
  };
  return { load: late(load), save: late(save), delete: late(forget) };
}

/**
 * Says yes on the provider's sign-out page, as a browser with these cookies does.
 *
 * @param {string} url
 * @param {Map<string, string>} jar
 */
async function logOut(url, jar) {
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const page = await fetch(url, { headers: { cookie: cookies() } });
  for (const line of page.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value) jar.set(name, value);
  }
  const html = await page.text();
  const action = /action="([^"]+)"/.exec(html)?.[1] ?? "";
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const answer = await fetch(new URL(action, url), {
    method: "POST", redirect: "manual", headers: { cookie: cookies() }, body: new URLSearchParams({ xsrf, logout: "yes" }),
  });
  return answer.status < 400;
}
