// @ts-check
// Signing in on a server, with the real provider: the way there and back, and every way in which it goes wrong.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { Browser, NAVIGATION, ORIGIN, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

const tokenRequests = () => provider.requests.filter(({ path }) => path === "/token").length;

/** @param {Response} response */
const problem = async (response) => [response.status, (await response.json()).code];

test("somebody signs in, is known to the page without a token, and signs out", async () => {
  const handler = makeHandler(provider, { client: { postLogoutRedirectUri: `${ORIGIN}/bye` } });
  const browser = new Browser(handler);
  assert.deepEqual(await browser.who(), { agent: null });
  const done = await browser.signIn("/auth/login?returnTo=/tasks?open=1%23two");
  assert.deepEqual([done.status, done.headers.get("location")], [303, `${ORIGIN}/tasks?open=1#two`]);
  const { agent, expiresAt } = await browser.who();
  assert.deepEqual(Object.keys(agent).sort(), ["claims", "email", "emailVerified", "id", "organizations", "roles", "type"]);
  assert.deepEqual([agent.id, agent.email, agent.claims], ["usr_ada", "ada@example.com", { name: "Ada Lovelace" }]);
  assert.ok(Math.abs(expiresAt - Date.now() / 1000 - 8 * 3600) < 60);

  const session = await handler.getSession(browser.request("/anything"));
  assert.equal(session?.agent.hasAccessIn("org_engines", "read", "projects"), true);
  assert.equal((await handler.requireAgent(browser.request("/"))).email, "ada@example.com");

  const { url } = await (await browser.fetch("/auth/logout", { method: "POST" })).json();
  const logout = new URL(url);
  assert.equal(`${logout.origin}${logout.pathname}`, `${provider.issuer}/session/end`);
  assert.equal(logout.searchParams.get("post_logout_redirect_uri"), `${ORIGIN}/bye`);
  assert.ok(logout.searchParams.get("id_token_hint"));
  assert.deepEqual(browser.session, []);
  assert.equal(await handler.getSession(browser.request("/")), null);
  const again = await browser.fetch("/auth/logout", { method: "POST" });
  assert.deepEqual([again.status, await again.json()], [200, { url: `${ORIGIN}/` }], "signing out twice is signing out");
});

test("what is no route of the handler is left to the app", async () => {
  const handler = makeHandler(provider);
  for (const path of ["/", "/auth", "/auth/", "/auth/other", "/auth/loginx", "/authx/login", "/x/auth/login"]) {
    assert.equal(await handler.handle(new Request(ORIGIN + path)), null, path);
  }
});

test("a route takes its method, and no other", async () => {
  const browser = new Browser(makeHandler(provider, { store: memoryStorage() }));
  const wrong = [["login", "POST", "GET"], ["callback", "POST", "GET"], ["logout", "GET", "POST"], ["session", "POST", "GET"], ["backchannel-logout", "GET", "POST"]];
  for (const [route, method, allow] of wrong) {
    const response = await browser.fetch(`/auth/${route}`, { method });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, allow], route);
  }
});

test("the redirect URI is made of publicOrigin, whatever the request says of hosts [X20]", async () => {
  const handler = makeHandler(provider);
  const headers = {
    ...NAVIGATION, host: "evil.example", forwarded: "host=evil.example;proto=http", "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http", "x-original-url": "/other", "x-rewrite-url": "/other", "x-middleware-subrequest": "middleware",
  };
  const response = await handler.handle(new Request("http://10.0.0.7:3000/auth/login", { headers }));
  const location = new URL(response?.headers.get("location") ?? "");
  assert.equal(location.searchParams.get("redirect_uri"), `${ORIGIN}/auth/callback`);
  const middleware = new Request(`${ORIGIN}/auth/session`, { headers: { "x-middleware-subrequest": "middleware:middleware" } });
  assert.equal((await handler.handle(middleware))?.status, 403);
  await assert.rejects(handler.requireAgent(middleware), { code: "signed_out", status: 401 });
});

test("whoever is asked for after the sign-in, it is a page of the app [B1, X16]", async () => {
  const { rejected, kept } = JSON.parse(await readFile(new URL("../fixtures/return-to.json", import.meta.url), "utf8"));
  const handler = makeHandler(provider, { publicOrigin: ORIGIN });
  const location = async (/** @type {string} */ returnTo) => {
    const browser = new Browser(handler);
    const done = await browser.signIn(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    return done.headers.get("location");
  };
  for (const target of [...rejected, `/${"x".repeat(5000)}`]) assert.equal(await location(target), `${ORIGIN}/`, JSON.stringify(target));
  const [[target, expected]] = Object.entries(kept).filter(([target]) => target.startsWith("/"));
  assert.equal(await location(target), new URL(String(expected).replace(/^https:\/\/[^/]*/, ""), ORIGIN).href);
});

test("a callback that this browser did not ask for becomes no session and no request [X10, B2]", async () => {
  const handler = makeHandler(provider);
  const [attacker, victim] = [new Browser(handler), new Browser(handler)];
  const callback = new URL(await attacker.atProvider());
  await victim.go("/auth/login");
  const before = tokenRequests();
  const response = await victim.go(`${callback.pathname}${callback.search}`);
  assert.deepEqual([response.status, victim.session, tokenRequests()], [400, [], before]);
  assert.match(await response.text(), /transaction_not_found/);
});

test("a response is redeemed once: again it leads where it led, and another code is refused [B6]", async () => {
  const browser = new Browser(makeHandler(provider));
  const callback = new URL(await browser.atProvider("/auth/login?returnTo=/here"));
  const path = `${callback.pathname}${callback.search}`;
  await browser.go(path);
  const before = tokenRequests();
  const again = await browser.go(path);
  assert.deepEqual([again.status, again.headers.get("location")], [303, `${ORIGIN}/here`]);
  callback.searchParams.set("code", "another");
  assert.match(await (await browser.go(`${callback.pathname}${callback.search}`)).text(), /state_mismatch/);
  await browser.fetch("/auth/logout", { method: "POST" });
  assert.match(await (await browser.go(path)).text(), /callback_already_handled/);
  assert.equal(tokenRequests(), before);
});

test("of two requests with one response at the same time one asks for tokens [B6]", async () => {
  const browser = new Browser(makeHandler(provider));
  const callback = new URL(await browser.atProvider());
  const before = tokenRequests();
  const path = `${callback.pathname}${callback.search}`;
  const [one, other] = await Promise.all([browser.go(path), browser.go(path)]);
  assert.deepEqual([one.status, other.status].sort(), [303, 400]);
  assert.equal(tokenRequests(), before + 1);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("of two processes with one store one asks for tokens [B6]", async () => {
  const store = memoryStorage();
  const [one, other] = [1, 2].map(() => makeHandler(provider, { store }));
  const browser = new Browser(one);
  const callback = new URL(await browser.atProvider());
  const before = tokenRequests();
  const request = () => browser.request(`${callback.pathname}${callback.search}`, { headers: NAVIGATION });
  const answers = await Promise.all([one.handle(request()), other.handle(request())]);
  assert.deepEqual(answers.map((answer) => answer?.status).sort(), [303, 400]);
  assert.equal(tokenRequests(), before + 1);
});

test("after a failed exchange the response is used up [B6]", async () => {
  const browser = new Browser(makeHandler(provider));
  const callback = new URL(await browser.atProvider());
  callback.searchParams.set("code", "made-up");
  const path = `${callback.pathname}${callback.search}`;
  const before = tokenRequests();
  const failed = await browser.go(path);
  assert.equal(failed.status, 400);
  assert.match(await failed.text(), /invalid_grant/);
  assert.match(await (await browser.go(path)).text(), /callback_already_handled/);
  assert.equal(tokenRequests(), before + 1);
  assert.deepEqual(browser.session, []);
});

test("no two sign-ins have a verifier, a state or a nonce in common [B5]", async () => {
  const browser = new Browser(makeHandler(provider));
  const urls = await Promise.all([1, 2].map(async () => new URL((await browser.go("/auth/login")).headers.get("location") ?? "")));
  for (const name of ["state", "nonce", "code_challenge"]) {
    const values = urls.map((url) => url.searchParams.get(name));
    assert.equal(new Set(values).size, 2, name);
    assert.ok(values.every(Boolean), name);
  }
});

test("two tabs sign in at once, each by its own transaction, and the later one is the session", async () => {
  const browser = new Browser(makeHandler(provider));
  const ada = new URL(await browser.atProvider("/auth/login?returnTo=/a", "ada"));
  const ben = new URL(await browser.atProvider("/auth/login?returnTo=/b", "ben"));
  assert.equal((await browser.go(`${ben.pathname}${ben.search}`)).headers.get("location"), `${ORIGIN}/b`);
  assert.equal((await browser.who()).agent.id, "usr_ben");
  assert.equal((await browser.go(`${ada.pathname}${ada.search}`)).headers.get("location"), `${ORIGIN}/a`);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("a response of another issuer is refused before anything is asked [B8]", async () => {
  const browser = new Browser(makeHandler(provider));
  const callback = new URL(await browser.atProvider());
  callback.searchParams.set("iss", "https://evil.example");
  const before = tokenRequests();
  const response = await browser.go(`${callback.pathname}${callback.search}`);
  assert.match(await response.text(), /iss_mismatch/);
  assert.equal(tokenRequests(), before);
});

test("a refusal of the provider's is told by its code, and uses the sign-in up", async () => {
  const browser = new Browser(makeHandler(provider));
  const login = await browser.go("/auth/login");
  const state = new URL(login.headers.get("location") ?? "").searchParams.get("state");
  const path = `/auth/callback?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state=${state}&iss=${encodeURIComponent(provider.issuer)}`;
  const response = await browser.go(path);
  const page = await response.text();
  assert.equal(response.status, 403);
  assert.match(page, /access_denied/);
  assert.ok(!page.includes("script"), page);
  assert.match(await (await browser.go(path)).text(), /callback_already_handled/);
});

test("whatever comes to the callback is answered [X18]", async () => {
  const browser = new Browser(makeHandler(provider));
  const login = await browser.go("/auth/login");
  const state = new URL(login.headers.get("location") ?? "").searchParams.get("state");
  const before = tokenRequests();
  const odd = [
    "", "?", "?state", "?state=", "?code=x", "?state=%", "?state=%ff%fe", "?state=__proto__&code=x", `?state=${state}&state=${state}&code=a`,
    `?state=${state}`, "?code[]=1&state[]=2", `?${"a=b&".repeat(20000)}`, `?state=${"x".repeat(100_000)}&code=1`, "?state=\u0000&code=\u0000",
    "?returnTo=javascript:alert(1)&state=x", "?callbackUrl=%&state=x", `?access_token=x&state=x`,
  ];
  for (const query of odd) {
    const response = await browser.go(`/auth/callback${query}`);
    assert.equal(response.status, 400, query.slice(0, 60));
    assert.match(response.headers.get("content-type") ?? "", /text\/html/);
  }
  const asked = await browser.fetch("/auth/callback?code=1&state=2");
  assert.deepEqual(await problem(asked), [400, "transaction_not_found"]);
  assert.equal(tokenRequests(), before);
});

test("a sign-in begins by a navigation only: no image, no frame, nothing fetched ahead [X10]", async () => {
  const browser = new Browser(makeHandler(provider));
  const others = [
    { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site" },
    { "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" },
    { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" },
    { ...NAVIGATION, "sec-purpose": "prefetch" }, { ...NAVIGATION, "sec-purpose": "prefetch;prerender" }, { ...NAVIGATION, purpose: "prefetch" },
  ];
  for (const headers of others) {
    const response = await browser.send("/auth/login", { headers: /** @type {any} */ (headers) });
    assert.equal(response.status, 403, JSON.stringify(headers));
  }
  assert.equal(browser.jar.size, 0);
  assert.equal((await browser.send("/auth/login", { headers: { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" } })).status, 303);
});

test("every sign-in and every step-up has a session id of its own, and the one before is over", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store });
  const browser = new Browser(handler);
  await browser.signIn();
  const first = browser.cookiesFor("/");
  const ids = async () => (await store.list("wasm-oidc:kept-")).sort();
  const [before] = await ids();
  const stepUp = await handler.signIn(browser.request("/danger"), { prompt: "login", maxAge: 0, sameSubject: true, returnTo: "/danger" });
  browser.keep(stepUp.headers.getSetCookie());
  const { signInWithoutBrowser } = await import("../op/provider.mjs");
  const callback = new URL(await signInWithoutBrowser(stepUp.headers.get("location") ?? "", "ada"));
  assert.equal((await browser.go(`${callback.pathname}${callback.search}`)).headers.get("location"), `${ORIGIN}/danger`);
  const now = await ids();
  assert.equal(now.length, 1);
  assert.notEqual(now[0], before);
  assert.equal(await handler.getSession(browser.request("/", { headers: { cookie: first } })), null, "the old cookie");
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("the session before ends also where its cookie did not come along to the callback", async () => {
  const store = memoryStorage();
  const handler = makeHandler(provider, { store, sameSite: "strict" });
  const browser = new Browser(handler);
  await browser.signIn();
  const callback = new URL(await browser.atProvider());
  const kept = browser.session;
  for (const [name] of kept) browser.jar.delete(name);
  await browser.go(`${callback.pathname}${callback.search}`);
  assert.equal((await store.list("wasm-oidc:kept-")).length, 1);
});

test("a step-up by somebody else changes nothing", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn("/auth/login", "ada");
  const stepUp = await handler.signIn(browser.request("/"), { sameSubject: true });
  browser.keep(stepUp.headers.getSetCookie());
  const { signInWithoutBrowser } = await import("../op/provider.mjs");
  const callback = new URL(await signInWithoutBrowser(stepUp.headers.get("location") ?? "", "ben"));
  const response = await browser.go(`${callback.pathname}${callback.search}`);
  assert.match(await response.text(), /identity_mismatch|subject_mismatch/);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("with SameSite=Strict the callback answers with a page that goes on by itself, and runs nothing", async () => {
  const browser = new Browser(makeHandler(provider, { sameSite: "strict" }));
  const response = await browser.signIn(`/auth/login?returnTo=${encodeURIComponent("/a?b=\"'><script>&c")}`);
  const page = await response.text();
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-security-policy") ?? "", /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
  assert.match(page, /<meta http-equiv="refresh" content="0;url=https:\/\/app\.example\/a\?b=%22%27%3E%3Cscript%3E&#38;c">/);
  assert.ok(!/<script/i.test(page));
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("the path that the app names for errors is told the code, and a function may answer itself", async () => {
  const seen = async (/** @type {any} */ onError, /** @type {any} */ headers = NAVIGATION) => {
    const browser = new Browser(makeHandler(provider, { onError }));
    return browser.send("/auth/callback?state=x&code=y", { headers });
  };
  const told = await seen("/sorry?a=b");
  assert.deepEqual([told.status, told.headers.get("location")], [303, `${ORIGIN}/sorry?a=b&error=transaction_not_found`]);
  const own = await seen((/** @type {any} */ error) => new Response(`mine ${error.code}`, { status: 418 }));
  assert.deepEqual([own.status, await own.text(), own.headers.get("cache-control")], [418, "mine transaction_not_found", "private, no-store"]);
  assert.equal((await seen(() => "https://evil.example/")).headers.get("location"), `${ORIGIN}/?error=transaction_not_found`);
  assert.equal((await seen(() => undefined)).status, 400);
  assert.equal((await seen(() => assert.fail("the app's own mistake"))).status, 400);
  assert.deepEqual(await problem(await seen("/sorry", { accept: "application/json" })), [400, "transaction_not_found"]);
});

test("a provider that is down is 503 for people and programs, and the app runs", async (t) => {
  const gone = await startProvider();
  await gone.close();
  const handler = makeHandler(gone, { client: { timeoutSeconds: 2 } });
  const browser = new Browser(handler);
  assert.equal((await browser.go("/auth/login")).status, 503);
  assert.deepEqual(await browser.who(), { agent: null });
  t.diagnostic("nobody is signed in there");
});
