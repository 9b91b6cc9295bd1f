// @ts-check
// A Cloudflare Worker: an API for bearers of access tokens, and pages for people who sign in. Sessions are in sealed cookies,
// and a Durable Object renews their tokens: one request to the provider, however many isolates find them due.
import { env } from "cloudflare:workers";
import { SessionObject, createSessionHandler, createVerifier, durableObjectCoordinator } from "wasm-oidc/edge";
import { page } from "../page.mjs";

const { PUBLIC_ORIGIN, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, SESSION_SECRETS, SESSIONS } = env;

const client = {
  issuer: OIDC_ISSUER,
  clientId: OIDC_CLIENT_ID,
  clientSecret: OIDC_CLIENT_SECRET,
  postLogoutRedirectUri: `${PUBLIC_ORIGIN}/`,
};

// All of this is synchronous and asks nobody, so it may stand here, once for an isolate.
const verifier = createVerifier({ issuer: OIDC_ISSUER, audience: `${PUBLIC_ORIGIN}/api` });

const sessions = createSessionHandler({
  client,
  publicOrigin: PUBLIC_ORIGIN,
  secrets: SESSION_SECRETS.split(","),
  coordinator: durableObjectCoordinator(SESSIONS),
});

/** One for each session; `wrangler.jsonc` binds it as SESSIONS. */
export class Sessions extends SessionObject {
  options() {
    return client;
  }
}

export default {
  /** @param {Request} request @param {unknown} _ @param {{waitUntil: (work: Promise<unknown>) => void}} context */
  async fetch(request, _, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/tasks") {
      const action = request.method === "GET" ? "read" : "write";
      const waitUntil = context.waitUntil.bind(context);
      const { agent, response } = await verifier.tryVerify(request, { access: [action, "projects.tasks"], waitUntil });
      return response ?? Response.json({ [action]: "projects.tasks", by: agent.id });
    }
    if (pathname === "/") return page("Workers", await sessions.getSession(request));
    // Login, callback and logout, below /auth.
    return (await sessions.handle(request, context)) ?? new Response("Not found", { status: 404 });
  },
};
