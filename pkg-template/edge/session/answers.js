// @ts-check
// What the handler answers: redirects, small pages without a script, and problems as JSON (RFC 9457). No cache keeps any
// of it, since what it says depends on cookies.

import { isOAuthError } from "../../errors.js";
import { isNavigation } from "./requests.js";

/** Nothing may run, load, send or frame. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  "cache-control": "private, no-store",
  vary: "Cookie",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "content-security-policy": POLICY,
};

/**
 * @param {BodyInit | null} body
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @param {string[]} [cookies] `Set-Cookie`
 */
export function answer(body, status, headers = {}, cookies = []) {
  const all = new Headers({ ...HEADERS, ...headers });
  for (const cookie of cookies) all.append("set-cookie", cookie);
  return new Response(body, { status, headers: all });
}

/**
 * @param {string} url
 * @param {string[]} [cookies]
 */
export function redirect(url, cookies) {
  return answer(null, 303, { location: url }, cookies);
}

/**
 * @param {unknown} value
 * @param {number} [status]
 * @param {string[]} [cookies]
 */
export function json(value, status = 200, cookies = []) {
  return answer(JSON.stringify(value), status, { "content-type": "application/json" }, cookies);
}

/**
 * A page that goes on by itself. A cookie with `SameSite=Strict` is sent only where a page of the same site asks, and the
 * page that the provider sent the person to was asked for by another.
 *
 * @param {string} url
 * @param {string[]} cookies
 */
export function pageTo(url, cookies) {
  const target = escaped(url);
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${target}"><title>Signed in</title><p><a href="${target}">Continue</a></p></html>`;
  return answer(html, 200, { "content-type": "text/html; charset=utf-8" }, cookies);
}

/**
 * A refusal: for people a page, for programs a problem.
 *
 * @param {Request} request
 * @param {number} status
 * @param {string} code
 * @param {{ cookies?: string[], headers?: Record<string, string>, again?: string, recovery?: string }} [more]
 *   `again`: where a sign-in begins anew
 */
export function refusal(request, status, code, { cookies, headers, again, recovery } = {}) {
  const title = TITLES[status] ?? "The request failed";
  if (!isNavigation(request)) {
    const problem = { type: "about:blank", title, status, code, ...(recovery && { recovery }) };
    return answer(JSON.stringify(problem), status, { "content-type": "application/problem+json", ...headers }, cookies);
  }
  const link = again === undefined ? "" : `<p><a href="${escaped(again)}">Sign in again</a></p>`;
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p><code>${escaped(code)}</code></p>${link}</html>`;
  return answer(html, status, { "content-type": "text/html; charset=utf-8", ...headers }, cookies);
}

/** @type {Record<number, string>} */
const TITLES = {
  400: "The sign-in could not be finished",
  401: "Nobody is signed in",
  403: "The request is refused",
  404: "There is nothing here",
  405: "The method is not allowed",
  413: "The request is too large",
  500: "The server is not set up for this",
  501: "The server cannot do this",
  502: "The server behind this one failed",
  503: "The sign-in is not available at the moment",
};

/**
 * The status of an answer for an error of this library.
 *
 * @param {unknown} error
 */
export function statusOf(error) {
  if (!isOAuthError(error)) return 500;
  if (error.name === "RequestAuthError") return /** @type {any} */ (error).status ?? 401;
  if (error.name === "AccessDeniedError" || error.name === "UserBlockedError") return 403;
  if (error.recovery === "retry" || UNAVAILABLE.includes(error.name)) return 503;
  return error.name === "ConfigurationError" || error.name === "PanicError" ? 500 : 400;
}

const UNAVAILABLE = ["NetworkError", "TimeoutError", "DiscoveryError", "StorageError"];

/** @param {string} text */
export function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
