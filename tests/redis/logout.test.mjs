// @ts-check
// Logout tokens and the sessions that they end, where several processes share a Redis (OIDC Back-Channel Logout 2.6, 2.7).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { newId, nowSeconds, sessionIndex, sessionStore } from "../edge/coordination.mjs";
import { json, keyPair, signed, startIssuer } from "../tools/issuer.mjs";
import { startRedis, storeAt } from "./server.mjs";

const { privateKey, publicKey } = keyPair("ES256");

/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
/** @type {Awaited<ReturnType<typeof startRedis>>} */
let redis;
/** Two servers, which share nothing but Redis. @type {(ReturnType<typeof storeAt> & { idp: IdpClient })[]} */
let servers;
before(async () => {
  [issuer, redis] = await Promise.all([startIssuer(), startRedis()]);
  const { origin } = issuer;
  issuer.answers.set("/.well-known/openid-configuration", json({ issuer: origin, jwks_uri: `${origin}/keys`, authorization_endpoint: `${origin}/auth` }));
  issuer.answers.set("/keys", json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" }] }));
  const options = { issuer: origin, clientId: "app", redirectUri: "https://app.example/auth/callback", algorithms: /** @type {["ES256"]} */ (["ES256"]) };
  servers = [0, 1].map(() => ({ ...storeAt(redis.path), idp: IdpClient.createSync(options) }));
});
after(async () => {
  await Promise.all((servers ?? []).map(({ close }) => close()));
  await redis?.stop();
  await issuer?.close();
});

/** @param {object} whom */
const logoutToken = (whom) =>
  signed(
    { alg: "ES256", kid: "k1", typ: "logout+jwt" },
    {
      iss: issuer.origin, aud: "app", iat: nowSeconds(), exp: nowSeconds() + 120, jti: newId(),
      events: { "http://schemas.openid.net/event/backchannel-logout": {} }, ...whom,
    },
    privateKey,
  );

test("a logout token that two servers get at once is taken by one of them", async () => {
  const token = logoutToken({ sub: "usr_ada" });
  const asked = servers.map(({ idp, store }) => idp.verifyLogoutToken(token, { store: sessionIndex(store).seen }));
  const outcomes = await Promise.allSettled(asked);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.deepEqual(outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : [])), ["replayed"]);
});

test("a session that began at one server is ended at the other, by session and by subject, and stays so", async () => {
  const [here, there] = servers.map(({ store }) => sessionStore(store));
  const facts = (/** @type {string} */ sessionId) => ({
    id: newId(), issuer: issuer.origin, subject: "usr_ben", sessionId, issuedAt: nowSeconds() - 5, expiresAt: nowSeconds() + 600,
  });
  const [first, second, third] = ["s1", "s2", "s3"].map(facts);
  await Promise.all(
    [first, second, third].map(async (session) => {
      await here.begin(session);
      await here.save(session.id, "text", session);
    }),
  );
  const end = async (/** @type {object} */ whom) =>
    there.endBy(await servers[1].idp.verifyLogoutToken(logoutToken(whom), { store: there.index.seen }));
  const loaded = () => Promise.all([first, second, third].map(({ id }) => here.load(id)));
  assert.equal(await end({ sub: "usr_ben", sid: "s2" }), 1);
  assert.deepEqual(await loaded(), ["text", null, "text"]);
  await end({ sub: "usr_ben" });
  assert.deepEqual(await loaded(), [null, null, null]);
  await assert.rejects(here.save(first.id, "with new tokens", first), { code: "signed_out" });
  assert.deepEqual(await servers[0].client.keys("*kept-*"), []);
});
