// @ts-check
// Signing in on a server with a real browser: what SameSite, prefixes and policies do there, and what a page can see.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { memoryStorage } from "wasm-oidc";

import { useBrowser } from "../e2e/browser.mjs";
import { signIn } from "../op/provider.mjs";
import { makeHandler, startProvider } from "./setting.mjs";

const inTab = useBrowser();

/**
 * An app at `http://localhost`, which is another site than the provider at `http://127.0.0.1`.
 *
 * @param {import("node:test").TestContext} t
 * @param {any} [options]
 */
async function startApp(t, options) {
  /** @type {{ handle: any, getSession: any }} */
  let handler;
  const server = createServer(async (incoming, outgoing) => {
    /** @type {Buffer[]} */
    const pieces = [];
    for await (const piece of incoming) pieces.push(piece);
    const body = pieces.length === 0 ? undefined : Buffer.concat(pieces);
    const request = new Request(origin + incoming.url, { method: incoming.method, headers: /** @type {any} */ (incoming.headers), body });
    let response = await handler.handle(request);
    if (response === null) {
      const session = await handler.getSession(request);
      const html = `<!doctype html><title>App</title><link rel="icon" href="data:,"><p>${session?.agent.email ?? "nobody"}</p>`;
      response = new Response(html, { headers: { "content-type": "text/html" } });
      if (session !== null) response = session.applyTo(response);
    }
    outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "set-cookie": response.headers.getSetCookie() });
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const origin = `http://localhost:${port}`;
  const provider = await startProvider({}, { redirectUris: [`${origin}/auth/callback`], post_logout_redirect_uris: [`${origin}/bye`] });
  handler = makeHandler(provider, { publicOrigin: origin, store: memoryStorage(), ...options });
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await provider.close();
  });
  return { origin, provider };
}

/** @param {import("playwright-core").Page} page */
const who = (page) => page.evaluate(async () => (await fetch("/auth/session", { headers: { "x-wasm-oidc": "1" } })).json());

for (const [name, options, session] of /** @type {[string, any, string][]} */ ([
  ["SameSite=Lax", {}, "Lax"],
  ["SameSite=Strict, by a page that goes on by itself", { sameSite: "strict" }, "Strict"],
  ["form_post, whose form crosses sites", { client: { responseMode: "form_post" } }, "Lax"],
  ["form_post and SameSite=Strict", { client: { responseMode: "form_post" }, sameSite: "strict" }, "Strict"],
])) {
  test(`somebody signs in, comes back and signs out in Chromium: ${name}`, async (t) => {
    const { origin, provider } = await startApp(t, options);
    await inTab(async ({ page, context }) => {
      await page.goto(`${origin}/auth/login?returnTo=/tasks%3Fopen%3D1`);
      await signIn(page, "ada");
      await page.waitForURL(`${origin}/tasks?open=1`);
      await page.getByText("ada@example.com").waitFor();
      const { agent } = await who(page);
      assert.equal(agent.id, "usr_ada");
      assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the cookie");
      const cookies = (await context.cookies(origin)).filter((cookie) => cookie.name === "wasm-oidc");
      assert.deepEqual(cookies.map(({ httpOnly, sameSite, path }) => [httpOnly, sameSite, path]), [[true, session, "/"]]);

      // The back button leads over the callback's page to where it led, and asks nothing of the provider again.
      const before = provider.requests.filter(({ path }) => path === "/token").length;
      await page.reload();
      await page.getByText("ada@example.com").waitFor();
      assert.equal(provider.requests.filter(({ path }) => path === "/token").length, before);

      const { url } = await page.evaluate(async () => (await fetch("/auth/logout", { method: "POST", headers: { "x-wasm-oidc": "1" } })).json());
      assert.equal(new URL(url).origin, provider.issuer);
      assert.deepEqual(await who(page), { agent: null });
      assert.deepEqual((await context.cookies(origin)).filter((cookie) => cookie.name === "wasm-oidc"), []);
    });
  });
}

test("a page of another site signs nobody out, in Chromium [W10]", async (t) => {
  const { origin } = await startApp(t);
  const evil = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><link rel="icon" href="data:,"><form id="f" method="post" action="${origin}/auth/logout"><button>go</button></form>`);
  }).listen(0, "127.0.0.1");
  await once(evil, "listening");
  t.after(() => (evil.close(), evil.closeAllConnections()));
  const { port } = /** @type {import("node:net").AddressInfo} */ (evil.address());
  await inTab(async ({ page, expectErrors }) => {
    await page.goto(`${origin}/auth/login`);
    await signIn(page, "ada");
    await page.waitForURL(`${origin}/`);
    await page.goto(`http://127.0.0.1:${port}/`);
    const [response] = await Promise.all([page.waitForResponse(`${origin}/auth/logout`), page.getByRole("button").click()]);
    assert.equal(response.status(), 403);
    await page.goto(`http://127.0.0.1:${port}/`);
    const sent = page.evaluate((url) => fetch(url, { method: "POST", credentials: "include", headers: { "x-wasm-oidc": "1" } }).then(() => "sent", () => "refused"), `${origin}/auth/logout`);
    assert.equal(await sent, "refused");
    expectErrors(/403|CORS|Failed to load/);
    await page.goto(origin);
    assert.equal((await who(page)).agent.id, "usr_ada");
  });
});
