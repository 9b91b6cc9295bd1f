// @ts-check
// Signing in at a Worker, in workerd: at module scope, with sessions in cookies, and with Durable Objects behind many requests.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request as ask } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Browser, CLIENT, NAVIGATION, ORIGIN, OWN, SECRET, startProvider } from "./setting.mjs";
import { startWorker } from "./worker.mjs";

/** Seconds that an access token lives: it is due when half of them are over. */
const LIFE = 12;

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  const bare = {
    client_id: "no-refresh", client_secret: CLIENT.clientSecret, token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["authorization_code"], redirect_uris: [`${ORIGIN}/auth/callback`],
  };
  provider = await startProvider({ ttl: { AccessToken: LIFE } });
  await provider.addClient(bare);
});
after(() => provider?.close());

/** As a browser asks: `fetch` would say itself what mode it has. @param {import("miniflare").Miniflare} worker */
const browserAt = (worker) =>
  new Browser({
    async handle(request) {
      const { method, headers, url } = request;
      const { pathname, search } = new URL(url);
      const sent = ask(new URL(pathname + search, await worker.ready), { method, headers: Object.fromEntries(headers) });
      sent.end(Buffer.from(await request.arrayBuffer()));
      const [response] = await once(sent, "response");
      const pieces = [];
      for await (const piece of response) pieces.push(piece);
      const { statusCode: status } = response;
      const answered = new Response(status === 303 ? null : Buffer.concat(pieces), { status });
      for (let index = 0; index < response.rawHeaders.length; index += 2) answered.headers.append(response.rawHeaders[index], response.rawHeaders[index + 1]);
      return answered;
    },
  });

/** @param {object} [client] */
const options = (client) =>
  JSON.stringify({ client: { issuer: provider.issuer, ...CLIENT, ...client }, publicOrigin: ORIGIN, secrets: SECRET, api: { "/api/": `${provider.issuer}/` } });

test("a handler at module scope signs people in, keeps their sessions apart, and signs them out", async () => {
  const worker = await startWorker(`
    import { createSessionHandler } from "wasm-oidc/edge";
    const sessions = createSessionHandler(${options({ clientId: "no-refresh" })});
    export default {
      async fetch(request, env, context) {
        const answer = await sessions.handle(request, context);
        if (answer !== null) return answer;
        const session = await sessions.getSession(request, context);
        return session === null ? Response.json(null) : session.applyTo(Response.json(session.agent.email));
      },
    };`);
  try {
    const [ada, ben] = [browserAt(worker), browserAt(worker)];
    assert.equal((await ada.signIn("/auth/login?returnTo=/hello", "ada")).headers.get("location"), `${ORIGIN}/hello`);
    await ben.signIn("/auth/login", "ben");
    assert.equal((await ada.who()).agent.id, "usr_ada");
    const asked = await Promise.all(Array.from({ length: 20 }, async (_, index) => (await (index % 2 ? ada : ben).fetch("/")).json()));
    assert.deepEqual(asked, Array.from({ length: 20 }, (_, index) => (index % 2 ? "ada@example.com" : "ben@example.com")));
    const page = await ada.fetch("/");
    assert.deepEqual([page.headers.get("cache-control"), page.headers.get("vary")], ["private, no-store", "Cookie"]);
    assert.equal((await ada.fetch("/api/me", { headers: { accept: "application/json" } })).status, 200, "userinfo through the proxy");
    assert.equal((await ada.fetch("/api/@evil.example/")).status, 403);
    assert.equal((await ada.fetch("/auth/logout", { method: "POST" })).status, 200);
    assert.deepEqual(await ada.who(), { agent: null });
    assert.equal((await ben.who()).agent.id, "usr_ben");
    const odd = await worker.dispatchFetch(`${ORIGIN}/`, { headers: { cookie: `__Host-wasm-oidc=1~${"A".repeat(20000)}` } });
    assert.equal(await odd.json(), null);
    assert.equal((await ada.send("/auth/callback?code=%ff&state=%", { headers: NAVIGATION })).status, 400);
  } finally {
    await worker.dispose();
  }
});

test("many requests on one session that is due send one refresh, by the session's Durable Object", async () => {
  const worker = await startWorker(
    `
    import { createSessionHandler, durableObjectCoordinator, durableObjectStorage, SessionObject } from "wasm-oidc/edge";
    const given = ${options()};
    export class Sessions extends SessionObject {
      options() { return given.client; }
    }
    let sessions;
    export default {
      async fetch(request, env, context) {
        sessions ??= createSessionHandler({
          ...given, store: durableObjectStorage(env.SESSIONS), coordinator: durableObjectCoordinator(env.SESSIONS),
        });
        const answer = await sessions.handle(request, context);
        if (answer !== null) return answer;
        const session = await sessions.getSession(request, context);
        return session === null ? Response.json(null) : session.applyTo(Response.json([session.agent.id, await session.agent.getAccessToken()]));
      },
    };`,
    { durableObjects: { SESSIONS: { className: "Sessions", useSQLite: true } } },
  );
  try {
    const [browser, other] = [browserAt(worker), browserAt(worker)];
    assert.equal((await browser.signIn()).status, 303);
    await other.signIn("/auth/login", "ben");
    const [, first] = await (await browser.fetch("/")).json();
    await sleep((LIFE / 2 + 1) * 1000);
    const refreshes = () => provider.requests.filter(({ grantType }) => grantType === "refresh_token").length;
    const before = refreshes();
    const answers = await Promise.all(Array.from({ length: 30 }, async () => (await browser.fetch("/")).json()));
    assert.deepEqual(new Set(answers.map(([id]) => id)), new Set(["usr_ada"]));
    assert.equal(refreshes(), before + 1);
    const tokens = new Set(answers.map(([, token]) => token));
    assert.equal(tokens.size, 1);
    assert.ok(!tokens.has(first));
    assert.equal((await other.fetch("/auth/logout", { method: "POST" })).status, 200);
    assert.equal(await (await other.fetch("/")).json(), null);
    const copy = browser.cookiesFor("/");
    await browser.fetch("/auth/logout", { method: "POST" });
    const stolen = await worker.dispatchFetch(`${ORIGIN}/`, { headers: { cookie: copy, ...OWN } });
    assert.equal(await stolen.json(), null, "a copy of the cookie is nobody's");
  } finally {
    await worker.dispose();
  }
});
