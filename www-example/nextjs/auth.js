// @ts-check
// What the routes and pages have in common: who checks access tokens, and who keeps the sessions of people.
import { headers } from "next/headers";
import { memoryStorage } from "wasm-oidc";
import { createSessionHandler, createVerifier } from "wasm-oidc/edge";

const { PUBLIC_ORIGIN = "", OIDC_ISSUER, OIDC_CLIENT_ID = "", OIDC_CLIENT_SECRET, SESSION_SECRETS = "" } = process.env;

export const verifier = createVerifier({ issuer: OIDC_ISSUER, audience: `${PUBLIC_ORIGIN}/api` });

// Next evaluates this module for each bundle that holds it, and in development again after each change.
// Of this process alone, and gone with it. Several share a Redis: `unstorageStorage` says how.
const store = (/** @type {any} */ (globalThis).sessionStore ??= memoryStorage());

export const sessions = createSessionHandler({
  client: {
    issuer: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    postLogoutRedirectUri: `${PUBLIC_ORIGIN}/`,
  },
  publicOrigin: PUBLIC_ORIGIN,
  secrets: SESSION_SECRETS.split(","),
  store,
});

/**
 * In server components, which have the headers of the request and no way to set any of the answer: with a store nothing is
 * lost by that, and Next caches no page that asks for headers.
 */
export async function currentAgent() {
  const session = await sessions.getSession(new Request(PUBLIC_ORIGIN, { headers: await headers() }));
  return session?.agent ?? null;
}
