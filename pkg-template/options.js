// @ts-check
// The options of a client: which are data that Rust reads, which are functions, and which nobody should read back.

import { overText } from "./claim-mapping.js";
import { configurationError } from "./errors.js";
import { hostParts } from "./host-parts.js";

/** The options that are functions; all others are data. */
const FUNCTIONS = ["fetch", "openUrl", "logger", "onRequest", "onResponse", "waitUntil"];

/** The options that are data, or a function which the app plugs in. */
const PLUG_INS = ["claimMapping", "clientAuth"];

/** The options whose values nobody should read back. */
export const SECRETS = ["clientSecret", "clientAuth", "sessionKey"];

/**
 * Takes the functions out of options, of which data is left.
 *
 * @param {Record<string, unknown>} options
 */
export function takeFunctions(options) {
  /** @type {Record<string, Function>} */
  const functions = {};
  for (const name of [...FUNCTIONS, ...PLUG_INS]) {
    const given = options[name];
    if (typeof given === "function") {
      functions[name] = name === "claimMapping" ? overText(given) : given;
      delete options[name];
    } else if (given != null && !PLUG_INS.includes(name)) {
      throw configurationError("invalid_option", `option "${name}": expected a function`);
    }
  }
  const { clientAuth } = /** @type {any} */ (options);
  if (clientAuth?.key != null) {
    const taken = hostParts.takeKey(clientAuth);
    options.clientAuth = taken.clientAuth;
    functions.sign = taken.sign;
  }
  return functions;
}
