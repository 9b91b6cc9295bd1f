// Requests to an app's own API with the session's token: what is sent, where, how often, and what is never sent. In Node,
// where redirects are followed by hand, against the real provider and a small API.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { ConfigurationError, LoginRequiredError, TimeoutError } from "wasm-oidc";

import { startApi } from "../op/api.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { REDIRECT_URI, makeClient } from "./client.mjs";

/** @typedef {Awaited<ReturnType<typeof startApi>>} Api */
/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {Api} */
let api;
/** Another origin, where the token may not go. @type {Api} */
let elsewhere;
/** @type {import("wasm-oidc").IdpClient} */
let idp;
/** @type {import("./client.mjs").SignedIn["instead"]} */
let instead;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
});
after(() => provider?.close());

beforeEach(async () => {
  [api, elsewhere] = await Promise.all([startApi(), startApi()]);
  const made = await makeClient(provider, { apiOrigins: [api.url] });
  ({ idp, instead } = made);
  await made.signIn();
  provider.requests.length = 0;
});
afterEach(async () => {
  idp.dispose();
  await Promise.all([api.close(), elsewhere.close()]);
});

const bearer = () => `Bearer ${idp.agent?.tokens.access_token}`;
const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;

/** The path answers 401 to every token but a new one. @param {string} path @param {string} [challenge] */
function expires(path, challenge = 'Bearer error="invalid_token"') {
  const old = bearer();
  api.on(path, ({ authorization }, res) => {
    if (authorization === old) res.writeHead(401, challenge === "" ? {} : { "www-authenticate": challenge });
    res.end(authorization === old ? "expired" : "welcome");
  });
}

describe("what is sent", () => {
  test("every verb has a method of its own, which wins over the one in init", async () => {
    for (const verb of /** @type {const} */ (["get", "post", "put", "patch", "delete", "head"])) {
      const response = await idp[verb](`${api.url}/thing`, { method: "TRACE" });
      assert.equal(response.status, 200, verb);
    }
    await idp.session().options(`${api.url}/thing`);
    assert.deepEqual(api.requests.map(({ method }) => method), ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
    assert.ok(api.requests.every(({ authorization }) => authorization === bearer()));
    assert.equal(idp.options.clientId, "test-spa");
  });

  test("a string, a URL and a Request are sent alike, with the headers of each", async () => {
    const headers = { "content-type": "text/x-test" };
    const url = `${api.url}/a?b`;
    await idp.post(url, { headers: new Headers(headers), body: "1" });
    await idp.fetch(new URL(url), { method: "POST", headers: [["content-type", "text/x-test"]], body: "1" });
    await idp.fetch(new Request(url, { method: "POST", headers, body: "1" }));
    await idp.fetch(new Request(url, { headers }), { method: "POST", body: "1" });
    const expected = { method: "POST", path: "/a?b", authorization: bearer(), type: "text/x-test", body: "1" };
    for (const { cookie, ...request } of api.requests) assert.deepEqual(request, expected);
    assert.equal(api.requests.length, 4);
  });

  test("json is sent as JSON with its type, unless the caller names one, and not together with body", async () => {
    await idp.post(`${api.url}/`, { json: { a: [1, null] } });
    await idp.post(`${api.url}/`, { json: null, headers: { "content-type": "application/vnd.a+json" } });
    assert.deepEqual(api.requests.map(({ type, body }) => [type, body]), [
      ["application/json", '{"a":[1,null]}'],
      ["application/vnd.a+json", "null"],
    ]);
    await assert.rejects(idp.post(`${api.url}/`, { json: 1, body: "2" }), { code: "invalid_option" });
    assert.equal(api.requests.length, 2);
  });

  test("a stream is sent as a stream, once", async () => {
    const body = new Blob(["a", "b"]).stream();
    const response = await idp.post(`${api.url}/`, { body, duplex: "half" });
    assert.equal((await response.json()).body, "ab");
    assert.equal(body.locked, true);
    const request = new Request(`${api.url}/`, { method: "PUT" });
    await idp.fetch(request, { body: new Blob(["c"]).stream(), duplex: "half" });
    assert.equal(api.requests.at(-1)?.body, "c");
  });

  test("a Request whose body was used is refused as fetch refuses it", async () => {
    const request = new Request(`${api.url}/`, { method: "POST", body: "1" });
    await request.text();
    await assert.rejects(idp.fetch(request), TypeError);
    assert.equal(api.requests.length, 0);
  });
});

describe("where the token goes", () => {
  test("nowhere but to apiOrigins; auth: none goes anywhere without it [B12]", async () => {
    await assert.rejects(idp.fetch(elsewhere.url), { name: "ConfigurationError", code: "origin_not_allowed" });
    await idp.fetch(elsewhere.url, { auth: "none" });
    await idp.fetch(api.url, { auth: "none" });
    assert.deepEqual([elsewhere, api].map(({ requests }) => requests.map(({ authorization }) => authorization)), [[undefined], [undefined]]);
  });

  test("into one header of a request, and into nothing else of it [B7, O6]", async () => {
    await idp.post(`${api.url}/a?b=c#d`, { json: { e: 1 }, headers: { "x-own": "f" } });
    api.redirect("/moved", 307, "/here?g");
    await idp.put(`${api.url}/moved`, { body: "h" });
    const token = /** @type {string} */ (idp.agent?.tokens.access_token);
    assert.equal(api.requests.length, 3);
    for (const { authorization, ...rest } of api.requests) {
      assert.equal(authorization, `Bearer ${token}`);
      assert.equal(JSON.stringify(rest).includes(token), false, rest.path);
    }
  });

  test("an unknown auth is an error, whatever else is asked for", async () => {
    for (const init of [{}, { headers: { authorization: "Basic x" } }]) {
      const auth = /** @type {any} */ ("Optional");
      await assert.rejects(idp.fetch(api.url, { ...init, auth }), { name: "ConfigurationError", code: "invalid_option" });
    }
    assert.equal(api.requests.length, 0);
  });

  test("auth: optional sends the request bare when nobody is signed in, required rejects", async () => {
    await idp.get(api.url, { auth: "optional" });
    assert.equal(api.requests[0].authorization, bearer());
    await idp.signOut({ redirect: false });
    await idp.get(api.url, { auth: "optional" });
    assert.equal(api.requests[1].authorization, undefined);
    await assert.rejects(idp.get(api.url), (error) => error instanceof LoginRequiredError && error.code === "signed_out");
  });

  test("the caller's own authorization header stays, and its 401 renews nothing", async () => {
    api.on("/", (_, res) => void res.writeHead(401).end());
    assert.equal((await idp.get(`${api.url}/`, { headers: { Authorization: "Bearer mine" } })).status, 401);
    assert.deepEqual(api.requests.map(({ authorization }) => authorization), ["Bearer mine"]);
    assert.equal(refreshes(), 0);
  });
});

describe("redirects where the platform promises nothing", () => {
  test("one to another origin never carries the token, nor a cookie of the caller's, and does not get them back [B12]", async () => {
    api.redirect("/away", 302, `${elsewhere.url}/back`);
    elsewhere.redirect("/back", 302, `${api.url}/home`);
    const response = await idp.get(`${api.url}/away`, { headers: { cookie: "a=b" } });
    assert.deepEqual([response.status, response.url, response.redirected], [200, `${api.url}/home`, true]);
    const seen = [...api.requests, ...elsewhere.requests].map(({ path, authorization, cookie }) => [path, authorization, cookie]);
    assert.deepEqual(seen, [["/away", bearer(), "a=b"], ["/home", undefined, undefined], ["/back", undefined, undefined]]);
  });

  test("a 401 of another origin renews nothing [B12]", async () => {
    api.redirect("/away", 302, `${elsewhere.url}/private`);
    elsewhere.on("/private", (_, res) => void res.writeHead(401).end());
    assert.equal((await idp.get(`${api.url}/away`)).status, 401);
    assert.equal(refreshes(), 0);
  });

  test("one on the same origin keeps the token, also where its target is relative", async () => {
    api.redirect("/a/b", 307, "../c?d#e");
    assert.equal((await idp.get(`${api.url}/a/b`)).status, 200);
    assert.deepEqual(api.requests.map(({ path, authorization }) => [path, authorization]), [["/a/b", bearer()], ["/c?d", bearer()]]);
  });

  test("the method changes as Fetch 4.5 says, and the body goes with its headers", async () => {
    for (const [status, method, becomes, body] of /** @type {const} */ ([
      [301, "POST", "GET", ""], [302, "POST", "GET", ""], [303, "PUT", "GET", ""], [303, "HEAD", "HEAD", ""],
      [301, "PUT", "PUT", "x"], [307, "POST", "POST", "x"], [308, "PATCH", "PATCH", "x"],
    ])) {
      api.redirect("/from", status, "/to");
      const init = method === "HEAD" ? {} : { body: "x", headers: { "content-type": "text/x-test" } };
      assert.equal((await idp.fetch(`${api.url}/from`, { method, ...init })).status, 200);
      const { method: sent, body: got, type } = /** @type {import("../op/api.mjs").ApiRequest} */ (api.requests.at(-1));
      assert.deepEqual([sent, got, type], [becomes, body, body === "" ? undefined : "text/x-test"], `${status} ${method}`);
    }
  });

  test("a Request is redirected with its method, headers and signal", async () => {
    api.redirect("/from", 308, "/to");
    const { signal } = new AbortController();
    await idp.fetch(new Request(`${api.url}/from`, { method: "DELETE", headers: { "content-type": "text/x-test" }, signal }));
    assert.deepEqual(api.paths(), ["DELETE /from", "DELETE /to"]);
    assert.equal(api.requests[1].type, "text/x-test");
  });

  test("a stream that is wanted a second time is an error, not an empty body", async () => {
    api.redirect("/from", 307, "/to");
    await assert.rejects(idp.post(`${api.url}/from`, { body: new Blob(["x"]).stream(), duplex: "half" }), TypeError);
    const request = new Request(`${api.url}/from`, { method: "POST", body: "x" });
    await assert.rejects(idp.fetch(request), TypeError);
    assert.deepEqual(api.paths(), ["POST /from", "POST /from"]);
  });

  test("more than five are a loop, and a target that is no http URL is none", async () => {
    api.redirect("/loop", 302, "/loop");
    await assert.rejects(idp.get(`${api.url}/loop`), TypeError);
    assert.equal(api.requests.length, 6);
    for (const target of ["file:///etc/passwd", "data:text/plain,x", "http://"]) {
      api.redirect("/odd", 302, target);
      await assert.rejects(idp.get(`${api.url}/odd`), TypeError, target);
    }
  });

  test("manual and error mean what they always mean, in init and on a Request", async () => {
    api.redirect("/from", 302, "/to");
    for (const input of [`${api.url}/from`, new Request(`${api.url}/from`, { redirect: "manual" })]) {
      const init = typeof input === "string" ? { redirect: /** @type {const} */ ("manual") } : {};
      assert.equal((await idp.get(input, init)).status, 302);
    }
    await assert.rejects(idp.get(`${api.url}/from`, { redirect: "error" }), TypeError);
    await assert.rejects(idp.get(new Request(`${api.url}/from`, { redirect: "error" })), TypeError);
    assert.ok(api.requests.every(({ path }) => path === "/from"));
    assert.equal((await idp.get(`${api.url}/`, { redirect: "error" })).status, 200);
  });
});

describe("a 401", () => {
  test("that no new token helps against renews nothing more for a while [B11]", async () => {
    api.on("/", (_, res) => void res.writeHead(401).end("no"));
    for (let call = 0; call < 5; call += 1) assert.equal((await idp.get(`${api.url}/`)).status, 401);
    assert.deepEqual([api.requests.length, refreshes()], [6, 1]);
  });

  test("about the token is answered by one refresh and one more request, for ten callers too [O2]", async () => {
    expires("/");
    const bodies = ["text", new URLSearchParams("a=b"), new Blob(["c"]), new TextEncoder().encode("d"), form()];
    const all = await Promise.all([...bodies, ...bodies].map((body) => idp.post(`${api.url}/`, { body })));
    assert.deepEqual(await Promise.all(all.map((response) => response.text())), Array(10).fill("welcome"));
    assert.deepEqual([refreshes(), api.requests.length], [1, 20]);
    const texts = api.requests.filter(({ body }) => body === "text").map(({ authorization }) => authorization);
    assert.deepEqual([texts.length, new Set(texts).size], [4, 2]);
  });

  test("comes to the caller when the second answer is one too, after one refresh", async () => {
    api.on("/", (_, res) => void res.writeHead(401).end("no"));
    const response = await idp.get(`${api.url}/`);
    assert.deepEqual([response.status, await response.text(), api.requests.length, refreshes()], [401, "no", 2, 1]);
  });

  test("that is about something else is delivered", async () => {
    expires("/", 'Bearer error="insufficient_scope"');
    assert.equal(await (await idp.get(`${api.url}/`)).text(), "expired");
    assert.deepEqual([api.requests.length, refreshes()], [1, 0]);
  });

  test("without a challenge counts as one about the token", async () => {
    expires("/", "");
    assert.equal(await (await idp.get(`${api.url}/`)).text(), "welcome");
  });

  test("to a body that can be sent only once is delivered, and renews nothing", async () => {
    expires("/");
    async function* chunks() {
      yield new TextEncoder().encode("x");
    }
    const once = [
      idp.post(`${api.url}/`, { body: new Blob(["x"]).stream(), duplex: "half" }),
      idp.post(`${api.url}/`, { body: /** @type {any} */ (chunks()), duplex: "half" }),
      idp.fetch(new Request(`${api.url}/`, { method: "POST", body: "x" })),
      idp.fetch(new Request(`${api.url}/`, { method: "POST" }), { body: new Blob(["x"]).stream(), duplex: "half" }),
    ];
    for (const response of await Promise.all(once)) assert.equal(await response.text(), "expired");
    assert.deepEqual(api.requests.map(({ body }) => body), ["x", "x", "x", "x"]);
    assert.equal(refreshes(), 0);
  });

  test("to a Request without a body, or with one that init replaces, is tried again", async () => {
    expires("/");
    assert.equal(await (await idp.fetch(new Request(`${api.url}/`))).text(), "welcome");
    expires("/");
    const request = new Request(`${api.url}/`, { method: "POST" });
    assert.equal(await (await idp.fetch(request, { body: "again" })).text(), "welcome");
    assert.deepEqual(api.requests.slice(-2).map(({ body }) => body), ["again", "again"]);
  });

  test("whose refresh fails is delivered as it is", async () => {
    expires("/");
    instead.token = async () => new Response("down", { status: 503 });
    const response = await idp.get(`${api.url}/`);
    assert.deepEqual([response.status, await response.text()], [401, "expired"]);
    assert.ok(idp.agent);
  });
});

describe("giving up", () => {
  test("a signal that was aborted before sends nothing and renews nothing", async () => {
    const reason = new Error("enough");
    await assert.rejects(idp.get(api.url, { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(idp.fetch(new Request(api.url, { signal: AbortSignal.abort() })), { name: "AbortError" });
    assert.equal(api.requests.length, 0);
  });

  test("aborting rejects the fetch and not the refresh that it waits for", async () => {
    expires("/");
    const old = bearer();
    const controller = new AbortController();
    /** @type {() => void} */
    let answer = () => {};
    const held = new Promise((resolve) => (answer = () => resolve(undefined)));
    const asked = new Promise((resolve) => {
      instead.token = async () => {
        resolve(undefined);
        await held;
        return Response.json({ access_token: "new", token_type: "Bearer", expires_in: 60 });
      };
    });
    const fetching = idp.get(`${api.url}/`, { signal: controller.signal });
    await asked;
    controller.abort();
    await assert.rejects(fetching, { name: "AbortError" });
    const refreshed = new Promise((resolve) => idp.on("refreshed", resolve));
    answer();
    await refreshed;
    assert.notEqual(bearer(), old);
    assert.equal(api.requests.length, 1);
  });

  test("the body of an answer can still be aborted", async () => {
    api.on("/", (_, res) => void res.write("begin"));
    const controller = new AbortController();
    const response = await idp.session({ timeoutSeconds: 1 }).get(`${api.url}/`, { signal: controller.signal });
    controller.abort();
    await assert.rejects(response.text(), { name: "AbortError" });
  });
});

describe("an API of its own", () => {
  test("has origins of its own, and the client keeps its", async () => {
    const other = idp.session({ apiOrigins: [elsewhere.url] });
    assert.equal((await other.post(elsewhere.url, { json: 1 })).status, 200);
    assert.equal(elsewhere.requests[0].authorization, bearer());
    await assert.rejects(other.get(api.url), { code: "origin_not_allowed" });
    await assert.rejects(idp.get(elsewhere.url), { code: "origin_not_allowed" });
    assert.ok(Object.isFrozen(other));
  });

  test("its options are checked at once, and what is changed afterwards changes nothing", async () => {
    for (const [options, code] of /** @type {[any, string][]} */ ([
      [{ timeoutSecond: 3 }, "unknown_option"], [{ timeoutSeconds: 0 }, "invalid_option"],
      [{ apiOrigins: api.url }, "invalid_option"], [{ retryOn401: "no" }, "invalid_option"],
    ])) {
      assert.throws(() => idp.session(options), (error) => error instanceof ConfigurationError && error.code === code);
    }
    const origins = [api.url];
    const session = idp.session({ apiOrigins: origins });
    origins.push(elsewhere.url);
    await assert.rejects(session.get(elsewhere.url), { code: "origin_not_allowed" });
  });

  test("retryOn401: false delivers the first answer, autoRefresh: false renews nothing but takes a token that changed", async () => {
    expires("/");
    assert.equal(await (await idp.session({ retryOn401: false }).get(`${api.url}/`)).text(), "expired");
    assert.equal(await (await idp.session({ autoRefresh: false }).get(`${api.url}/`)).text(), "expired");
    assert.equal(refreshes(), 0);
    const old = bearer();
    api.on("/", async ({ authorization }, res) => {
      if (authorization === old) {
        await idp.refresh();
        res.writeHead(401);
      }
      res.end();
    });
    assert.equal((await idp.session({ autoRefresh: false }).get(`${api.url}/`)).status, 200);
    assert.equal(refreshes(), 1);
  });

  test("its limit of time ends the request, and not the refresh that it waits for", async () => {
    api.on("/slow", () => {});
    const session = idp.session({ timeoutSeconds: 1 });
    await assert.rejects(session.get(`${api.url}/slow`), (error) => {
      assert.ok(error instanceof TimeoutError && error.code === "timeout" && error.recovery === "retry");
      return /1 s/.test(error.message);
    });
    expires("/");
    instead.token = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return Response.json({ access_token: "new", token_type: "Bearer", expires_in: 60 });
    };
    const refreshed = new Promise((resolve) => idp.on("refreshed", resolve));
    await assert.rejects(session.get(`${api.url}/`), TimeoutError);
    await refreshed;
    assert.equal(bearer(), "Bearer new");
    assert.equal(await (await session.get(`${api.url}/`)).text(), "welcome");
  });

  test("its limit of time is for the beginning of the answer: a long one is read to its end", async () => {
    api.on("/long", (_, res) => {
      res.write("begin ");
      setTimeout(() => res.end("end"), 1500);
    });
    assert.equal(await (await idp.session({ timeoutSeconds: 1 }).get(`${api.url}/long`)).text(), "begin end");
  });
});

describe("a token of its own", () => {
  /** The members of a JWT. @param {string | undefined} header */
  const claims = (header) => JSON.parse(Buffer.from((header ?? "").split(".")[1], "base64url").toString());
  const [orders, users] = ["https://orders.example/", "https://users.example/"];

  /** One whose tokens are for an API only where a request names it. @type {typeof provider} */
  let several;
  before(async () => {
    const resourceIndicators = {
      enabled: true,
      useGrantedResource: async () => false,
      getResourceServerInfo: async (/** @type {any} */ _, /** @type {string} */ audience) =>
        ({ scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
    };
    several = await startTestProvider({ redirectUris: [REDIRECT_URI], features: { resourceIndicators } });
  });
  after(() => several?.close());
  const refreshes = () => several.requests.filter(({ grantType }) => grantType === "refresh_token").length;

  /** Somebody who signed in for both APIs. */
  async function forBoth() {
    const made = await makeClient(several, { apiOrigins: [api.url] });
    await made.signIn({ resource: [orders, users] });
    return made.idp;
  }

  test("is for one API, asked for once, and the session's stays what it was [W13, RES3]", async () => {
    const client = await forBoth();
    const [own, before] = [await client.getAccessToken(), refreshes()];
    const session = client.session({ resource: orders });
    await Promise.all([1, 2, 3].map(() => session.get(api.url)));
    await client.session({ resource: [users], timeoutSeconds: 5 }).get(api.url);
    assert.deepEqual(api.requests.map(({ authorization }) => claims(authorization).aud), [orders, orders, orders, users]);
    assert.equal(refreshes() - before, 2);
    assert.equal(await client.getAccessToken(), own);
    assert.equal(`Bearer ${await client.getAccessToken({ resource: orders })}`, api.requests[0].authorization);
    assert.equal(refreshes() - before, 2);
    await client.refresh();
    await client.getAccessToken({ resource: orders, forceRefresh: true });
    assert.equal(client.agent?.id, "usr_ada");
    client.dispose();
  });

  test("is renewed alone when the API says that it has ended", async () => {
    const client = await forBoth();
    const own = await client.getAccessToken();
    /** @type {string | undefined} */
    let first;
    api.on("/", ({ authorization }, res) => void res.writeHead((first ??= authorization) === authorization ? 401 : 200).end());
    assert.equal((await client.session({ resource: orders }).get(api.url)).status, 200);
    assert.equal(await client.getAccessToken(), own);
    assert.equal(claims(first).aud, orders);
    client.dispose();
  });

  test("for an API that the sign-in did not name is refused, and ends no session [RES3, RES4]", async () => {
    const client = await forBoth();
    const session = client.session({ resource: "https://other.example/" });
    await assert.rejects(session.get(api.url), { code: "invalid_target" });
    assert.equal(client.agent?.id, "usr_ada");
    assert.throws(() => client.session({ resource: "orders" }), { code: "invalid_option" });
    await assert.rejects(client.getAccessToken({ resource: "orders" }), { code: "invalid_option" });
    client.dispose();
  });
});

function form() {
  const form = new FormData();
  form.set("name", "value");
  return form;
}
