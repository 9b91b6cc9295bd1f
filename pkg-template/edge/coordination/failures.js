// @ts-check
// What the failure of a refresh says about the session and about the refresh token (RFC 6749 5.2).

import { isOAuthError, toError } from "../../errors.js";

/** What the provider's clock or keys may be at fault for: these prove nothing about the tokens. */
const UNPROVEN = ["key_not_found", "invalid_key_set", "id_token_expired", "not_yet_valid"];

/** Milliseconds for which a failure is everybody's, and the most that a provider can make of it. */
const PAUSE = 2000;
const LONGEST_PAUSE = 60_000;

/**
 * @param {any} error
 * @returns {boolean} whether nothing renews this session any more
 */
export function endsSession(error) {
  if (!isOAuthError(error)) return false;
  const { name, code } = /** @type {any} */ (error);
  if (isRefusal(error) || code === "subject_mismatch") return true;
  return (name === "TokenVerificationError" || name === "TokenParseError") && !UNPROVEN.includes(code);
}

/** @param {any} error */
export function isRefusal({ code }) {
  return code === "invalid_grant" || code === "refresh_outcome_lost";
}

/**
 * Whether the refresh token is known not to be spent: the provider said no to something else, or was never asked.
 *
 * @param {any} error
 */
export function isUnspent({ status, name }) {
  return (status >= 400 && status < 500) || name === "ConfigurationError";
}

/**
 * Whether the request may still be under way.
 *
 * @param {any} error
 */
export function isUnanswered({ code }) {
  return code === "timeout";
}

/**
 * How long nobody tries again, and what everybody is told until then.
 *
 * @param {any} error
 * @returns {import("./renewal-record.js").Pause}
 */
export function pauseAfter(error) {
  const asked = Number(error?.retryAfter ?? 0) * 1000;
  return { until: Date.now() + Math.min(Math.max(asked, PAUSE), LONGEST_PAUSE), error: recordOfError(error) };
}

/**
 * @param {import("./renewal-record.js").Pause | undefined} pause
 * @returns {pause is import("./renewal-record.js").Pause}
 */
export function isPaused(pause) {
  const left = (pause?.until ?? 0) - Date.now();
  // Longer than any: by a clock that is ahead of this one.
  return left > 0 && left <= LONGEST_PAUSE;
}

/**
 * An error as it can be stored, and sent from one isolate to another: words and codes, which hold no secret.
 *
 * @param {any} error
 * @returns {import("../../errors.js").ErrorRecord}
 */
export function recordOfError(error) {
  if (!isOAuthError(error)) {
    const message = "the app's own `refresh` failed";
    return { class: "ConfigurationError", code: "plug_in_failed", message, recovery: "retry" };
  }
  const { name, code, message, recovery, error: wire, errorDescription, status, retryAfter } = /** @type {any} */ (error);
  return { class: name, code, message, recovery, error: wire, errorDescription, status, retryAfter };
}

/** @param {unknown} [cause] */
export function outcomeLost(cause) {
  const message =
    "the refresh token is spent and its successor never arrived: the provider may have answered a request whose answer " +
    "never arrived; sign in again";
  return toError({ class: "RefreshError", code: "refresh_outcome_lost", message, recovery: "reauthenticate", cause });
}

/** What everybody is told who asks for a session that signed out. */
export function signedOut() {
  const message = "this session has ended: sign in again";
  return toError({ class: "LoginRequiredError", code: "signed_out", message, recovery: "reauthenticate" });
}

export function noRefreshToken() {
  const message = "there is no refresh token: ask for the scope `offline_access`, or sign in again when the access token ends";
  return toError({ class: "RefreshError", code: "no_refresh_token", message, recovery: "reauthenticate" });
}
