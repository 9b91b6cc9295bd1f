// @ts-check
// Error classes. Rust rejects with plain records; the class is made here, at the call, so that `instanceof`, `name`
// and the stack are right.

/** Known in every realm, so that `isOAuthError` is right for errors of an iframe or of a second copy of the package. */
const BRAND = Symbol.for("wasm-oidc.OAuthError");

/**
 * @typedef {object} ErrorRecord
 * @property {string} class
 * @property {string} code
 * @property {string} message
 * @property {import("./index.d.ts").Recovery} recovery
 * @property {string} [error]
 * @property {string} [errorDescription]
 * @property {number} [status]
 * @property {number} [retryAfter]
 * @property {string} [expected]
 * @property {string} [actual]
 * @property {string} [appStateJson]
 * @property {Record<string, string>} [headers] of the answer
 * @property {{ action: string, resource: string, organization: string | null }} [required]
 * @property {readonly string[]} [granted]
 * @property {unknown} [cause] a record, or whatever was thrown
 */

export class OAuthError extends Error {
  /** @param {ErrorRecord} record */
  constructor(record) {
    super(record.message, record.cause === undefined ? undefined : { cause: causeOf(record.cause) });
    this.code = record.code;
    this.recovery = record.recovery;
    for (const name of /** @type {const} */ (["error", "errorDescription", "status", "retryAfter", "expected", "actual"])) {
      if (record[name] !== undefined) /** @type {any} */ (this)[name] = record[name];
    }
    if (record.appStateJson !== undefined) {
      // The app's own: it may hold what does not belong into a log.
      Object.defineProperty(this, "appState", { value: JSON.parse(record.appStateJson) });
    }
  }

  get [BRAND]() {
    return true;
  }
}

export class ConfigurationError extends OAuthError {}
export class DiscoveryError extends OAuthError {}
export class NetworkError extends OAuthError {}
export class TimeoutError extends OAuthError {}
export class StorageError extends OAuthError {}
export class CallbackError extends OAuthError {}
export class ProviderError extends OAuthError {}
export class AccessDeniedError extends OAuthError {}
export class TokenExchangeError extends OAuthError {}
export class RefreshError extends OAuthError {}
export class TokenExpiredError extends OAuthError {}
export class SessionExpiredError extends OAuthError {}
export class TokenParseError extends OAuthError {}
export class TokenVerificationError extends OAuthError {}
export class SubjectMismatchError extends OAuthError {
  get expectedSub() {
    return /** @type {any} */ (this).expected;
  }

  get actualSub() {
    return /** @type {any} */ (this).actual;
  }
}
export class IdentityMismatchError extends OAuthError {
  /** @param {ErrorRecord} record */
  constructor(record) {
    super(record);
    for (const name of ["expected", "actual"]) {
      // Who it is and should have been is for the app to read, and not for whatever prints errors.
      if (name in this) Object.defineProperty(this, name, { enumerable: false });
    }
  }
}
export class InsufficientScopeError extends OAuthError {
  /** @param {ErrorRecord} record */
  constructor(record) {
    super(record);
    this.required = record.required ?? null;
    this.granted = record.granted ?? null;
  }
}
export class UserBlockedError extends OAuthError {}
export class AccountLinkingRequiredError extends OAuthError {}
export class InteractionRequiredError extends OAuthError {}
export class LoginRequiredError extends OAuthError {}
export class ConsentRequiredError extends OAuthError {}
export class AccountSelectionRequiredError extends OAuthError {}
export class RequestAuthError extends OAuthError {
  /** @param {ErrorRecord} record */
  constructor(record) {
    super(record);
    this.headers = Object.freeze({ ...record.headers });
  }

  toResponse() {
    const { error, status, headers } = /** @type {{ error?: string, status?: number, headers: Record<string, string> }} */ (this);
    const init = { status: status ?? 500, headers };
    return error === undefined ? new Response(null, init) : Response.json({ error }, init);
  }
}
export class PanicError extends OAuthError {}

/** @type {Record<string, typeof OAuthError>} */
const CLASSES = {
  ConfigurationError, DiscoveryError, NetworkError, TimeoutError, StorageError, CallbackError, ProviderError,
  AccessDeniedError, TokenExchangeError, RefreshError, TokenExpiredError, SessionExpiredError, TokenParseError,
  TokenVerificationError, SubjectMismatchError, IdentityMismatchError, InsufficientScopeError, UserBlockedError,
  AccountLinkingRequiredError, InteractionRequiredError, LoginRequiredError, ConsentRequiredError,
  AccountSelectionRequiredError, RequestAuthError, PanicError,
};

// By the table and not by `constructor.name`: minifiers rename classes.
for (const [name, value] of Object.entries({ OAuthError, ...CLASSES })) {
  Object.defineProperty(value.prototype, "name", { value: name });
}

/**
 * @param {ErrorRecord} record
 * @returns {OAuthError}
 */
export function toError(record) {
  return new (CLASSES[record.class] ?? OAuthError)(record);
}

/**
 * @param {unknown} value
 * @returns {value is OAuthError}
 */
export function isOAuthError(value) {
  return typeof value === "object" && value !== null && /** @type {any} */ (value)[BRAND] === true;
}

/**
 * A mistake in the app's call that is seen before Rust is asked.
 *
 * @param {string} code
 * @param {string} message
 */
export function configurationError(code, message) {
  return toError({ class: "ConfigurationError", code, message, recovery: "fix" });
}

/** @param {unknown} cause */
function causeOf(cause) {
  const isRecord = typeof cause === "object" && cause !== null && !(cause instanceof Error) && "class" in cause;
  return isRecord ? toError(/** @type {ErrorRecord} */ (cause)) : cause;
}
