// @ts-check
// Which headers go through the proxy: none of the connection (RFC 9110 7.6.1), none that says who somebody is, and back
// none that makes a cookie, opens the answer to another origin, or lets a cache keep it.

/** Of the connection between two hosts. */
const HOP_BY_HOP = [
  "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
  "transfer-encoding", "upgrade",
];

/** What the page's request says to this server alone. */
const OURS = [
  "host", "cookie", "authorization", "dpop", "origin", "referer", "forwarded", "via", "x-real-ip", "true-client-ip",
  "content-length", "accept-encoding", "x-wasm-oidc",
];

/** How such names begin. */
const OUR_KINDS = /^(?:sec-|x-forwarded-|cf-|x-middleware-)/;

/** What an API may not say to the page in our name. */
const THEIRS = [
  "set-cookie", "set-cookie2", "cache-control", "expires", "pragma", "age", "clear-site-data", "strict-transport-security",
  "alt-svc", "content-encoding", "content-length", "dpop-nonce", "refresh", "service-worker-allowed",
  "nel", "report-to", "reporting-endpoints", "accept-ch", "critical-ch", "speculation-rules", "set-login",
];

const THEIR_KINDS = /^(?:access-control-|cross-origin-|cf-)/;

/** What a browser shows as a page, or runs, when somebody goes there. */
const ACTIVE = /html|xml|svg|javascript/i;

/**
 * @param {Headers} headers of the page's request
 * @param {string} token
 */
export function upstream(headers, token) {
  const sent = filtered(headers, OURS, OUR_KINDS);
  sent.set("authorization", `Bearer ${token}`);
  return sent;
}

/**
 * @param {Headers} headers of the API's answer
 * @param {import("./api-options.js").Api} api
 */
export function downstream(headers, api) {
  const sent = filtered(headers, THEIRS, THEIR_KINDS);
  sent.set("cache-control", "private, no-store");
  if (!/(?:^|,)\s*(?:cookie|\*)\s*(?:,|$)/i.test(sent.get("vary") ?? "")) sent.append("vary", "Cookie");
  sent.set("x-content-type-options", "nosniff");
  // An API's page must not run as one of the app's.
  if (ACTIVE.test(sent.get("content-type") ?? "")) sent.set("content-security-policy", "default-src 'none'; sandbox");
  const location = sent.get("location");
  if (location !== null) sent.set("location", throughProxy(location, api));
  return sent;
}

/**
 * A redirect to the API itself comes back through the proxy; any other the browser follows on its own.
 *
 * @param {string} location
 * @param {import("./api-options.js").Api} api
 */
function throughProxy(location, { prefix, target }) {
  if (!URL.canParse(location, target.href)) return location;
  const url = new URL(location, target);
  const isBelow = url.origin === target.origin && url.pathname.startsWith(target.pathname);
  return isBelow ? `${prefix}${url.pathname.slice(target.pathname.length)}${url.search}${url.hash}` : url.href;
}

/**
 * @param {Headers} headers
 * @param {string[]} without
 * @param {RegExp} kinds
 */
function filtered(headers, without, kinds) {
  const named = (headers.get("connection") ?? "").toLowerCase().split(",").map((name) => name.trim());
  const refused = new Set([...HOP_BY_HOP, ...without, ...named]);
  return new Headers([...headers].filter(([name]) => !refused.has(name) && !kinds.test(name)));
}
