// @ts-check
// Signing out on a server: here, and when the provider says so.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { memoryStorage } from "wasm-oidc";
import { sessionIndex } from "wasm-oidc/edge";

import { signInWithoutBrowser } from "../op/provider.mjs";
import { json, keyPair, signed, startIssuer } from "../tools/issuer.mjs";
import { Browser, CLIENT, ORIGIN, OWN, makeHandler, startProvider } from "./setting.mjs";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

const revocations = () => provider.requests.filter(({ path }) => path === "/token/revocation").length;

/** @param {string | undefined} token @param {Record<string, string>} [headers] */
const posted = (token, headers = {}) =>
  new Request(`${ORIGIN}/auth/backchannel-logout`, { method: "POST", body: new URLSearchParams(token === undefined ? {} : { logout_token: token }), headers });

test("signing out deletes the session before anybody is asked anything, and revokes its tokens", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store });
  const browser = new Browser(handler);
  await browser.signIn();
  const stolen = browser.request("/");
  const before = revocations();
  /** @type {Promise<unknown>[]} */
  const later = [];
  const request = browser.request("/auth/logout", { method: "POST", headers: OWN });
  const response = await handler.handle(request, { waitUntil: (/** @type {Promise<unknown>} */ work) => void later.push(work) });
  assert.equal(response?.status, 200);
  assert.equal(await handler.getSession(stolen), null, "a copy of the cookie is nobody's");
  await Promise.all(later);
  assert.equal(revocations(), before + 2);
  assert.deepEqual(await store.list("wasm-oidc:kept-"), []);
});

test("signing out works while the provider is down", async () => {
  const gone = await startProvider();
  const store = memoryStorage();
  const signedIn = new Browser(makeHandler(gone, { store }));
  await signedIn.signIn();
  await gone.close();
  const browser = new Browser(makeHandler(gone, { store, client: { timeoutSeconds: 2 } }));
  browser.jar = signedIn.jar;
  const response = await browser.fetch("/auth/logout", { method: "POST" });
  assert.deepEqual([response.status, await response.json(), browser.session], [200, { url: `${ORIGIN}/` }, []]);
});

test("back-channel logout needs a store: without one it is 501 [L9]", async () => {
  const response = await makeHandler(provider).handle(posted("x"));
  assert.deepEqual([response?.status, response?.headers.get("cache-control")], [501, "private, no-store"]);
});

test("the real provider's logout token ends the session that it names [L9]", async (t) => {
  /** @type {any} */
  let handler;
  /** @type {number[]} */
  const answered = [];
  const app = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    const given = new Request(ORIGIN + request.url, { method: "POST", body, headers: { "content-type": String(request.headers["content-type"]) } });
    const answer = await handler.handle(given);
    answered.push(answer.status);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(app, "listening");
  t.after(() => app.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (app.address());
  const telling = await startProvider(
    { features: { backchannelLogout: { enabled: true } } },
    { backchannel_logout_uri: `http://127.0.0.1:${port}/auth/backchannel-logout`, backchannel_logout_session_required: true },
  );
  t.after(() => telling.close());
  const store = memoryStorage();
  handler = makeHandler(telling, { store });

  // One browser, which signs in and out at the provider too; and another, which stays.
  const [browser, other] = [new Browser(handler), new Browser(handler)];
  const jar = new Map();
  const login = await browser.go("/auth/login");
  const callback = new URL(await signInWithoutBrowser(login.headers.get("location") ?? "", "ada", { jar }));
  await browser.go(`${callback.pathname}${callback.search}`);
  await other.signIn();
  const { url } = await (await new Browser(handler).fetch("/auth/logout", { method: "POST" })).json();
  assert.equal(url, `${ORIGIN}/`);

  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const idToken = (await handler.getSession(browser.request("/")))?.agent.tokens.id_token;
  const asked = await fetch(`${telling.issuer}/session/end?id_token_hint=${idToken}`, { headers: { cookie: cookie() } });
  for (const line of asked.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    jar.set(name, value);
  }
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(await asked.text())?.[1] ?? "";
  await fetch(`${telling.issuer}/session/end/confirm`, { method: "POST", redirect: "manual", headers: { cookie: cookie() }, body: new URLSearchParams({ xsrf, logout: "yes" }) });
  for (let waited = 0; answered.length === 0 && waited < 100; waited += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(answered, [200]);
  assert.equal(await handler.getSession(browser.request("/")), null);
  assert.equal((await other.who()).agent.id, "usr_ada", "another session of the same person");
});

/**
 * An issuer whose logout tokens are made here, and sessions that were begun with its `sub` and `sid`.
 *
 * @param {object} [where] sessions are kept; default: in a store with locks
 */
async function ourIssuer(where = { store: memoryStorage() }) {
  const issuer = await startIssuer();
  const { privateKey, publicKey } = keyPair("RS256");
  const { origin } = issuer;
  const now = () => Math.floor(Date.now() / 1000);
  const sign = (/** @type {object} */ claims, /** @type {object} */ header = {}) =>
    signed({ alg: "RS256", kid: "k1", ...header }, { iss: origin, aud: CLIENT.clientId, iat: now(), exp: now() + 120, ...claims }, privateKey);
  /** @type {{ sub: string, sid?: string, nonce?: string }} */
  const person = { sub: "usr_1" };
  issuer.answers.set("/.well-known/openid-configuration", json({
    issuer: origin, jwks_uri: `${origin}/keys`, authorization_endpoint: `${origin}/auth`, token_endpoint: `${origin}/token`,
  }));
  issuer.answers.set("/keys", json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" }] }));
  issuer.answers.set("/token", (response) =>
    json({ access_token: `at_${Math.random()}`, token_type: "Bearer", expires_in: 600, id_token: sign(person) })(response));
  const handler = makeHandler({ issuer: origin }, { ...where, client: { scopes: "openid", algorithms: ["RS256"] } });
  const signIn = async (/** @type {string} */ sub, /** @type {string} */ sid) => {
    const browser = new Browser(handler);
    const asked = new URL((await browser.go("/auth/login")).headers.get("location") ?? "").searchParams;
    Object.assign(person, { sub, sid, nonce: asked.get("nonce") });
    const done = await browser.go(`/auth/callback?code=c&state=${encodeURIComponent(asked.get("state") ?? "")}`);
    assert.equal(done.status, 303, await done.text());
    return browser;
  };
  let made = 0;
  const logoutToken = (/** @type {object} */ claims, /** @type {object} */ header = {}) =>
    sign({ jti: `j${(made += 1)}`, events: { [EVENT]: {} }, ...claims }, { typ: "logout+jwt", ...header });
  const who = (/** @type {Browser[]} */ browsers) => Promise.all(browsers.map(async (browser) => ((await browser.who()).agent === null ? "out" : "in")));
  return { issuer, handler, signIn, logoutToken, who, sign };
}

test("a logout token ends the session of its sid, or all of its sub, and nobody else's [L9]", async (t) => {
  const { issuer, handler, signIn, logoutToken, who } = await ourIssuer();
  t.after(() => issuer.close());
  const browsers = [await signIn("usr_1", "s1"), await signIn("usr_1", "s2"), await signIn("usr_1", "s3"), await signIn("usr_2", "s4")];
  const told = async (/** @type {object} */ claims) => (await handler.handle(posted(logoutToken(claims))))?.status;
  assert.equal(await told({ sid: "s1" }), 200);
  assert.deepEqual(await who(browsers), ["out", "in", "in", "in"]);
  assert.equal(await told({ sub: "usr_1", sid: "s2" }), 200);
  assert.deepEqual(await who(browsers), ["out", "out", "in", "in"], "both name one session");
  assert.equal(await told({ sub: "usr_1" }), 200);
  assert.deepEqual(await who(browsers), ["out", "out", "out", "in"]);
  assert.equal(await told({ sid: "unknown" }), 200, "nothing to end is no fault");
  assert.equal(await told({ sub: "usr_3" }), 200);
  assert.deepEqual(await who(browsers), ["out", "out", "out", "in"]);
});

for (const [name, where] of /** @type {[string, () => object][]} */ ([
  ["in cookies, which an index is asked about", () => ({ index: sessionIndex(memoryStorage()) })],
  ["in a store that lags, beside a strong index", () => ({ store: forgetful(), index: sessionIndex(memoryStorage()) })],
])) {
  test(`sessions are over at once when the provider or the person says so: ${name} [L9]`, async (t) => {
    const { issuer, handler, signIn, logoutToken, who } = await ourIssuer(where());
    t.after(() => issuer.close());
    const browsers = [await signIn("usr_1", "s1"), await signIn("usr_2", "s2"), await signIn("usr_3", "s3")];
    assert.equal((await handler.handle(posted(logoutToken({ sid: "s1" }))))?.status, 200);
    assert.deepEqual(await who(browsers), ["out", "in", "in"]);
    const copy = browsers[1].request("/");
    await browsers[1].fetch("/auth/logout", { method: "POST" });
    assert.equal(await handler.getSession(copy), null, "a copy of the cookie is nobody's");
    assert.deepEqual(await who(browsers), ["out", "out", "in"]);
  });
}

test("a store that lags and has no index knows nothing of logout tokens: 501 [L9]", async (t) => {
  const { issuer, handler, signIn, logoutToken, who } = await ourIssuer({ store: forgetful() });
  t.after(() => issuer.close());
  const browser = await signIn("usr_1", "s1");
  assert.equal((await handler.handle(posted(logoutToken({ sid: "s1" }))))?.status, 501);
  assert.deepEqual(await who([browser]), ["in"]);
});

/** A store without locks that goes on showing what was deleted. */
function forgetful() {
  const { load, save } = memoryStorage();
  return { load, save, delete: () => {} };
}

test("whatever is wrong with a logout token is 400, not to be kept, and ends nothing [L9]", async (t) => {
  const { issuer, handler, signIn, logoutToken, who } = await ourIssuer();
  t.after(() => issuer.close());
  const browsers = [await signIn("usr_1", "s1")];
  const good = logoutToken({ sid: "s1" });
  const url = `${ORIGIN}/auth/backchannel-logout`;
  const faults = [
    posted(undefined), posted(""), posted("x"), posted(good.slice(0, -4)), posted(logoutToken({ sid: "s1", nonce: "n" })),
    posted(logoutToken({ sid: "s1", events: {} })), posted(logoutToken({ sid: "s1", aud: "another" })), posted(logoutToken({ sid: "s1", exp: 1 })), posted(logoutToken({})),
    posted(logoutToken({ sid: "s1" }, { typ: "JWT-other" })),
    new Request(url, { method: "POST", body: JSON.stringify({ logout_token: good }), headers: { "content-type": "application/json" } }),
    new Request(url, { method: "POST", body: `logout_token=${good}`, headers: { "content-type": "text/plain" } }),
    new Request(url, { method: "POST", body: `logout_token=${good}&logout_token=${good}`, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    new Request(url, { method: "POST", body: `a=${"x".repeat(70_000)}&logout_token=${good}`, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    new Request(`${url}?logout_token=${good}`, { method: "POST" }),
  ];
  for (const [index, request] of faults.entries()) {
    const response = await handler.handle(request);
    assert.deepEqual([response?.status, response?.headers.get("cache-control")], [400, "private, no-store"], `${index}`);
  }
  assert.equal((await handler.handle(new Request(`${url}?logout_token=${good}`)))?.status, 405);
  assert.deepEqual(await who(browsers), ["in"]);
});

test("a logout token is taken once [L7, L9]", async (t) => {
  const { issuer, handler, signIn, logoutToken, who } = await ourIssuer();
  t.after(() => issuer.close());
  // Of before: who signs in after a logout has an ID token that is newer.
  const token = logoutToken({ sub: "usr_1", iat: Math.floor(Date.now() / 1000) - 30 });
  await signIn("usr_1", "s1");
  const [one, other] = await Promise.all([handler.handle(posted(token)), handler.handle(posted(token))]);
  assert.deepEqual([one?.status, other?.status].sort(), [200, 400]);
  const later = await signIn("usr_1", "s2");
  assert.equal((await handler.handle(posted(token)))?.status, 400);
  assert.deepEqual(await who([later]), ["in"]);
});
