// @ts-check
// A session's tokens, renewed: once for however many requests, and where two requests could use one refresh token, not at all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { Browser, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider({ ttl: { AccessToken: 60, RefreshToken: 30 * 24 * 3600, Session: 30 * 24 * 3600, Grant: 30 * 24 * 3600 } });
});
after(() => provider?.close());

const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
const revocations = () => provider.requests.filter(({ path }) => path === "/token/revocation").length;

/** Somebody whose access token is due. @param {import("node:test").TestContext} t @param {any} options */
async function due(t, options) {
  const handler = makeHandler(provider, { rotatesRefreshTokens: true, ...options });
  const browser = new Browser(handler);
  const done = await browser.signIn();
  assert.equal(done.status, 303, await done.text());
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 45_000 });
  return { handler, browser, token: async () => (await handler.getSession(browser.request("/")))?.agent.tokens.access_token };
}

test("a refresh token in a cookie alone is refused, with the ways out, and revoked", async () => {
  for (const store of [undefined, { load: () => null, save: () => {}, delete: () => {} }]) {
    /** @type {any[]} */
    const events = [];
    const handler = makeHandler(provider, { rotatesRefreshTokens: true, store, logger: (/** @type {any} */ event) => void events.push(event) });
    const browser = new Browser(handler);
    const before = revocations();
    const response = await browser.signIn();
    assert.deepEqual([response.status, browser.session], [500, []]);
    assert.match(await response.text(), /refresh_needs_coordinator/);
    assert.match(events.at(-1).error.message, /store.*lock.*coordinator.*rotatesRefreshTokens/);
    assert.equal(revocations(), before + 2);
  }
});

test("a provider that says nothing of rotation and rotates all the same is the same error, and the session goes on", async (t) => {
  /** @type {any[]} */
  const events = [];
  const { handler, browser } = await due(t, { rotatesRefreshTokens: false, logger: (/** @type {any} */ event) => void events.push(event) });
  assert.equal((await browser.who()).agent.id, "usr_ada");
  assert.deepEqual(events.filter(({ type }) => type === "refreshfailed").map(({ error }) => error.code), ["refresh_needs_coordinator"]);
  await assert.rejects(async () => (await handler.getSession(browser.request("/")))?.agent.getAccessToken({ forceRefresh: true }), { code: "refresh_needs_coordinator" });
});

test("tokens that are due are renewed once for twenty requests at the same time, over two processes with one store", async (t) => {
  const store = memoryStorage();
  const { handler, browser } = await due(t, { store });
  const other = makeHandler(provider, { rotatesRefreshTokens: true, store });
  const before = refreshes();
  const sessions = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? handler : other).getSession(browser.request("/"))));
  assert.equal(refreshes(), before + 1);
  assert.equal(new Set(sessions.map((session) => session?.agent.tokens.access_token)).size, 1);
  assert.ok(sessions.every((session) => !session?.agent.isExpired()));
});

test("a coordinator is asked for a session in a cookie, and the cookie gets the new tokens", async (t) => {
  /** @type {any[]} */
  const asked = [];
  /** @type {any} */
  let renewed;
  const coordinator = {
    async renew(/** @type {any} */ session, /** @type {any} */ refresh) {
      asked.push(session);
      return (renewed ??= await refresh(session.tokens));
    },
  };
  const { handler, browser } = await due(t, { coordinator });
  const before = refreshes();
  const late = browser.request("/");
  const session = await handler.getSession(browser.request("/"));
  assert.ok(session);
  assert.equal(session.agent.tokens.access_token, renewed.access_token);
  assert.equal(session.headers.getSetCookie().length, 1);
  assert.equal((await handler.getSession(late))?.agent.tokens.access_token, renewed.access_token, "one that comes late with the old cookie");
  assert.equal(refreshes(), before + 1);
  browser.keep(session.headers.getSetCookie());
  assert.equal((await handler.getSession(browser.request("/")))?.agent.tokens.access_token, renewed.access_token);
  assert.equal(asked.length, 2, "whoever has the new cookie asks nobody");
  assert.ok(asked[0].id.length >= 22);
  assert.equal(asked[0].id, asked[1].id);
});

test("the agent renews by the session: what the app asks for is stored before it is used", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { rotatesRefreshTokens: true, store });
  const browser = new Browser(handler);
  await browser.signIn();
  const session = await handler.getSession(browser.request("/"));
  assert.ok(session);
  const [old, next] = [session.agent.tokens.access_token, await session.agent.getAccessToken({ forceRefresh: true })];
  assert.notEqual(next, old);
  assert.equal((await handler.getSession(browser.request("/")))?.agent.tokens.access_token, next);
  const refreshed = await (await handler.getSession(browser.request("/")))?.agent.refresh();
  assert.equal((await handler.getSession(browser.request("/")))?.agent.tokens.access_token, refreshed?.tokens.access_token);
});

test("in a cookie the headers of the session follow what its agent renews", async () => {
  const coordinator = { renew: (/** @type {any} */ { tokens }, /** @type {any} */ refresh) => refresh(tokens) };
  const handler = makeHandler(provider, { rotatesRefreshTokens: true, coordinator });
  const browser = new Browser(handler);
  await browser.signIn();
  const session = await handler.getSession(browser.request("/"));
  assert.deepEqual(session?.headers.getSetCookie(), []);
  const next = await session?.agent.getAccessToken({ forceRefresh: true });
  browser.keep(session?.applyTo(new Response()).headers.getSetCookie() ?? []);
  assert.equal((await handler.getSession(browser.request("/")))?.agent.tokens.access_token, next);
});

test("a provider that ends the session ends it here, and one that is down does not", async (t) => {
  const store = memoryStorage();
  /** @type {"up" | "down" | "revoked"} */
  let state = "up";
  /** @type {typeof fetch} */
  const send = async (input, init) => {
    if (state === "down" && String(input instanceof Request ? input.url : input).endsWith("/token")) return new Response("{}", { status: 503 });
    return fetch(input, init);
  };
  const { handler, browser } = await due(t, { store, fetch: send });
  state = "down";
  assert.equal((await browser.who()).agent.id, "usr_ada");
  const still = (await handler.getSession(browser.request("/")))?.agent;
  assert.equal(await still?.getAccessToken(), still?.tokens.access_token, "a token that is still good is good");
  await assert.rejects(async () => still?.getAccessToken({ forceRefresh: true }), { recovery: "retry" });
  t.mock.timers.tick(120_000);
  assert.equal((await browser.who()).agent.id, "usr_ada", "who it is, is known though the access token is over");
  await assert.rejects(async () => (await handler.getSession(browser.request("/")))?.agent.getAccessToken(), { recovery: "retry" });
  state = "up";
  const [name] = await store.list("wasm-oidc:kept-");
  assert.ok(name);
  t.mock.timers.tick(3_600_000);
  const tokens = (await handler.getSession(browser.request("/")))?.agent.tokens;
  assert.ok(tokens?.refresh_token);
  const form = new URLSearchParams({ token: tokens.refresh_token, client_id: "test-server", client_secret: "a secret of the server, long enough" });
  const revoked = await fetch(`${provider.issuer}/token/revocation`, { method: "POST", body: form });
  assert.ok([200, 401].includes(revoked.status));
  if (revoked.status === 401) {
    const authorization = `Basic ${btoa(`test-server:${encodeURIComponent("a secret of the server, long enough").replaceAll("%20", "+")}`)}`;
    assert.equal((await fetch(`${provider.issuer}/token/revocation`, { method: "POST", headers: { authorization }, body: new URLSearchParams({ token: tokens.refresh_token }) })).status, 200);
  }
  t.mock.timers.tick(3_600_000);
  const response = await browser.fetch("/auth/session");
  assert.deepEqual(await response.json(), { agent: null });
  assert.match(response.headers.getSetCookie()[0], /Max-Age=0/);
  assert.deepEqual(await store.list("wasm-oidc:kept-"), []);
});

test("a session that nobody uses ends, one that is used goes on, and none for ever", async (t) => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store, idleSeconds: 600, maxSeconds: 3600 });
  const browser = new Browser(handler);
  await browser.signIn();
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const stolen = browser.request("/");
  for (let minute = 0; minute < 55; minute += 5) {
    assert.equal((await browser.who()).agent?.id, "usr_ada", `${minute}`);
    t.mock.timers.tick(300_000);
  }
  assert.equal(await handler.getSession(stolen), null, "the cookie of the beginning is over");
  t.mock.timers.tick(600_000);
  assert.deepEqual(await browser.who(), { agent: null }, "an hour");

  await browser.signIn();
  t.mock.timers.tick(601_000);
  assert.deepEqual(await browser.who(), { agent: null }, "idle");
});

test("a cookie is written anew when a part of its life is over, and not at every request", async (t) => {
  const handler = makeHandler(provider, { idleSeconds: 6000, client: { scopes: "openid" } });
  const browser = new Browser(handler);
  await browser.signIn();
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const written = async () => (await handler.getSession(browser.request("/")))?.headers.getSetCookie().length;
  assert.equal(await written(), 0);
  t.mock.timers.tick(200_000);
  assert.equal(await written(), 0);
  t.mock.timers.tick(101_000);
  assert.equal(await written(), 1);
});

test("a store has a hash for a name and nothing that can be read, and a store that fails is 503", async () => {
  const store = memoryStorage();
  const browser = new Browser(makeHandler(provider, { store }));
  await browser.signIn();
  const session = await makeHandler(provider, { store }).getSession(browser.request("/"));
  const tokens = session?.agent.tokens;
  const kept = await Promise.all((await store.list("")).map(async (key) => `${key} ${await store.load(key)}`));
  assert.ok(kept.length >= 2);
  for (const secret of [tokens?.access_token, tokens?.refresh_token, tokens?.id_token, "usr_ada", "ada@example.com"]) {
    assert.ok(secret);
    for (const text of kept) assert.ok(!text.includes(secret), secret);
  }
  for (const load of [() => { throw new Error("down"); }, async () => Promise.reject("down")]) {
    const broken = makeHandler(provider, { store: { ...store, load } });
    const response = await new Browser(broken).send("/auth/session", { headers: { cookie: browser.cookiesFor("/"), "x-wasm-oidc": "1" } });
    assert.deepEqual([response.status, (await response.json()).code, response.headers.getSetCookie()], [503, "storage_unavailable", []]);
    await assert.rejects(broken.requireAgent(browser.request("/")), { status: 503 });
  }
});
