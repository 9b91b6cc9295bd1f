// @ts-check
// The headers of an answer that depends on a session: its cookies, and that no cache may keep it for somebody else
// (CVE-2025-48947, CVE-2025-64762).

const UNCACHED = "private, no-store";

/**
 * @param {string[]} cookies `Set-Cookie`
 * @returns {Headers}
 */
export function readOnlyHeaders(cookies) {
  const headers = new Headers({ "cache-control": UNCACHED, vary: "Cookie" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return headers;
}

/**
 * @param {Response} response
 * @param {string[]} cookies `Set-Cookie`
 * @returns {Response} the same with the headers of a session
 */
export function withHeaders(response, cookies) {
  const headers = new Headers(response.headers);
  headers.set("cache-control", UNCACHED);
  const varies = (headers.get("vary") ?? "").split(",").map((name) => name.trim().toLowerCase());
  if (!varies.includes("cookie") && !varies.includes("*")) headers.append("vary", "Cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
