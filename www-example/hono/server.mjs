// @ts-check
// Hono: an API for bearers of access tokens, and pages for people who sign in. Here in Node; in Workers, Deno and Bun the
// app is the same, and what they export or serve is `app`.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { memoryStorage } from "wasm-oidc";
import { bearer, requireAccess, session } from "wasm-oidc/hono";
import { page } from "../page.mjs";

const { PUBLIC_ORIGIN = "", PORT, OIDC_ISSUER, OIDC_CLIENT_ID = "", OIDC_CLIENT_SECRET, SESSION_SECRETS = "" } = process.env;

const api = new Hono()
  .use(bearer({ issuer: OIDC_ISSUER, audience: `${PUBLIC_ORIGIN}/api` }))
  .get("/tasks", requireAccess("read", "projects.tasks"), (c) => c.json({ read: "projects.tasks", by: c.get("agent").id }))
  .post("/tasks", requireAccess("write", "projects.tasks"), (c) => c.json({ write: "projects.tasks", by: c.get("agent").id }));

const pages = new Hono()
  // Answers login, callback and logout below /auth by itself.
  .use(
    session({
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
    }),
  )
  .get("/", (c) => page("Hono", c.get("session")));

const app = new Hono().route("/api", api).route("/", pages);

serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" });
