// @ts-check
// node:http: an API for bearers of access tokens, and pages for people who sign in.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { memoryStorage } from "wasm-oidc";
import { createSessionHandler, createVerifier } from "wasm-oidc/edge";
import { page } from "../page.mjs";

const { PUBLIC_ORIGIN = "", PORT, OIDC_ISSUER, OIDC_CLIENT_ID = "", OIDC_CLIENT_SECRET, SESSION_SECRETS = "" } = process.env;

const verifier = createVerifier({ issuer: OIDC_ISSUER, audience: `${PUBLIC_ORIGIN}/api` });

const sessions = createSessionHandler({
  client: {
    issuer: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    postLogoutRedirectUri: `${PUBLIC_ORIGIN}/`,
  },
  publicOrigin: PUBLIC_ORIGIN,
  secrets: SESSION_SECRETS.split(","),
  // Of this process alone, and gone with it. Several share a Redis: `unstorageStorage` says how.
  store: memoryStorage(),
});

/** @param {Request} request */
async function respond(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/api/tasks") {
    const action = request.method === "GET" ? "read" : "write";
    const { agent, response } = await verifier.tryVerify(request, { access: [action, "projects.tasks"] });
    return response ?? Response.json({ [action]: "projects.tasks", by: agent.id });
  }
  if (pathname === "/") return page("node:http", await sessions.getSession(request));
  // Login, callback and logout, below /auth.
  return (await sessions.handle(request)) ?? new Response("Not found", { status: 404 });
}

createServer(getRequestListener(respond)).listen(Number(PORT), "127.0.0.1");
