// @ts-check
// The proxy to an API: what goes through it, and that the token goes nowhere else.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { after, before, beforeEach, test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { lockingCoordinator } from "wasm-oidc/edge";
import { Browser, NAVIGATION, ORIGIN, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
/** @type {{ url: string, requests: { method?: string, url?: string, headers: Record<string, any>, body: string }[], answer: (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown, close: () => void }} */
let api;

before(async () => {
  const resourceIndicators = {
    enabled: true,
    useGrantedResource: async () => false,
    getResourceServerInfo: async (/** @type {any} */ _, /** @type {string} */ audience) =>
      ({ scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
  };
  provider = await startProvider({ features: { resourceIndicators } });
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    api.requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    api.answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  api = { url: `http://127.0.0.1:${port}`, requests: [], answer: plain, close: () => (server.close(), server.closeAllConnections()) };
});
after(() => (api?.close(), provider?.close()));
beforeEach(() => {
  api.requests.length = 0;
  api.answer = plain;
});

/** @type {typeof api.answer} */
const plain = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');

/** @param {any} [options] */
async function signedIn(options) {
  const handler = makeHandler(provider, { api: { "/api/": `${api.url}/v1/` }, ...options });
  const browser = new Browser(handler);
  await browser.signIn();
  const token = (await handler.getSession(browser.request("/")))?.agent.tokens.access_token ?? "";
  return { handler, browser, token };
}

test("a page's request reaches the API with the session's token, and without what is the app's", async () => {
  const { browser, token } = await signedIn();
  const response = await browser.fetch("/api/tasks/7?open=1&x=%2F%40..", {
    method: "POST", body: '{"a":1}',
    headers: {
      "content-type": "application/json", accept: "application/json", authorization: "Bearer forged", "x-forwarded-for": "1.2.3.4",
      forwarded: "for=1.2.3.4", "x-mine": "kept", connection: "x-drop", "x-drop": "1", "proxy-authorization": "Basic x", te: "trailers", origin: ORIGIN,
      referer: `${ORIGIN}/page`, dpop: "x",
    },
  });
  assert.deepEqual([response.status, await response.json()], [200, { ok: true }]);
  const [{ method, url, headers, body }] = api.requests;
  assert.deepEqual([method, url, body], ["POST", "/v1/tasks/7?open=1&x=%2F%40..", '{"a":1}']);
  assert.equal(headers.authorization, `Bearer ${token}`);
  assert.deepEqual([headers["content-type"], headers.accept, headers["x-mine"]], ["application/json", "application/json", "kept"]);
  for (const name of ["cookie", "x-forwarded-for", "forwarded", "x-drop", "proxy-authorization", "te", "origin", "referer", "dpop", "x-wasm-oidc", "sec-fetch-site"]) {
    assert.equal(headers[name], undefined, name);
  }
});

test("a path off the list is 403, and nothing is fetched [W11]", async () => {
  const { browser } = await signedIn();
  const odd = [
    "/api/@evil.example", "/api/a@b", "/api//evil.example", "/api//", "/api/a//b", "/api/..%2fadmin", "/api/..%5cadmin", "/api/%2f%2fevil.example",
    "/api/a%2fb", "/api/a%5cb", "/api/a%00", "/api/a%0d%0ab", "/api/%252e%252e/admin", "/api/%40evil.example", "/api/a%2e", "/api/\\evil.example", "/api/\\\\evil.example",
    "//api/x", "/%61pi/x",
  ];
  for (const path of odd) {
    const response = await browser.fetch(path);
    assert.equal(response.status, 403, path);
  }
  assert.deepEqual(api.requests, []);
  for (const path of ["/api/%2e%2e/%2e%2e%2fadmin", "/api/../v1/x", "/api/%2e%2e/x", "/other", "/ap", "/apix/y", "/api"]) {
    const request = browser.request(path, { headers: { "x-wasm-oidc": "1", "sec-fetch-site": "same-origin" } });
    const response = await (await signedIn()).handler.handle(request);
    assert.ok(response === null || response.status === 403, path);
  }
  assert.deepEqual(api.requests, []);
});

test("no request of another site goes through, and none that changes something without the header [W10]", async () => {
  const { browser } = await signedIn();
  const write = { method: "POST", body: "x" };
  for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { "x-wasm-oidc": "1", "sec-fetch-site": "same-site" }, { "x-wasm-oidc": "1", origin: "https://evil.example" }]) {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      assert.equal((await browser.send("/api/x", { ...write, method, headers: /** @type {any} */ (headers) })).status, 403, method + JSON.stringify(headers));
    }
  }
  for (const headers of [{}, { "sec-fetch-site": "same-site" }, { ...NAVIGATION, "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }]) {
    assert.equal((await browser.send("/api/x", { headers: /** @type {any} */ (headers) })).status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(api.requests, []);
  assert.equal((await browser.send("/api/x", { headers: { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" } })).status, 200);
});

test("without a session nothing is fetched", async () => {
  const { handler } = await signedIn();
  const response = await new Browser(handler).fetch("/api/x");
  assert.deepEqual([response.status, (await response.json()).code, api.requests.length], [401, "signed_out", 0]);
});

test("an answer brings no cookie, no CORS and no cache of the API's, and nothing that runs", async () => {
  api.answer = (_, response) =>
    response.writeHead(200, {
      "content-type": "text/html", "set-cookie": "__Host-wasm-oidc=mine; Path=/; Secure", "access-control-allow-origin": "https://evil.example",
      "access-control-allow-credentials": "true", "cache-control": "public, max-age=99", "clear-site-data": '"*"', "x-theirs": "kept", vary: "Accept", etag: '"1"',
      refresh: "0;url=https://evil.example", nel: "{}", "report-to": "{}",
    }).end("<script>alert(1)</script>");
  const { browser } = await signedIn();
  const { headers } = await browser.fetch("/api/page");
  assert.deepEqual(headers.getSetCookie(), []);
  for (const name of ["access-control-allow-origin", "access-control-allow-credentials", "clear-site-data", "refresh", "nel", "report-to"]) assert.equal(headers.get(name), null, name);
  assert.deepEqual([headers.get("x-theirs"), headers.get("etag"), headers.get("vary"), headers.get("cache-control")], ["kept", '"1"', "Accept, Cookie", "private, no-store"]);
  assert.deepEqual([headers.get("content-security-policy"), headers.get("x-content-type-options")], ["default-src 'none'; sandbox", "nosniff"]);
});

test("a redirect comes back through the proxy, or is the browser's: the token follows none", async () => {
  const { browser } = await signedIn();
  const led = async (/** @type {string} */ location) => {
    api.answer = (_, response) => response.writeHead(302, { location }).end();
    const response = await browser.fetch("/api/old");
    return [response.status, response.headers.get("location")];
  };
  assert.deepEqual(await led("/v1/new?x=1#y"), [302, "/api/new?x=1#y"]);
  assert.deepEqual(await led(`${api.url}/v1/deep/er`), [302, "/api/deep/er"]);
  assert.deepEqual(await led("/admin"), [302, `${api.url}/admin`]);
  assert.deepEqual(await led("https://evil.example/x"), [302, "https://evil.example/x"]);
  assert.equal(api.requests.length, 4);
});

test("bodies stream through both ways", async () => {
  api.answer = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
  };
  const { browser } = await signedIn();
  const response = await browser.fetch("/api/events");
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
  await reader.cancel();

  api.answer = plain;
  const pieces = ["one ", "two"];
  const body = new ReadableStream({ pull: (controller) => (pieces.length ? controller.enqueue(new TextEncoder().encode(pieces.shift())) : controller.close()) });
  await browser.fetch("/api/upload", /** @type {any} */ ({ method: "PUT", body, duplex: "half" }));
  assert.equal(api.requests.at(-1)?.body, "one two");
});

test("a compressed answer arrives readable, and says no wrong length", async () => {
  api.answer = (_, response) => {
    const body = gzipSync('{"long":"text"}');
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip", "content-length": body.length }).end(body);
  };
  const { browser } = await signedIn();
  const response = await browser.fetch("/api/x", { headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([response.headers.get("content-encoding"), response.headers.get("content-length"), await response.json()], [null, null, { long: "text" }]);
});

test("an API that cannot be reached is 502", async () => {
  const { browser } = await signedIn({ api: { "/api/": "http://127.0.0.1:9/" } });
  const response = await browser.fetch("/api/x");
  assert.deepEqual([response.status, (await response.json()).code], [502, "api_unreachable"]);
});

test("a 401 is tried once more with a new token, where nothing is lost by that", async (t) => {
  const { browser, token } = await signedIn({ store: memoryStorage() });
  // Tokens that have just come are not renewed because an API refuses them.
  api.answer = (request, response) => response.writeHead(request.headers.authorization === `Bearer ${token}` ? 401 : 200).end();
  assert.equal((await browser.fetch("/api/x")).status, 401);
  assert.equal(api.requests.length, 1);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 20_000 });
  assert.equal((await browser.fetch("/api/x", { method: "POST", body: "x" })).status, 401);
  assert.equal(api.requests.length, 2, "a body is sent once");
  assert.equal((await browser.fetch("/api/x")).status, 200);
  assert.equal(api.requests.length, 4);
  assert.notEqual(api.requests[3].headers.authorization, api.requests[2].headers.authorization);
  const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
  const before = refreshes();
  api.answer = (_, response) => response.writeHead(401).end();
  for (let count = 0; count < 5; count += 1) assert.equal((await browser.fetch("/api/x")).status, 401);
  assert.equal(refreshes(), before, "an API that refuses everything makes no request to the provider of each");
});

test("an API with fewer scopes or a resource of its own gets a token for that, once, and never the session's [W13]", async () => {
  const narrow = {
    "/api/": `${api.url}/v1/`, "/few/": { target: `${api.url}/few/`, scopes: "openid" }, "/own/": { target: `${api.url}/own/`, resource: "https://own.example/" },
  };
  const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
  const before = refreshes();
  const { handler, browser, token } = await signedIn({
    store: memoryStorage(), rotatesRefreshTokens: true, api: narrow, signIn: { resource: "https://own.example/" },
  });
  await Promise.all([...Array(8)].map(() => browser.fetch("/few/x")));
  assert.equal(refreshes(), before + 1);
  for (const path of ["/own/x", "/own/y", "/few/y", "/api/z"]) assert.equal((await browser.fetch(path)).status, 200, path);
  assert.equal(refreshes(), before + 2);
  const sent = (/** @type {string} */ path) => new Set(api.requests.filter(({ url }) => url?.startsWith(path)).map(({ headers }) => headers.authorization));
  assert.deepEqual([sent("/few/").size, sent("/own/").size, [...sent("/v1/")]], [1, 1, [`Bearer ${token}`]]);
  assert.equal(new Set([...sent("/few/"), ...sent("/own/"), ...sent("/v1/")]).size, 3);
  const [own] = [...sent("/own/")];
  assert.equal(JSON.parse(Buffer.from(own.split(".")[1], "base64url").toString()).aud, "https://own.example/");
  const session = await handler.getSession(browser.request("/"));
  assert.equal(session?.agent.tokens.access_token, token, "the session keeps its own");
  assert.notEqual(await session?.agent.getAccessToken({ forceRefresh: true }), token, "and goes on with the refresh token that came last");
});

test("an API's own token is kept in a session in cookies too, and asked for anew when the API refuses it [W13]", async (t) => {
  const coordinator = lockingCoordinator(memoryStorage());
  const { browser } = await signedIn({ coordinator, rotatesRefreshTokens: true, api: { "/few/": { target: `${api.url}/few/`, scopes: ["openid"] } } });
  const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
  const before = refreshes();
  await browser.fetch("/few/x");
  await browser.fetch("/few/x");
  assert.equal(refreshes(), before + 1);
  const refused = api.requests[0].headers.authorization;
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 20_000 });
  api.answer = (request, response) => response.writeHead(request.headers.authorization === refused ? 401 : 200).end();
  assert.equal((await browser.fetch("/few/x")).status, 200);
  assert.equal(refreshes(), before + 2);
});

test("a provider that refuses the narrower token is the operator's to put right, and the session goes on [W13]", async () => {
  const { browser } = await signedIn({ store: memoryStorage(), rotatesRefreshTokens: true, api: { "/few/": { target: `${api.url}/few/`, scopes: "never:granted" } } });
  const response = await browser.fetch("/few/x");
  assert.deepEqual([response.status, (await response.json()).code, api.requests.length], [500, "invalid_scope", 0]);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});
