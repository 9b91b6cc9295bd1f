// @ts-check
// What a request is answered whose agent may not do what it asks for (RFC 6750 3.1), that has none, or of which nobody knows it.

import { toError } from "../errors.js";

/** @typedef {import("../index.d.ts").RequestAuthError} RequestAuthError */

/**
 * @param {string | undefined} authorization the header of the request; an agent of a session comes without
 * @param {string} scope what the request needs
 */
export function insufficientScope(authorization, scope) {
  const scheme = /^(bearer|dpop) /i.exec(authorization ?? "")?.[1].toLowerCase();
  // In quotes: scope-token of RFC 6749 3.3 and nothing else.
  const needed = scope.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, "");
  const challenge = `${scheme === "dpop" ? "DPoP" : "Bearer"} error="insufficient_scope", scope="${needed}"`;
  return refusal("insufficient_scope", 403, "fix", `the agent lacks ${needed}`, scheme === undefined ? {} : { "www-authenticate": challenge });
}

/** As `requireAgent` of a session handler has it: no credentials of a header would help, so nothing asks for them. */
export function signedOut() {
  return refusal("signed_out", 401, "reauthenticate", "nobody is signed in");
}

/** As `requireAgent` has it, too. */
export function unavailable() {
  return refusal("temporarily_unavailable", 503, "retry", "nobody knows at the moment who this is");
}

/**
 * @param {string} code
 * @param {number} status
 * @param {import("../index.d.ts").Recovery} recovery
 * @param {string} message
 * @param {Record<string, string>} [headers]
 * @returns {RequestAuthError}
 */
function refusal(code, status, recovery, message, headers) {
  const record = { class: "RequestAuthError", code, error: code, status, recovery, message, headers: { "cache-control": "no-store", ...headers } };
  return /** @type {any} */ (toError(record));
}
