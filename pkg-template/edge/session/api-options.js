// @ts-check
// The APIs behind the proxy: a path of the app, and the place where it leads.

import { configurationError } from "../../errors.js";

/**
 * @typedef {object} Api
 * @property {string} prefix a path of the app, with a slash at its end
 * @property {URL} target an origin and a path, with a slash at its end
 * @property {string} [scopes] fewer than the session's, with spaces between
 * @property {string[]} resource
 * @property {boolean} hasOwnToken
 */

const MEMBERS = ["target", "scopes", "resource"];

/**
 * @param {import("./index.d.ts").SessionHandlerOptions["api"]} given
 * @param {string} basePath
 * @returns {Api[]} the longest prefix first
 */
export function readApis(given, basePath) {
  if (typeof given !== "object" || given === null) throw wrong('option "api": expected an object of paths');
  return Object.entries(given)
    .map(([prefix, api]) => readApi(prefix, typeof api === "string" || api instanceof URL ? { target: api } : api, basePath))
    .sort((one, other) => other.prefix.length - one.prefix.length);
}

/**
 * @param {string} prefix
 * @param {any} api
 * @param {string} basePath
 * @returns {Api}
 */
function readApi(prefix, api, basePath) {
  const option = `option "api", "${prefix}"`;
  if (!/^\/([A-Za-z0-9_~-][A-Za-z0-9._~-]*\/)+$/.test(prefix)) {
    throw wrong(`${option}: expected a path such as "/api/", with a slash at both ends`);
  }
  if (`${basePath}/`.startsWith(prefix) || prefix.startsWith(`${basePath}/`)) {
    throw wrong(`${option}: the handler's own routes are below ${basePath}`);
  }
  for (const name of Object.keys(api ?? {})) {
    if (!MEMBERS.includes(name)) throw wrong(`${option}: there is no "${name}"; expected ${MEMBERS.join(", ")}`);
  }
  const target = URL.canParse(String(api?.target)) ? new URL(String(api.target)) : undefined;
  const isLoopback = target !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(target.hostname);
  const isSafe = target?.protocol === "https:" || (target?.protocol === "http:" && isLoopback);
  const isPlain = target !== undefined && target.href === target.origin + target.pathname && target.pathname.endsWith("/");
  if (!isSafe || !isPlain) {
    throw wrong(`${option}: expected where it leads, such as "https://api.example.com/v1/", with a slash at its end`);
  }
  const { scopes, resource = [] } = api;
  const words = scopes === undefined ? [] : [scopes].flat();
  for (const word of [...words, ...[resource].flat()]) {
    if (typeof word !== "string" || word === "") throw wrong(`${option}: expected texts as "scopes" and "resource"`);
  }
  const resources = [resource].flat();
  const narrower = words.length === 0 ? {} : { scopes: words.join(" ") };
  return Object.freeze({ prefix, target, ...narrower, resource: resources, hasOwnToken: words.length + resources.length > 0 });
}

/** @param {string} message */
function wrong(message) {
  return configurationError("invalid_option", message);
}
