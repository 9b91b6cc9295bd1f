// The framework examples of the documentation of authpi-idp (FastAPI, Django, Flask): a server that keeps the tokens of
// each visitor in a session of its own, signs people in, and asks what they may do.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { IdpClient, TokenExpiredError } from "wasm-oidc";

import { demoUsers, signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";

/** @typedef {{ oauth?: any, tokens?: any }} Session */
/** @typedef {import("node:http").ServerResponse} Response */

const [ada, ben] = demoUsers;
const member = (/** @type {string[]} */ scopes) => [{ id: "org_xxx", title: "X", scopes, joined_at: 1 }];

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  const users = [
    { ...ada, organizations: member(["dashboard:read"]) },
    { ...ben, organizations: member(["projects:read"]) },
  ];
  provider = await startTestProvider({ users, ttl: { AccessToken: 600 } });
});
after(() => provider?.close());

/** What differs between the three: the status of a wrong state, of nobody, of no access, and what the page says. */
const FRAMEWORKS = [
  { name: "FastAPI", wrongState: 200, nobody: { status: 401 }, denied: 403, page: (/** @type {any} */ agent) => JSON.stringify({ user: agent.id, email: agent.email }) },
  { name: "Django", wrongState: 400, nobody: { status: 302, location: "/login" }, denied: 403, page: (/** @type {any} */ agent) => `Welcome, ${agent.email}` },
  { name: "Flask", wrongState: 400, nobody: { status: 302, location: "/login" }, denied: undefined, page: (/** @type {any} */ agent) => `Welcome, ${agent.email}` },
];

for (const framework of FRAMEWORKS) {
  describe(`the example of ${framework.name}`, () => {
    /** @type {Awaited<ReturnType<typeof startApp>>} */
    let app;
    before(async () => {
      app = await startApp(framework);
    });
    after(() => app?.close());

    test("signs in and shows the dashboard", async () => {
      const visitor = visitorOf(app);
      const dashboard = await visitor.signIn("ada");
      assert.equal(dashboard.status, 200);
      assert.match(await dashboard.text(), /ada@example\.com/);
    });

    test("renews the tokens of a visitor who comes back, once, and keeps the new ones", async () => {
      const visitor = visitorOf(app);
      await visitor.signIn("ada");
      const old = app.sessionOf(visitor).tokens;
      app.sessionOf(visitor).tokens = { ...old, expires_at: Math.floor(Date.now() / 1000) - 5 };
      assert.equal((await visitor.get("/dashboard")).status, 200);
      assert.notEqual(app.sessionOf(visitor).tokens.refresh_token, old.refresh_token);
    });

    test("sends who has no tokens, or tokens that are over, to sign in", async () => {
      const visitor = visitorOf(app);
      assert.equal((await visitor.get("/dashboard")).status, framework.nobody.status);
      await visitor.signIn("ada");
      const { refresh_token, ...tokens } = app.sessionOf(visitor).tokens;
      app.sessionOf(visitor).tokens = { ...tokens, expires_at: Math.floor(Date.now() / 1000) - 5 };
      const sent = await visitor.get("/dashboard");
      assert.deepEqual([sent.status, sent.headers.get("location")], [framework.nobody.status, framework.nobody.location ?? null]);
    });

    test("refuses a callback whose state is not the visitor's", async () => {
      const visitor = visitorOf(app);
      await visitor.get("/login");
      const answer = await visitor.get("/callback?code=anything&state=somebody-elses");
      assert.deepEqual([answer.status, await answer.text()], [framework.wrongState, "Invalid state"]);
      assert.equal(app.sessionOf(visitor).tokens, undefined);
    });

    test("shows the dashboard to who may read it", async () => {
      const dashboard = await visitorOf(app).signIn("ben");
      assert.equal(dashboard.status, framework.denied ?? 200);
    });
  });
}

/** @param {typeof FRAMEWORKS[number]} framework */
async function startApp({ wrongState, nobody, denied, page }) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const clientId = `server-${randomUUID()}`;
  await provider.addClient({ client_id: clientId, redirect_uris: [`${origin}/callback`] });

  const idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId,
    redirectUri: `${origin}/callback`,
    scopes: ["openid", "profile", "email", "offline_access"],
  });
  /** @type {Map<string, Session>} */
  const sessions = new Map();

  /** @type {Record<string, (session: Session, url: URL, response: Response) => Promise<void> | void>} */
  const routes = {
    "/login": (session, _, response) => {
      session.oauth = idp.createAuthorizationUrl({ scopes: ["openid", "profile", "email", "offline_access"] });
      response.writeHead(302, { location: session.oauth.url }).end();
    },
    "/callback": async (session, url, response) => {
      if (url.searchParams.get("state") !== session.oauth?.state) return void response.writeHead(wrongState).end("Invalid state");
      const agent = await idp.exchangeCode(url, session.oauth);
      session.tokens = agent.tokens;
      response.writeHead(302, { location: "/dashboard" }).end();
    },
    "/dashboard": async (session, _, response) => {
      const { status, ...headers } = nobody;
      if (session.tokens === undefined) return void response.writeHead(status, headers).end();
      try {
        const agent = await idp.createAgent(session.tokens, { onRefresh: (tokens) => void (session.tokens = tokens) });
        const allowed = denied === undefined || agent.hasAccessIn("org_xxx", "read", "dashboard");
        response.writeHead(allowed ? 200 : Number(denied)).end(allowed ? page(agent) : "Forbidden");
      } catch (error) {
        if (!(error instanceof TokenExpiredError)) throw error;
        response.writeHead(status, headers).end();
      }
    },
  };

  server.on("request", async (request, response) => {
    const url = new URL(request.url ?? "/", origin);
    const id = request.headers.cookie ?? "";
    const session = sessions.get(id) ?? {};
    sessions.set(id, session);
    try {
      await routes[url.pathname](session, url, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  return {
    origin,
    sessionOf: (/** @type {{ cookie: string }} */ { cookie }) => /** @type {Session} */ (sessions.get(cookie)),
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** Somebody with a browser. @param {{ origin: string }} app */
function visitorOf({ origin }) {
  const cookie = `session=${randomUUID()}`;
  const get = (/** @type {string} */ path) => fetch(new URL(path, origin), { headers: { cookie }, redirect: "manual" });
  return {
    cookie,
    get,
    signIn: async (/** @type {import("../op/provider.mjs").Login} */ login) => {
      const away = (await get("/login")).headers.get("location") ?? "";
      const home = await get(await signInWithoutBrowser(away, login));
      assert.equal(home.headers.get("location"), "/dashboard", await home.text());
      return get("/dashboard");
    },
  };
}
