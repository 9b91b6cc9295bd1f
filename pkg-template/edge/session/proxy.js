// @ts-check
// The proxy to an API: the request of a page, with the session's token instead of its cookie. What may be asked for is
// what is listed, as two servers would read it alike (OAuth 2.0 for Browser-Based Applications, section 6.1.3.6).

import { isOAuthError } from "../../errors.js";
import { answer, refusal } from "./answers.js";
import { downstream, upstream } from "./proxy-headers.js";
import { isFromHere, isOurPages, isPlain } from "./requests.js";

/** What reads, and changes nothing (RFC 9110 9.2.1). */
export const SAFE = ["GET", "HEAD", "OPTIONS"];

/** What is for the connection, and not for what is behind it. */
const REFUSED = ["CONNECT", "TRACE", "TRACK"];

/**
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 * @param {import("./api-options.js").Api} api
 * @param {() => Promise<import("./hold.js").InHand | undefined>} hold
 * @returns {Promise<Response>}
 */
export async function proxy({ settings, jar, renewal }, request, api, hold) {
  const isAllowed = SAFE.includes(request.method) ? isFromHere(request) : isOurPages(request, settings.publicOrigin);
  if (!isAllowed) return refusal(request, 403, "cross_site_request");
  if (REFUSED.includes(request.method)) return refusal(request, 405, "method_not_allowed");
  const target = targetOf(request.url, api);
  if (target === undefined) return refusal(request, 403, "path_not_allowed");
  const inHand = await hold();
  if (inHand === undefined) return refusal(request, 401, "signed_out", { cookies: jar.deleteSession(jar.read(request)) });

  const send = (/** @type {string} */ token) => sendTo(target, request, token, settings.fetch);
  try {
    const tokens = await tokensFor(api, inHand);
    const response = await send(tokens.access_token);
    // A body that was read cannot be sent again; and who refuses a new token will refuse the next one.
    const isWorthAnother = response.status === 401 && request.body === null && !renewal.isNew(tokens);
    const next = isWorthAnother && (await tokensFor(api, inHand, tokens.access_token).catch(() => undefined));
    if (!next || next.access_token === tokens.access_token) return toPage(response, request, api, inHand);
    await response.body?.cancel();
    return toPage(await send(next.access_token), request, api, inHand);
  } catch (error) {
    if (!isOAuthError(error)) return refusal(request, 502, "api_unreachable", { cookies: inHand.cookies() });
    const status = { reauthenticate: 401, fix: 500, retry: 503, stop: 403 }[error.recovery];
    return refusal(request, status, error.code, { cookies: inHand.cookies(), recovery: error.recovery });
  }
}

/**
 * The tokens whose access token an API gets: those of the session, or its own.
 *
 * @param {import("./api-options.js").Api} api
 * @param {import("./hold.js").InHand} inHand
 * @param {string} [refused] by the API
 * @returns {Promise<import("../../index.d.ts").TokenSet>}
 */
async function tokensFor(api, { held, agent, narrowed }, refused) {
  if (api.hasOwnToken) return narrowed(api, refused);
  await agent.getAccessToken({ forceRefresh: refused !== undefined });
  return held.kept.tokens;
}

/**
 * Where a request goes: below the target, or nowhere.
 *
 * @param {string} requested
 * @param {import("./api-options.js").Api} api
 */
function targetOf(requested, { prefix, target }) {
  const { pathname, search } = new URL(requested);
  const rest = pathname.slice(prefix.length);
  if (!pathname.startsWith(prefix) || !isPlain(rest)) return undefined;
  const url = new URL(`${target.href}${rest}${search}`);
  return url.origin === target.origin && url.pathname === `${target.pathname}${rest}` ? url : undefined;
}

/**
 * @param {URL} url
 * @param {Request} request
 * @param {string} token
 * @param {typeof fetch} [given] the app's own `fetch`
 */
function sendTo(url, request, token, given) {
  const send = given ?? globalThis.fetch;
  const { method, body, signal } = request;
  // By hand: wherever a redirect leads, the token does not go there.
  const init = { method, body, signal, redirect: "manual", headers: upstream(request.headers, token), duplex: "half" };
  return send(url, /** @type {RequestInit} */ (init));
}

/**
 * @param {Response} response of the API
 * @param {Request} request
 * @param {import("./api-options.js").Api} api
 * @param {import("./hold.js").InHand} inHand
 */
function toPage(response, request, api, inHand) {
  if (response.type === "opaqueredirect") return refusal(request, 502, "redirect_refused", { cookies: inHand.cookies() });
  const headers = downstream(response.headers, api);
  for (const cookie of inHand.cookies()) headers.append("set-cookie", cookie);
  const { status, statusText, body } = response;
  if (status < 200 || status > 599) return answer(null, 502);
  return new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers });
}
