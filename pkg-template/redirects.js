// @ts-check
// Redirects of an API, where the platform might take the token along to another origin (Fetch 4.5, HTTP-redirect fetch).
//
// Browsers drop `Authorization` on the way to another origin, and hide where a redirect leads. Elsewhere nothing is
// promised, so there redirects are followed here.

/** How many redirects are followed; more is a loop or a mistake. */
const MAX_REDIRECTS = 5;

const REDIRECT_STATUSES = [301, 302, 303, 307, 308];

/** What belongs to the origin that it was meant for. */
const OF_ORIGIN = ["authorization", "proxy-authorization", "cookie", "host"];

/** What describes a body, and goes with it. */
const OF_BODY = ["content-encoding", "content-language", "content-length", "content-location", "content-type"];

/**
 * A request with a token.
 *
 * @typedef {object} TokenRequest
 * @property {typeof fetch} send
 * @property {string} url
 * @property {Request} [request] the one that the caller handed in
 * @property {RequestInit} init
 * @property {Headers} headers with the token
 * @property {boolean} replayable whether the body can be sent a second time
 *
 * @param {TokenRequest} asked
 * @returns {Promise<{ response: Response, carried: boolean }>} the answer, and whether it is one to the token
 */
export async function sendWithToken({ send, url, request, init, headers, replayable }) {
  const mode = init.redirect ?? request?.redirect ?? "follow";
  // A page, or a worker of one.
  const isBrowser = typeof globalThis.location === "object";
  if (isBrowser || mode === "manual") {
    const response = await send(request ?? url, { ...init, headers });
    return { response, carried: !response.redirected || new URL(response.url).origin === new URL(url).origin };
  }

  let response = await send(request ?? url, { ...init, headers, redirect: "manual" });
  let { method = request?.method ?? "GET", body, signal = request?.signal, ...rest } = init;
  let at = new URL(url);
  let carried = true;
  for (let count = 1; REDIRECT_STATUSES.includes(response.status) && response.headers.has("location"); count += 1) {
    // Nobody will read this one: its connection is free again.
    await response.body?.cancel();
    if (mode === "error") throw refused("the caller forbids it");
    if (count > MAX_REDIRECTS) throw refused(`these are more than ${MAX_REDIRECTS}`);
    const next = locationOf(response, at);

    const { status } = response;
    const becomesGet = status === 303 ? !/^(GET|HEAD)$/i.test(method) : status <= 302 && /^POST$/i.test(method);
    if (becomesGet) {
      [method, body] = ["GET", undefined];
      for (const name of OF_BODY) headers.delete(name);
    } else if (status !== 303 && !replayable) {
      throw refused("its body can be sent only once");
    }
    if (next.origin !== at.origin) {
      carried = false;
      for (const name of OF_ORIGIN) headers.delete(name);
    }
    at = next;
    response = await send(at.href, { ...rest, method, body, signal, headers, redirect: "manual" });
    Object.defineProperty(response, "redirected", { value: true });
  }
  return { response, carried };
}

/**
 * @param {Response} response
 * @param {URL} base
 */
function locationOf(response, base) {
  const location = response.headers.get("location") ?? "";
  const next = URL.canParse(location, base.href) ? new URL(location, base.href) : undefined;
  if (next === undefined || !/^https?:$/.test(next.protocol)) throw refused("its Location is no http URL");
  if (next.hash === "") next.hash = base.hash;
  return next;
}

/** @param {string} why */
function refused(why) {
  // As the platform's own fetch says that it failed.
  return new TypeError(`the API answered with a redirect that is not followed: ${why}`);
}
