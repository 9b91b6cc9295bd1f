// wasm-oidc/hono: `createVerifier` and `createSessionHandler` of `wasm-oidc/edge` as middleware of Hono (4 or newer), in every
// runtime that Hono runs in.
//
// ```ts
// const api = new Hono()
//   .use(bearer({ issuer: "https://idp.example.com", audience: "https://api.example.com" }))
//   .get("/orgs/:org/tasks", requireAccess("read", "projects.tasks", (c) => c.req.param("org")), (c) => c.json(c.get("agent").id));
// ```

import type { Context, MiddlewareHandler } from "hono";
import type { Needs, Session, SessionHandler, SessionHandlerOptions, Verifier, VerifierOptions } from "../edge/index.js";
import type { Agent } from "../index.js";

/** What `bearer` puts into the context: `new Hono<BearerEnv>()` where the type cannot follow from `.use(bearer(…))`. */
export interface BearerEnv {
  Variables: { agent: Agent };
}

/** What `session` puts into the context. `null`: nobody is signed in. */
export interface SessionEnv {
  Variables: { agent: Agent | null; session: Session | null };
}

/**
 * Lets only requests through that carry a good access token (RFC 6750, RFC 9449), with its agent as `c.get("agent")`.
 * Others are answered as `RequestAuthError.toResponse()` says: 400, 401, 403 or 503, with the challenges that belong to it. The
 * app's answers get the `DPoP-Nonce` for the next request, where there is one.
 *
 * @param options those of `createVerifier`, or a verifier, which several middlewares can share
 * @param needs `scopes` that every token must have
 * @throws as `createVerifier`, at once
 */
export function bearer(options: VerifierOptions | Verifier, needs?: Pick<Needs, "scopes">): MiddlewareHandler<BearerEnv>;

/**
 * A whole sign-in: answers the routes of the session handler (`/auth/login`, `/auth/callback`, `/auth/logout` … and those of
 * its option `api`), and for every other request puts the session of the cookie and its agent into the context. The answer
 * gets the cookies of a session that was renewed or has ended, `Cache-Control: private, no-store` and `Vary: Cookie`,
 * whether somebody is signed in or not.
 *
 * Somebody who is signed in changes nothing by what another site makes the browser send: anything but GET, HEAD and OPTIONS
 * is answered 403 then, as `requireAgent` has it. Without a session it passes, such as a webhook.
 *
 * Put it before what it is for: what stands before it, such as static files, has no session and may be cached.
 *
 * @param options those of `createSessionHandler`, or a session handler
 * @throws as `createSessionHandler`, at once; in a request HTTPException of Hono with status 503, where nobody can tell at the
 *   moment who it is: its `cause` is the StorageError or the like, and without an `onError` of the app it is the answer
 */
export function session(options: SessionHandlerOptions | SessionHandler): MiddlewareHandler<SessionEnv>;

/**
 * Lets only agents through that may do this, as `agent.hasAccess`, with an organization as `agent.hasAccessIn`. Others are
 * answered with 403 `insufficient_scope` (RFC 6750 3.1), whose challenge names the scope that is missing; where nobody is
 * signed in, with 401.
 *
 * @param organization its id, or what finds it: `(c) => c.req.param("org")`. One that is not found grants nothing; without
 *   this argument any organization grants
 * @throws ConfigurationError `invalid_option`, in a request: neither `bearer` nor `session` stands before it
 */
export function requireAccess(
  action: string,
  resource: string,
  organization?: string | ((c: Context<any>) => string | undefined | Promise<string | undefined>),
): MiddlewareHandler<BearerEnv>;
