// @ts-check
// Requests of a page to its API on another origin: what the browser does with tokens, bodies, redirects and signals.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { startApi } from "../op/api.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { appIn } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

describe("an API of a page", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  /** @type {Awaited<ReturnType<typeof startApi>>} */
  let api;
  /** Another origin, where the token may not go. @type {Awaited<ReturnType<typeof startApi>>} */
  let elsewhere;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
  });
  after(async () => {
    await provider?.close();
    await pages?.close();
  });
  beforeEach(async () => {
    [api, elsewhere] = [await startApi(), await startApi()];
  });
  afterEach(() => Promise.all([api.close(), elsewhere.close()]));

  /** @param {import("playwright-core").Page} page */
  async function signedIn(page) {
    const app = appIn(page, { url: pages.url, issuer: provider.issuer });
    await app.start("/", { apiOrigins: [api.url] });
    assert.equal((await app.call("handleRedirectCallback", await app.callback())).error, undefined);
    provider.requests.length = 0;
    return app;
  }

  /**
   * Runs in the page, with the client and the origins.
   *
   * @template T
   * @param {import("playwright-core").Page} page
   * @param {(idp: import("wasm-oidc").IdpClient, api: string, elsewhere: string) => Promise<T>} work
   * @returns {Promise<T>}
   */
  function inPage(page, work) {
    return page.evaluate(
      ([source, ...urls]) => (0, eval)(`(${source})`)(globalThis.app.client, ...urls),
      [String(work), api.url, elsewhere.url],
    );
  }

  const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;

  it("every verb reaches it with the token, and without one where the call says so", () =>
    inTab(async ({ page }) => {
      await signedIn(page);
      const token = await inPage(page, async (idp, api) => {
        for (const verb of ["get", "post", "put", "patch", "delete", "head"]) await idp[verb](`${api}/${verb}`);
        await idp.session().options(`${api}/options`);
        await idp.get(`${api}/bare`, { auth: "none" });
        return idp.getAccessToken();
      });
      const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
      assert.deepEqual(api.paths(), [...verbs.map((verb) => `${verb} /${verb.toLowerCase()}`), "GET /bare"]);
      assert.deepEqual(api.requests.map(({ authorization }) => authorization), [...Array(7).fill(`Bearer ${token}`), undefined]);
    }));

  it("a form, a blob and JSON arrive as they are, twice where the token had ended", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/401/);
      await signedIn(page);
      const seen = new Set();
      api.on("/", ({ authorization, body }, res) => {
        // Each token ends with the first body that comes with it.
        const isFirst = seen.size === 0;
        seen.add(authorization);
        res.statusCode = isFirst || seen.size === 1 ? 401 : 200;
        res.end(body);
      });
      const statuses = await inPage(page, async (idp, api) => {
        const form = new FormData();
        form.set("file", new File(["content"], "a.txt"));
        const bodies = [form, new Blob(["blob"], { type: "text/x-test" }), new URLSearchParams("a=b"), "text"];
        const answers = [await idp.post(`${api}/`, { body: bodies[0] })];
        for (const body of bodies.slice(1)) answers.push(await idp.put(`${api}/`, { body }));
        answers.push(await idp.patch(`${api}/`, { json: { a: 1 } }));
        return answers.map(({ status }) => status);
      });
      assert.deepEqual(statuses, [200, 200, 200, 200, 200]);
      assert.equal(refreshes(), 1);
      const [first, again, ...rest] = api.requests;
      for (const { type, body } of [first, again]) {
        assert.match(type ?? "", /^multipart\/form-data; boundary=/);
        assert.match(body, /filename="a.txt"[^]*content/);
      }
      assert.deepEqual(rest.map(({ type, body }) => [type, body]), [
        ["text/x-test", "blob"],
        ["application/x-www-form-urlencoded;charset=UTF-8", "a=b"],
        ["text/plain;charset=UTF-8", "text"],
        ["application/json", '{"a":1}'],
      ]);
    }));

  it("the browser takes no token along to another origin, and its 401 renews nothing [B12]", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/401/);
      await signedIn(page);
      api.redirect("/away", 307, `${elsewhere.url}/private`);
      api.redirect("/here", 307, `${api.url}/there`);
      elsewhere.on("/private", (_, res) => void res.writeHead(401).end());
      const answers = await inPage(page, async (idp, api) => {
        const away = await idp.get(`${api}/away`);
        const here = await idp.get(`${api}/here`);
        return [away, here].map(({ status, redirected, url }) => [status, redirected, url]);
      });
      assert.deepEqual(answers, [[401, true, `${elsewhere.url}/private`], [200, true, `${api.url}/there`]]);
      assert.deepEqual(elsewhere.requests.map(({ authorization }) => authorization), [undefined]);
      assert.ok(api.requests.every(({ authorization }) => authorization?.startsWith("Bearer ")));
      assert.equal(refreshes(), 0);
    }));

  it("a redirect that the caller wants to see, or not at all, is the browser's", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/ERR_FAILED|redirect/);
      await signedIn(page);
      api.redirect("/from", 302, `${api.url}/to`);
      const told = await inPage(page, async (idp, api) => {
        const { type, status } = await idp.get(`${api}/from`, { redirect: "manual" });
        const error = await idp.get(`${api}/from`, { redirect: "error" }).catch((thrown) => thrown.name);
        return [type, status, error];
      });
      assert.deepEqual(told, ["opaqueredirect", 0, "TypeError"]);
      assert.ok(api.requests.every(({ path }) => path === "/from"));
    }));

  it("an answer is a stream, and an abort in its middle reaches the API", () =>
    inTab(async ({ page }) => {
      await signedIn(page);
      const closed = new Promise((resolve) => {
        api.on("/", (_, res) => {
          res.on("close", resolve);
          res.write("begin");
        });
      });
      const told = await inPage(page, async (idp, api) => {
        const controller = new AbortController();
        const response = await idp.session({ timeoutSeconds: 5 }).get(`${api}/`, { signal: controller.signal });
        const reader = response.body.getReader();
        const { value } = await reader.read();
        controller.abort();
        return [new TextDecoder().decode(value), await reader.read().catch((thrown) => thrown.name)];
      });
      assert.deepEqual(told, ["begin", "AbortError"]);
      await closed;
    }));

  it("a stream is handed to the browser as it is, and never a second time", () =>
    inTab(async ({ page }) => {
      await signedIn(page);
      // Browsers stream to HTTP/2 only: what reaches fetch is what counts.
      const sent = await inPage(page, async (idp, api) => {
        const original = globalThis.fetch;
        const calls = [];
        const body = new Blob(["a"]).stream();
        globalThis.fetch = async (_, init) => {
          calls.push([init.body === body, init.duplex, init.headers.get("authorization").slice(0, 7)]);
          return new Response("", { status: 401 });
        };
        const { status } = await idp.post(`${api}/`, { body, duplex: "half" });
        globalThis.fetch = original;
        return [status, calls];
      });
      assert.deepEqual(sent, [401, [[true, "half", "Bearer "]]]);
      assert.equal(refreshes(), 0);
    }));

  it("an abort before and during the request rejects with AbortError, a limit of time with TimeoutError", () =>
    inTab(async ({ page }) => {
      await signedIn(page);
      api.on("/never", () => {});
      const told = await inPage(page, async (idp, api) => {
        const during = new AbortController();
        const waiting = idp.get(`${api}/never`, { signal: during.signal });
        setTimeout(() => during.abort(), 50);
        const calls = [idp.get(api, { signal: AbortSignal.abort() }), waiting, idp.session({ timeoutSeconds: 1 }).get(`${api}/never`)];
        return Promise.all(calls.map((call) => call.catch(({ name, code }) => [name, typeof code === "string" ? code : ""])));
      });
      assert.deepEqual(told, [["AbortError", ""], ["AbortError", ""], ["TimeoutError", "timeout"]]);
      assert.deepEqual(api.paths(), ["GET /never", "GET /never"]);
    }));
});
