// @ts-check
// Requests that the hostile proxy passes on, and answers that it sends.

/** Headers of every answer. */
export const everywhere = {
  "cache-control": "no-store",
  // A browser asks again by itself when a connection that it had used before is cut, and nobody would see the fault.
  connection: "close",
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type, dpop",
  "access-control-expose-headers": "www-authenticate",
  "access-control-max-age": "0",
};

/** @param {string} url @param {import("node:http").IncomingMessage} req @param {string} body */
export async function forward(url, req, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (const name of ["authorization", "content-type", "dpop"]) {
    const value = req.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const response = await fetch(url, { method: req.method, headers, ...(req.method === "POST" && { body }) });
  const text = await response.text();
  return { ok: response.ok, status: response.status, json: text === "" ? undefined : JSON.parse(text) };
}

/** @param {import("node:http").IncomingMessage} req */
export async function read(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

/** @param {string} url */
export async function fetchJson(url) {
  return (await fetch(url)).json();
}

/** @param {import("node:http").ServerResponse} res @param {number} status @param {string | Buffer} body @param {Record<string, string>} headers */
export function send(res, status, body, headers) {
  res.writeHead(status, { ...everywhere, ...headers });
  res.end(body);
}

/** @param {import("node:http").ServerResponse} res @param {string} location */
export function redirect(res, location) {
  send(res, 303, "", { location });
}
