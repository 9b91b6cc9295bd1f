// @ts-check
// `fetch` (WHATWG Fetch 5) on `node:https`, as far as this library and requests to APIs need it: no cache, no cookies, no
// CORS, as in Node's own.

import { once } from "node:events";
import { Agent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** Redirects that are followed (Fetch 4.5). */
const MOST_REDIRECTS = 20;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Statuses whose response has no body (Fetch 2.2.3). */
const WITHOUT_BODY = [204, 205, 304];

/** @type {Record<string, () => import("node:stream").Transform>} */
const DECODERS = { gzip: createGunzip, "x-gzip": createGunzip, deflate: createInflate, br: createBrotliDecompress };

/**
 * @param {string[]} ca the certificates that are trusted, in PEM
 * @returns {typeof fetch}
 */
export function httpsFetch(ca) {
  const agent = new Agent({ ca, keepAlive: true });
  return async (input, init) => {
    let request = new Request(input, init);
    for (let redirects = 0; ; redirects += 1) {
      // Without TLS there is nothing to trust, and the platform's own does all the rest.
      if (new URL(request.url).protocol !== "https:") return globalThis.fetch(request);
      const response = await exchange(request, agent);
      const location = response.headers.get("location");
      if (!REDIRECTS.includes(response.status) || request.redirect === "manual" || location === null) return response;
      await response.body?.cancel();
      if (request.redirect === "error") throw failed("a redirect came, and none was wanted");
      if (redirects === MOST_REDIRECTS) throw failed("too many redirects");
      request = redirected(request, response.status, location);
    }
  };
}

/**
 * @param {Request} request
 * @param {Agent} agent
 */
async function exchange(request, agent) {
  const { signal, method } = request;
  signal.throwIfAborted();
  const headers = Object.fromEntries(request.headers);
  headers.accept ??= "*/*";
  headers["accept-encoding"] ??= "gzip, deflate, br";
  const outgoing = httpsRequest(request.url, { agent, method, headers, signal });
  const answered = once(outgoing, "response");
  try {
    if (request.body === null) outgoing.end();
    else Readable.fromWeb(/** @type {any} */ (request.body)).on("error", (error) => outgoing.destroy(error)).pipe(outgoing);
    const [incoming] = await answered;
    return responseOf(incoming, method);
  } catch (cause) {
    signal.throwIfAborted();
    throw failed("fetch failed", cause);
  }
}

/**
 * @param {import("node:http").IncomingMessage} incoming
 * @param {string} method
 */
function responseOf(incoming, method) {
  const { statusCode: status = 0, statusMessage: statusText } = incoming;
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index], incoming.rawHeaders[index + 1]);
  }
  if (WITHOUT_BODY.includes(status) || method === "HEAD") {
    incoming.resume();
    return new Response(null, { status, statusText, headers });
  }
  const decoder = DECODERS[headers.get("content-encoding")?.toLowerCase() ?? ""]?.();
  const body = decoder === undefined ? incoming : incoming.on("error", (error) => decoder.destroy(error)).pipe(decoder);
  return new Response(/** @type {any} */ (Readable.toWeb(body)), { status, statusText, headers });
}

/**
 * The next request (Fetch 4.5, HTTP-redirect fetch).
 *
 * @param {Request} request
 * @param {number} status
 * @param {string} location
 */
function redirected(request, status, location) {
  const url = new URL(location, request.url);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw failed(`a redirect to ${url.protocol}`);
  const headers = new Headers(request.headers);
  if (url.origin !== new URL(request.url).origin) {
    for (const name of ["authorization", "proxy-authorization", "cookie"]) headers.delete(name);
  }
  const becomesGet = status === 303 ? !["GET", "HEAD"].includes(request.method) : status < 303 && request.method === "POST";
  if (request.body !== null && !becomesGet) throw failed("a redirect wants the body a second time");
  if (becomesGet) {
    for (const name of ["content-type", "content-length", "content-encoding", "content-language", "content-location"]) headers.delete(name);
  }
  const method = becomesGet ? "GET" : request.method;
  return new Request(url, { method, headers, signal: request.signal, redirect: request.redirect });
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function failed(message, cause) {
  return new TypeError(message, { cause });
}
