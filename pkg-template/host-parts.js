// @ts-check
// What an option can name that only some hosts have: stores in files, a certificate authority of one's own, keys that sign. An
// entry says at its import how to get at them.

import { configurationError } from "./errors.js";

/** @typedef {(options: any) => object | Promise<object>} MakeStorage of what belongs to its kind in the configuration */

/**
 * @type {{
 *   storages: Record<string, MakeStorage>,
 *   fetchTrusting?: (ca: string) => Promise<typeof fetch>,
 *   takeKey: typeof import("./signing-key.js").takeKey,
 * }}
 */
export const hostParts = {
  storages: {},
  takeKey() {
    const message = "a key in a page is no secret: leave `clientAuth` out, or give a function that asks your server to sign";
    throw configurationError("secret_in_browser", message);
  },
};
