// @ts-check
// Where a program waits for the provider's answer: a redirect URI on the loopback interface (RFC 8252 7.3, 8.3).

import { configurationError } from "../errors.js";

/** What to listen on for each host. A name is never looked up: whoever answers for it would get the code. */
const ADDRESSES = new Map([
  ["127.0.0.1", ["127.0.0.1"]],
  ["[::1]", ["::1"]],
  // A browser may try either, and whoever listens on the other one would get the code.
  ["localhost", ["127.0.0.1", "::1"]],
]);

/** Characters of a path (RFC 3986 3.3) that begins with one slash. */
const PATH = /^\/(?!\/)[\w\-.~!$&'()*+,;=:@%/]*$/;

/**
 * @typedef {object} Address
 * @property {string} host as it stands in a URL
 * @property {string[]} addresses what to listen on
 * @property {number} port 0: any that is free
 * @property {string} path
 */

/**
 * @param {{ host?: unknown, port?: unknown, path?: unknown }} options
 * @returns {Address}
 */
export function addressOf({ host = "127.0.0.1", port = 4200, path = "/callback" }) {
  const name = host === "::1" ? "[::1]" : host;
  const addresses = ADDRESSES.get(/** @type {string} */ (name));
  if (addresses === undefined) {
    throw wrong("host", 'expected "127.0.0.1", "[::1]" or "localhost": only this machine may be reachable by it (RFC 8252 8.3)');
  }
  if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong("port", "expected a number from 0 to 65535, 0 for any that is free");
  }
  if (typeof path !== "string" || !PATH.test(path)) {
    throw wrong("path", "expected a path that begins with one slash and has neither query nor fragment");
  }
  return { host: /** @type {string} */ (name), addresses, port, path };
}

/**
 * The address of a redirect URI that is given as a whole.
 *
 * @param {unknown} redirectUri
 * @returns {Address}
 */
export function addressIn(redirectUri) {
  const expected = "expected one on the loopback interface, such as http://127.0.0.1:4200/callback (RFC 8252 7.3)";
  let url;
  try {
    url = new URL(String(redirectUri));
  } catch {
    throw wrong("redirectUri", expected);
  }
  const addresses = ADDRESSES.get(url.hostname);
  if (addresses === undefined || url.protocol !== "http:" || url.port === "0") throw wrong("redirectUri", expected);
  return { host: url.hostname, addresses, port: Number(url.port || 80), path: url.pathname };
}

/**
 * @param {string} name
 * @param {string} what
 */
function wrong(name, what) {
  return configurationError("invalid_option", `option "${name}": ${what}`);
}
