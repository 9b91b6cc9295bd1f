// @ts-check
// Which requests are answered at all: those of the app's own pages, written as they are meant.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, NAVIGATION, ORIGIN, OWN, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

test("a request that changes something needs the header, and to come from the app's own origin [W10]", async () => {
  const browser = new Browser(makeHandler(provider));
  await browser.signIn();
  const refused = [
    {}, { "sec-fetch-site": "same-origin" }, { origin: ORIGIN }, { "x-wasm-oidc": "1" }, { "x-wasm-oidc": "", "sec-fetch-site": "same-origin" },
    { "x-wasm-oidc": "0", "sec-fetch-site": "same-origin" }, { "x-requested-with": "XMLHttpRequest", "sec-fetch-site": "same-origin" },
    ...["cross-site", "same-site", "none"].map((site) => ({ "x-wasm-oidc": "1", "sec-fetch-site": site })),
    { "x-wasm-oidc": "1", "sec-fetch-site": "cross-site", origin: ORIGIN },
    ...["https://evil.example", "http://app.example", "https://app.example:444", "https://sub.app.example", "null", `${ORIGIN}/`].map((origin) => ({ "x-wasm-oidc": "1", origin })),
    NAVIGATION,
  ];
  for (const headers of refused) {
    const response = await browser.send("/auth/logout", { method: "POST", headers: /** @type {any} */ (headers) });
    assert.deepEqual([response.status, response.headers.getSetCookie()], [403, []], JSON.stringify(headers));
  }
  assert.equal((await browser.who()).agent.id, "usr_ada", "nobody was signed out");
  const allowed = await browser.send("/auth/logout", { method: "POST", headers: { "x-wasm-oidc": "1", origin: ORIGIN } });
  assert.equal(allowed.status, 200, "a browser without Sec-Fetch-Site");
});

test("the app's own routes know by requireAgent who asks, and refuse what another site would change [W10]", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn();
  const ask = (/** @type {string} */ method, /** @type {Record<string, string>} */ headers) => handler.requireAgent(browser.request("/own", { method, headers }));
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    for (const headers of [{}, { "sec-fetch-site": "same-site" }, { "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }, { "x-wasm-oidc": "1" }]) {
      await assert.rejects(ask(method, /** @type {any} */ (headers)), (/** @type {any} */ error) => {
        assert.deepEqual([error.name, error.status, error.code, error.toResponse().status], ["RequestAuthError", 403, "cross_site_request", 403]);
        return true;
      });
    }
    assert.equal((await ask(method, { "sec-fetch-site": "same-origin" })).id, "usr_ada");
    assert.equal((await ask(method, { origin: ORIGIN })).id, "usr_ada");
  }
  assert.equal((await ask("GET", {})).id, "usr_ada");
  await assert.rejects(handler.requireAgent(new Request(ORIGIN)), { name: "RequestAuthError", status: 401, code: "signed_out" });
});

test("who is signed in is told to the app's own pages alone [W10]", async () => {
  const browser = new Browser(makeHandler(provider));
  await browser.signIn();
  for (const site of ["cross-site", "same-site"]) {
    assert.equal((await browser.fetch("/auth/session", { headers: { "sec-fetch-site": site } })).status, 403, site);
  }
  assert.equal((await browser.send("/auth/session", {})).status, 403);
  assert.equal((await browser.send("/auth/session", { headers: { "x-wasm-oidc": "1" } })).status, 200);
  assert.equal((await browser.send("/auth/session", { headers: NAVIGATION })).status, 200, "typed into the address bar");
});

test("what reads or writes a cookie of ours is kept by no cache [X19]", async () => {
  const handler = makeHandler(provider, { api: { "/api/": "http://127.0.0.1:9/" } });
  const browser = new Browser(handler);
  const callback = new URL(await browser.atProvider());
  const answers = [
    await browser.go("/auth/login"), await browser.go(`${callback.pathname}${callback.search}`), await browser.fetch("/auth/session"),
    await browser.go("/auth/callback?code=x&state=y"), await browser.fetch("/api/x"), await browser.fetch("/api/@x"),
    await browser.fetch("/auth/logout", { method: "POST" }), await browser.fetch("/auth/session"), await browser.fetch("/api/x"),
    await browser.fetch("/auth/session", { method: "PUT" }),
  ];
  for (const { status, headers } of answers) {
    assert.deepEqual([headers.get("cache-control"), headers.get("vary")], ["private, no-store", "Cookie"], `${status}`);
  }
});

test("the app's answer gets what a session's answer needs, and keeps what it had [X19]", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn();
  const session = await handler.getSession(browser.request("/"));
  assert.ok(session);
  const given = new Response("hello", { status: 201, headers: { "cache-control": "public, max-age=600", vary: "Accept", "set-cookie": "theme=dark" } });
  const answer = session.applyTo(given);
  assert.deepEqual([answer.status, await answer.text()], [201, "hello"]);
  assert.deepEqual([answer.headers.get("cache-control"), answer.headers.get("vary")], ["private, no-store", "Accept, Cookie"]);
  assert.deepEqual(answer.headers.getSetCookie(), ["theme=dark"]);
  assert.equal(session.applyTo(session.applyTo(new Response())).headers.get("vary"), "Cookie");
  assert.deepEqual([session.headers.get("cache-control"), session.headers.get("vary")], ["private, no-store", "Cookie"]);
  assert.ok(Object.isFrozen(session));
});

test("a route written in another way is refused, neither answered nor left to the app [X20]", async () => {
  const handler = makeHandler(provider, { api: { "/api/": "http://127.0.0.1:9/" } });
  const odd = [
    "//auth/login", "/auth//login", "/auth/login/", "/auth/%6cogin", "/%61uth/session", "/x/%2e%2e%2fauth/session", "/auth%2fsession", "/auth%5csession",
    "//api/x", "/%61pi/x", "/api%2fx", "/%2561pi/x", "/x/..%2fapi/x",
  ];
  for (const path of odd) {
    const response = await handler.handle(new Request(ORIGIN + path, { headers: OWN }));
    assert.deepEqual([response?.status, (await response?.json()).code], [403, "path_not_allowed"], path);
  }
  // Dots that are plain are resolved by whoever reads a URL first.
  assert.equal((await handler.handle(new Request(`${ORIGIN}/x/../auth/session`, { headers: OWN })))?.status, 200);
  assert.equal(await handler.handle(new Request(`${ORIGIN}/auth/../private`, { headers: OWN })), null);
});

test("an answer of the handler's runs nothing, is framed by nobody, and tells no other site where it came from", async () => {
  const browser = new Browser(makeHandler(provider));
  for (const response of [await browser.go("/auth/callback"), await browser.go("/auth/login"), await browser.fetch("/auth/session")]) {
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(response.headers.get("referrer-policy"), "no-referrer");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  }
});
