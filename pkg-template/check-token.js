// @ts-check
// Looking at a token without a client.

import { parseClaims } from "./agent.js";
import { configurationError } from "./errors.js";
import { toJson } from "./to-json.js";

/**
 * @param {string} token
 * @param {{ fetch?: Function } & Record<string, unknown>} [options]
 * @returns {Promise<any>}
 */
export async function checkToken(token, { fetch, ...options } = {}) {
  if (fetch != null && typeof fetch !== "function") {
    throw configurationError("invalid_option", 'option "fetch": expected a function');
  }
  const { checkToken } = await import("./tools.js");
  return parseClaims(await checkToken(toJson({ token, options }), fetch));
}
