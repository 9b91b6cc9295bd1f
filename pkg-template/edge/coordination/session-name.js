// @ts-check
// What a session is called where it is kept: never by its id, which is as good as a password.

import { configurationError } from "../../errors.js";
import { fingerprint } from "./fingerprint.js";

/** 128 bits in base64url. */
const LEAST_ID = 22;

/**
 * @param {unknown} id
 * @returns {Promise<string>}
 */
export async function requireSession(id) {
  if (typeof id !== "string" || id.length < LEAST_ID) {
    throw configurationError("invalid_option", `a session has an \`id\` of ${LEAST_ID} random characters or more`);
  }
  return `session:${await fingerprint("session", id)}`;
}
