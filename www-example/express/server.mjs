// @ts-check
// Express: an API for bearers of access tokens, and pages for people who sign in.
import express from "express";
import { memoryStorage } from "wasm-oidc";
import { createSessionHandler, createVerifier } from "wasm-oidc/edge";
import { page } from "../page.mjs";
import { web } from "../web.mjs";

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

/** @param {string} action @param {string} resource */
const requireAccess = (action, resource) =>
  web(async (request, /** @type {any} */ incoming) => {
    const { agent, response } = await verifier.tryVerify(request, { access: [action, resource] });
    incoming.agent = agent;
    return response ?? null;
  });

const app = express();
// Login, callback and logout, below /auth. Before any parser of bodies: the handler reads its own.
app.use(web((request) => sessions.handle(request)));

app.get("/", web(async (request) => page("Express", await sessions.getSession(request))));

app.get("/api/tasks", requireAccess("read", "projects.tasks"), (/** @type {any} */ { agent }, response) => {
  response.json({ read: "projects.tasks", by: agent.id });
});
app.post("/api/tasks", requireAccess("write", "projects.tasks"), (/** @type {any} */ { agent }, response) => {
  response.json({ write: "projects.tasks", by: agent.id });
});

app.listen(Number(PORT), "127.0.0.1");
