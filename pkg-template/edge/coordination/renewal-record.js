// @ts-check
// What a store knows of a session's renewals (RFC 6749 6): the newest tokens, which refresh tokens are spent, and the
// mark of one that is under way, written before it is sent.

import { toError } from "../../errors.js";
import { fingerprint } from "./fingerprint.js";

/** How many spent refresh tokens are remembered: whoever comes with an older one is told by its age. */
const MAX_SPENT = 32;

/** The lifetime of an access token that comes without one, in seconds; as in src/session/token_set.rs. */
const UNKNOWN_LIFETIME_SECONDS = 3600;

const VERSION = 1;

/**
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 *
 * @typedef {object} Sending a refresh token that was sent and whose end is not known
 * @property {string} token its fingerprint
 * @property {string} by whom
 * @property {number} sentAt milliseconds since 1970
 * @property {boolean} isTold whether the sender lived to tell that it got no answer; else it is under way, or died
 * @property {boolean} isOver whether the request is known to be over: nobody has to wait for it
 * @property {boolean} isSecond whether it was sent because a sender before this one had died
 *
 * @typedef {object} Pause after a failure that passes
 * @property {number} until milliseconds since 1970
 * @property {import("../../errors.js").ErrorRecord} error
 *
 * @typedef {object} RenewalRecord
 * @property {number} version
 * @property {TokenSet} [tokens] the newest
 * @property {string[]} spent fingerprints of refresh tokens whose answers were stored
 * @property {Sending} [sending]
 * @property {Pause} [pause]
 */

/**
 * What cannot be read says nothing.
 *
 * @param {string | null | undefined} text
 * @returns {RenewalRecord}
 */
export function recordOf(text) {
  let record;
  try {
    record = JSON.parse(text ?? "null");
  } catch {
    record = null;
  }
  if (record?.version > VERSION) {
    const message = "the store holds a renewal that was written by a newer version of this library: renew with that one";
    throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry" });
  }
  const isWhole = record?.version === VERSION && Array.isArray(record.spent);
  return isWhole ? record : { version: VERSION, spent: [] };
}

/**
 * The newer ones of what the store knows and what the caller has.
 *
 * @param {RenewalRecord} record
 * @param {TokenSet} given
 */
export async function newestOf({ tokens: stored, spent }, given) {
  if (stored === undefined) return given;
  if (stored.refresh_token === given.refresh_token) return stored.issued_at >= given.issued_at ? stored : given;
  const isSpent = spent.includes(await tokenName(given));
  return isSpent || stored.issued_at >= given.issued_at ? stored : given;
}

/**
 * @param {RenewalRecord} record
 * @param {TokenSet} renewed
 * @param {string} sent the fingerprint of the refresh token that they came from
 * @returns {Promise<RenewalRecord>}
 */
export async function renewedRecord({ spent }, renewed, sent) {
  const isRotated = (await tokenName(renewed)) !== sent;
  const others = spent.filter((name) => name !== sent);
  return { version: VERSION, tokens: renewed, spent: isRotated ? [...others, sent].slice(-MAX_SPENT) : others };
}

/** @param {TokenSet} tokens */
export function tokenName({ refresh_token: token }) {
  return fingerprint("refresh_token", token ?? "");
}

/** @param {TokenSet} tokens */
export function isAlive({ issued_at: issuedAt, expires_at: expiresAt }) {
  return (expiresAt ?? issuedAt + UNKNOWN_LIFETIME_SECONDS) * 1000 > Date.now();
}
