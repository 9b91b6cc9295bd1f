// @ts-check
// Fastify: an API for bearers of access tokens, and pages for people who sign in.
import fastify from "fastify";
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

/** A hook of Fastify. `onRequest` is the one before bodies are parsed. @param {Parameters<typeof web>[0]} answer */
const hook = (answer) => (/** @type {any} */ request, /** @type {any} */ reply, /** @type {() => void} */ done) =>
  web(answer)(request.raw, reply.raw, done);

/** @param {string} action @param {string} resource */
const requireAccess = (action, resource) =>
  hook(async (request, /** @type {any} */ incoming) => {
    const { agent, response } = await verifier.tryVerify(request, { access: [action, resource] });
    incoming.agent = agent;
    return response ?? null;
  });

const app = fastify();
// Login, callback and logout, below /auth.
app.addHook("onRequest", hook((request) => sessions.handle(request)));

app.get("/", { onRequest: hook(async (request) => page("Fastify", await sessions.getSession(request))) }, () => {});

app.get("/api/tasks", { onRequest: requireAccess("read", "projects.tasks") }, (/** @type {any} */ { raw: { agent } }) => {
  return { read: "projects.tasks", by: agent.id };
});
app.post("/api/tasks", { onRequest: requireAccess("write", "projects.tasks") }, (/** @type {any} */ { raw: { agent } }) => {
  return { write: "projects.tasks", by: agent.id };
});

await app.listen({ port: Number(PORT), host: "127.0.0.1" });
