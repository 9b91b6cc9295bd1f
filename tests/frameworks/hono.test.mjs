// @ts-check
// `wasm-oidc/hono`: what the middleware puts into the context, what it answers by itself, and what it adds to the app's answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { build } from "esbuild";
import { Hono } from "hono";
import { ConfigurationError, StorageError, memoryStorage } from "wasm-oidc";
import { createSessionHandler, createVerifier, lockingCoordinator } from "wasm-oidc/edge";
import { bearer, requireAccess, session } from "wasm-oidc/hono";
import { startSetting, token } from "./examples.mjs";
import { Visitor } from "./visitor.mjs";

/** @type {import("./examples.mjs").Setting} */
let setting;
before(async () => {
  // Tokens of a session are due after a second. The verifier's clock may differ by a minute.
  setting = await startSetting({ ttl: { AccessToken: 2 } });
});

describe("bearer and requireAccess", () => {
  const withToken = async (/** @type {"ada" | "ben"} */ login) => ({ headers: { authorization: `Bearer ${await token(setting, login)}` } });
  const options = () => ({ issuer: setting.issuer, audience: `${setting.origin}/api` });

  it("puts the agent of the token into the context, and takes a verifier too", async () => {
    for (const given of [options(), createVerifier(options())]) {
      const app = new Hono().use(bearer(given)).get("/", (c) => c.text(c.get("agent").id));
      assert.equal(await (await app.request(`${setting.origin}/`, await withToken("ada"))).text(), "usr_ada");
      assert.equal((await app.request(`${setting.origin}/`)).status, 401);
    }
  });

  it("wants the scopes that every token must have", async () => {
    const app = new Hono().use(bearer(options(), { scopes: ["tasks"] })).get("/", (c) => c.text("never"));
    const answer = await app.request(`${setting.origin}/`, await withToken("ada"));
    assert.equal(answer.status, 403);
    assert.match(answer.headers.get("www-authenticate") ?? "", /scope="tasks"/);
  });

  it("asks in the organization that the request names, and takes none that is not named for any", async () => {
    const app = new Hono()
      .use(bearer(options()))
      .get("/orgs/:org", requireAccess("read", "projects.tasks", (c) => c.req.param("org")), (c) => c.text("yes"))
      .get("/nowhere", requireAccess("read", "projects.tasks", () => undefined), (c) => c.text("yes"))
      .get("/fixed", requireAccess("read", "library", "org_society"), (c) => c.text("yes"))
      .get("/anywhere", requireAccess("read", "library"), (c) => c.text("yes"));
    const ada = await withToken("ada");
    const status = async (/** @type {string} */ path) => (await app.request(`${setting.origin}${path}`, ada)).status;
    assert.deepEqual(
      await Promise.all(["/orgs/org_engines", "/orgs/org_society", "/orgs/org_other", "/nowhere", "/fixed", "/anywhere"].map(status)),
      [200, 403, 403, 403, 200, 200],
    );
  });

  it("names the scope that is missing, in the scheme of the request, and nothing that could leave the quotes", async () => {
    const app = new Hono()
      .use(bearer(options()))
      .get("/", requireAccess("delete", "projects.tasks", "org_society"), (c) => c.text("never"))
      .get("/odd", requireAccess('a"\r\nset-cookie: a=b', "projects"), (c) => c.text("never"));
    const answer = await app.request(`${setting.origin}/`, await withToken("ada"));
    assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="insufficient_scope", scope="projects.tasks:delete"');
    assert.deepEqual(await answer.json(), { error: "insufficient_scope" });
    const odd = await app.request(`${setting.origin}/odd`, await withToken("ada"));
    assert.equal(odd.headers.get("www-authenticate"), 'Bearer error="insufficient_scope", scope="projects:aset-cookie:a=b"');
    assert.equal(odd.headers.get("set-cookie"), null);
  });

  it("hands on the nonce for the next proof, and refuses in the scheme by which the token came", async () => {
    const { authorization } = (await withToken("ada")).headers;
    const agent = await createVerifier(options()).verify(new Request(setting.origin, { headers: { authorization } }));
    /** @type {any} A verifier that took a proof, and whose nonce is half over. */
    const verifier = {
      async tryVerify(/** @type {Request} */ _, /** @type {{ responseHeaders: Headers }} */ { responseHeaders }) {
        responseHeaders.set("dpop-nonce", "next");
        return { agent };
      },
    };
    const app = new Hono()
      .use(bearer(verifier))
      .get("/", () => new Response("yes"))
      .get("/library", requireAccess("write", "library"), (c) => c.text("never"));
    const ask = (/** @type {string} */ path) => app.request(`${setting.origin}${path}`, { headers: { authorization: "DPoP token" } });
    assert.equal((await ask("/")).headers.get("dpop-nonce"), "next");
    const { headers } = await ask("/library");
    assert.equal(headers.get("www-authenticate"), 'DPoP error="insufficient_scope", scope="library:write"');
    assert.equal(headers.get("dpop-nonce"), "next");
  });

  it("brings the wasm that verifies into a Worker's bundle, and no other", async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'import { bearer, requireAccess } from "wasm-oidc/hono"; console.log(bearer, requireAccess);', resolveDir: import.meta.dirname },
      bundle: true,
      format: "esm",
      conditions: ["workerd", "worker", "browser"],
      loader: { ".wasm": "copy" },
      assetNames: "[name]",
      outdir: "/worker",
      write: false,
    });
    assert.deepEqual(outputFiles.map(({ path }) => path.replace("/worker/", "")).sort(), ["edge.wasm", "stdin.js"]);
  });

  it("says so when nothing before it says who sends the request", async () => {
    /** @type {unknown} */
    let thrown;
    const app = new Hono().get("/", requireAccess("read", "projects"), (c) => c.text("never"));
    app.onError((error, c) => ((thrown = error), c.text("", 500)));
    assert.equal((await app.request(`${setting.origin}/`)).status, 500);
    assert.ok(thrown instanceof ConfigurationError && /`bearer` or `session`/.test(thrown.message), String(thrown));
  });
});

describe("session", () => {
  /** @type {import("@hono/node-server").ServerType} */
  let server;
  /** What the Worker's context was given. @type {Promise<unknown>[]} */
  const later = [];
  /** As workerd has it: it works as a method, and not by itself. */
  class Context {
    #work = later;
    props = {};
    passThroughOnException() {}
    /** @param {Promise<unknown>} work */
    waitUntil(work) {
      this.#work.push(work);
    }
  }

  before(async () => {
    const { OIDC_CLIENT_ID = "", OIDC_CLIENT_SECRET, SESSION_SECRETS = "" } = setting.env;
    const sessions = createSessionHandler({
      client: { issuer: setting.issuer, clientId: OIDC_CLIENT_ID, clientSecret: OIDC_CLIENT_SECRET },
      publicOrigin: setting.origin,
      secrets: SESSION_SECRETS,
      coordinator: lockingCoordinator(memoryStorage()),
    });
    const app = new Hono()
      .use(session(sessions))
      .get("/", (c) => {
        c.header("set-cookie", "theme=dark", { append: true });
        c.header("cache-control", "public, max-age=60");
        return c.json([c.get("agent")?.id ?? null, c.get("session")?.agent.id ?? null]);
      })
      .get("/fetched", async () => new Response("of somebody else", { headers: { "set-cookie": "other=1" } }))
      .post("/tasks", (c) => c.text(`written by ${c.get("agent")?.id ?? "nobody"}`))
      .get("/tasks", requireAccess("write", "projects.tasks"), (c) => c.text(c.get("agent").id));
    server = serve({ fetch: (request) => app.fetch(request, {}, new Context()), port: Number(setting.env.PORT), hostname: "127.0.0.1" });
    if (!server.listening) await once(server, "listening");
  });
  after(() => {
    const closed = once(server, "close");
    server.close();
    return closed;
  });

  it("puts nobody into the context where nobody is signed in, and keeps that out of caches too", async () => {
    const answer = await new Visitor().open(`${setting.origin}/`);
    assert.equal(answer.text, "[null,null]");
    assert.deepEqual([answer.headers["cache-control"], answer.headers.vary], ["private, no-store", "Cookie"]);
    const refused = await new Visitor().open(`${setting.origin}/tasks`);
    assert.deepEqual([refused.status, refused.headers["www-authenticate"], JSON.parse(refused.text)], [401, undefined, { error: "signed_out" }]);
  });

  it("sends the cookies of a renewed session beside the app's own, whatever the app says about caches", async () => {
    const visitor = new Visitor();
    const home = await visitor.open(`${setting.origin}/auth/login?returnTo=/`, "ada");
    assert.equal(home.text, '["usr_ada","usr_ada"]');
    const first = visitor.cookies.get("wasm-oidc");
    let again = home;
    for (const end = Date.now() + 30_000; visitor.cookies.get("wasm-oidc") === first; await sleep(100)) {
      assert.ok(Date.now() < end, "the session is renewed");
      again = await visitor.open(`${setting.origin}/`);
    }
    assert.deepEqual(again.headers["set-cookie"]?.map((line) => line.split("=")[0]), ["theme", "wasm-oidc"]);
    assert.equal(again.headers["cache-control"], "private, no-store");
    const fetched = await visitor.open(`${setting.origin}/fetched`);
    assert.equal(fetched.text, "of somebody else");
    assert.equal(fetched.headers["cache-control"], "private, no-store");
    assert.equal((await visitor.open(`${setting.origin}/`)).text, '["usr_ada","usr_ada"]', "every refresh token was used once");
  });

  it("asks about the agent of the session, and asks for no token", async () => {
    const [ada, ben] = [new Visitor(), new Visitor()];
    assert.equal((await ada.open(`${setting.origin}/auth/login?returnTo=/tasks`, "ada")).text, "usr_ada");
    const refused = await ben.open(`${setting.origin}/auth/login?returnTo=/tasks`, "ben");
    assert.deepEqual([refused.status, refused.headers["www-authenticate"]], [403, undefined]);
    assert.equal(refused.headers["cache-control"], "private, no-store");
  });

  it("lets no other site change anything for who is signed in, and a webhook through", async () => {
    const visitor = new Visitor();
    const url = `${setting.origin}/tasks`;
    await visitor.open(`${setting.origin}/auth/login?returnTo=/`, "ada");
    assert.equal((await visitor.post(url)).text, "written by usr_ada");
    for (const headers of [{ origin: "https://elsewhere.example" }, { "sec-fetch-site": "same-site", origin: setting.origin }, {}]) {
      const refused = await visitor.ask(url, { method: "POST", headers });
      assert.deepEqual([refused.status, JSON.parse(refused.text)], [403, { error: "cross_site_request" }], JSON.stringify(headers));
    }
    assert.equal((await new Visitor().ask(url, { method: "POST" })).text, "written by nobody");
  });

  it("answers 503 where the store is down, and tells the app why", async () => {
    /** @type {any} */
    const record = { class: "StorageError", code: "storage_unavailable", message: "down", recovery: "retry" };
    const down = new StorageError(record);
    /** @type {any} */
    const sessions = { handle: async () => null, getSession: async () => Promise.reject(down) };
    const app = new Hono().use(session(sessions)).get("/", (c) => c.text("never"));
    const answer = await app.request(`${setting.origin}/`);
    assert.deepEqual([answer.status, await answer.json()], [503, { error: "temporarily_unavailable" }]);
    /** @type {unknown} */
    let told;
    app.onError((error, c) => ((told = error.cause), c.text("later", 503)));
    assert.equal(await (await app.request(`${setting.origin}/`)).text(), "later");
    assert.equal(told, down);
  });

  it("leaves to a Worker what need not be waited for", async () => {
    const visitor = new Visitor();
    await visitor.open(`${setting.origin}/auth/login?returnTo=/`, "ada");
    const before = later.length;
    assert.equal((await visitor.post(`${setting.origin}/auth/logout`)).status, 200);
    assert.ok(later.length > before);
    await Promise.all(later);
    assert.equal((await visitor.open(`${setting.origin}/`)).text, "[null,null]");
  });
});
