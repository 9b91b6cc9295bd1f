// @ts-check
// wasm-oidc/hono: `createVerifier` and `createSessionHandler` of `wasm-oidc/edge` as middleware of Hono.

import { HTTPException } from "hono/http-exception";
import { createSessionHandler, createVerifier } from "wasm-oidc/edge";

import { withHeaders } from "../edge/session/session-headers.js";
import { configurationError, isOAuthError } from "../errors.js";
import { insufficientScope, signedOut, unavailable } from "./refusals.js";

/** Methods that change nothing (RFC 9110 9.2.1). */
const SAFE = ["GET", "HEAD", "OPTIONS"];

/** @typedef {import("hono").Context<any>} Context */

/**
 * @param {import("../edge/index.d.ts").VerifierOptions | import("../edge/index.d.ts").Verifier} options
 * @param {{ scopes?: readonly string[] }} [needs]
 * @returns {import("hono").MiddlewareHandler<import("./index.d.ts").BearerEnv>}
 */
export function bearer(options, { scopes } = {}) {
  const verifier = "tryVerify" in options ? options : createVerifier(options);
  return async (c, next) => {
    const responseHeaders = new Headers();
    const { agent, response } = await verifier.tryVerify(c.req.raw, { scopes, waitUntil: worker(c)?.waitUntil, responseHeaders });
    if (agent === undefined) return response;
    c.set("agent", agent);
    await next();
    // Not before: a Response that the app makes by itself would go without them.
    for (const [name, value] of responseHeaders) c.header(name, value);
  };
}

/**
 * @param {import("../edge/index.d.ts").SessionHandlerOptions | import("../edge/index.d.ts").SessionHandler} options
 * @returns {import("hono").MiddlewareHandler<import("./index.d.ts").SessionEnv>}
 */
export function session(options) {
  const sessions = "getSession" in options ? options : createSessionHandler(options);
  return async (c, next) => {
    const [request, context] = [c.req.raw, worker(c)];
    const answer = await sessions.handle(request, context);
    if (answer !== null) return answer;
    const session = await sessions.getSession(request, context).catch(failed);
    if (session !== null && !SAFE.includes(request.method)) {
      // It asks where the request comes from: browsers send cookies with what other sites make them send.
      const refused = await sessions.requireAgent(request, context).then(() => undefined, refusalOf);
      if (refused !== undefined) return session.applyTo(refused);
    }
    c.set("session", session);
    c.set("agent", session?.agent ?? null);
    await next();
    const { res } = c;
    // Else Hono puts the headers of the one before over those of this one, and its cookies are lost.
    c.res = undefined;
    c.res = session === null ? withHeaders(res, []) : session.applyTo(res);
  };
}

/**
 * @param {string} action
 * @param {string} resource
 * @param {[organization?: string | ((c: Context) => string | undefined | Promise<string | undefined>)]} where
 * @returns {import("hono").MiddlewareHandler<import("./index.d.ts").BearerEnv>}
 */
export function requireAccess(action, resource, ...where) {
  return async (c, next) => {
    const agent = /** @type {import("../index.d.ts").Agent | null | undefined} */ (c.get("agent"));
    if (agent === undefined) {
      throw configurationError("invalid_option", "`requireAccess` asks about the agent of a request: put `bearer` or `session` before it");
    }
    if (agent === null) return signedOut().toResponse();
    const [place] = where;
    const organization = typeof place === "function" ? await place(c) : place;
    // An organization that was given and is `undefined` must not mean any.
    const isAllowed = where.length === 0 ? agent.hasAccess(action, resource) : agent.hasAccessIn(organization ?? "", action, resource);
    if (!isAllowed) return insufficientScope(c.req.header("authorization"), `${resource}:${action}`).toResponse();
    await next();
  };
}

/**
 * @param {any} error
 * @returns {Response}
 */
function refusalOf(error) {
  if (isOAuthError(error) && "toResponse" in error) return /** @type {any} */ (error).toResponse();
  throw error;
}

/**
 * Thrown and not answered, so that the app's `onError` sees it.
 *
 * @param {any} cause
 * @returns {never}
 */
function failed(cause) {
  throw isOAuthError(cause) && cause.recovery === "retry" ? new HTTPException(503, { res: unavailable().toResponse(), cause }) : cause;
}

/**
 * The context of a Worker, where there is one.
 *
 * @param {Context} c
 */
function worker(c) {
  try {
    const context = c.executionCtx;
    return { waitUntil: (/** @type {Promise<unknown>} */ work) => context.waitUntil(work) };
  } catch {
    return undefined;
  }
}
