// @ts-check
// The session handler on the client of this host's entry, in a module that a bundle without sign-ins leaves out.

import { IdpClient } from "../../browser.js";
import { sessionHandler } from "./handler.js";

/** @param {import("./index.d.ts").SessionHandlerOptions} options */
export function createSessionHandler(options) {
  return sessionHandler(options, IdpClient);
}
