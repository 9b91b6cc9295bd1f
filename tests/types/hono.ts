// What an app with Hono writes in TypeScript compiles, and what it must not write does not.

import { Hono } from "hono";
import { createSessionHandler, createVerifier, type Session, type SessionHandler, type Verifier } from "wasm-oidc/edge";
import { bearer, requireAccess, session, type BearerEnv, type SessionEnv } from "wasm-oidc/hono";
import type { Agent } from "wasm-oidc";

const verifier: Verifier = createVerifier({ issuer: "https://idp.example.com", audience: "https://api.example.com" });

export const api = new Hono()
  .use(bearer(verifier, { scopes: ["tasks"] }))
  .get("/me", (c) => {
    const agent: Agent = c.get("agent");
    return c.json({ id: agent.id, also: c.var.agent.id });
  })
  .get("/orgs/:org", requireAccess("read", "projects", (c) => c.req.param("org")), (c) => c.text(c.get("agent").id));

const sessions: SessionHandler = createSessionHandler({
  client: { issuer: "https://idp.example.com", clientId: "app", clientSecret: "secret" },
  publicOrigin: "https://app.example.com",
  secrets: ["x".repeat(32)],
});

export const pages = new Hono().use(session(sessions)).get("/", (c) => {
  const known: Session | null = c.get("session");
  // @ts-expect-error: perhaps nobody is signed in
  console.log(c.get("agent").id);
  return c.text(c.get("agent")?.id ?? known?.agent.id ?? "nobody");
});

export const guarded = new Hono<SessionEnv>().get("/", requireAccess("read", "projects", "org_x"), (c) => c.text(c.get("agent").id));

export const elsewhere = new Hono<BearerEnv>().get("/", (c) => c.text(c.get("agent").id));

// @ts-expect-error: whose tokens, and for which API?
bearer({});
// @ts-expect-error: no list of organizations
requireAccess("read", "projects", ["org_x"]);
