// @ts-check
// What a token set says about itself: the rules of src/session/token_set.rs, for what an app keeps. tests/fixtures has
// the table that both are held against.

import { configurationError } from "./errors.js";
import { acquire, isReady, readySync } from "./runtime.js";

/** The lifetime of an access token that comes without one, in seconds (RFC 6749 5.1 leaves it open). */
const UNKNOWN_LIFETIME_SECONDS = 3600;

/** How long before its end a token is renewed. */
const REFRESH_BUFFER_SECONDS = 60;

/** @typedef {import("./index.d.ts").TokenSet} TokenSet */

class Tokens {
  #tokens;

  /** @param {TokenSet} tokens */
  constructor(tokens) {
    this.#tokens = tokens;
    Object.freeze(this);
  }

  get #endsAt() {
    return this.#tokens.expires_at ?? this.#tokens.issued_at + UNKNOWN_LIFETIME_SECONDS;
  }

  /** @param {number} [skew] */
  isExpired(skew = 0) {
    return this.#endsAt - skew <= now();
  }

  /** @param {number} [skew] */
  accessValid(skew = 0) {
    return !this.isExpired(skew);
  }

  /** @param {number} [skew] */
  refreshValid(skew = 0) {
    return this.#tokens.refresh_token !== undefined && (this.#tokens.refresh_expires_at ?? Infinity) - skew > now();
  }

  get isRefreshable() {
    return this.refreshValid();
  }

  get shouldRefresh() {
    const lifetime = Math.max(this.#endsAt - this.#tokens.issued_at, 0);
    return this.isRefreshable && this.isExpired(Math.min(REFRESH_BUFFER_SECONDS, Math.floor(lifetime / 2)));
  }

  get expiresIn() {
    return this.#tokens.expires_at === undefined ? null : this.#tokens.expires_at - now();
  }

  get scopes() {
    return Object.freeze((this.#tokens.scope ?? "").split(" ").filter((scope) => scope !== ""));
  }

  get authorizationHeader() {
    return `Bearer ${this.#tokens.access_token}`;
  }

  toJSON() {
    return structuredClone(this.#tokens);
  }
}

/**
 * @param {any} tokens
 * @param {{ receivedAt?: number }} [options]
 */
export function tokenSet(tokens, { receivedAt } = {}) {
  if (typeof tokens?.access_token !== "string" || tokens.access_token === "") {
    throw configurationError("invalid_option", "`tokenSet` takes a token set or a token response with an `access_token`");
  }
  const isSet = tokens.version === 1 && typeof tokens.issued_at === "number";
  return new Tokens(isSet ? structuredClone(tokens) : read(tokens, receivedAt));
}

/**
 * What has to be read first: reading token responses is Rust's.
 *
 * @param {object} tokens
 * @param {number | undefined} receivedAt
 */
function read(tokens, receivedAt) {
  if (!isReady()) readySync();
  return JSON.parse(acquire().call((glue) => glue.token_set(JSON.stringify(tokens), receivedAt)));
}

function now() {
  return Math.floor(Date.now() / 1000);
}
