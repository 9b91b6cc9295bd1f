// @ts-check
// Tokens that the app keeps itself. All agents that come of them share what is here, so that a refresh token is sent by
// one of them only, and the app has stored the new one before anybody uses it.

import { configurationError, toError } from "./errors.js";
import { Flight, realm } from "./flight.js";
import { inTime } from "./in-time.js";
import { report } from "./report.js";

/**
 * @typedef {import("./index.d.ts").TokenSet} TokenSet
 * @typedef {import("./agent.js").Agent} Agent
 * @typedef {{ agent: import("./agent.js").AgentRecord, tokensJson: string }} Record
 *
 * @typedef {object} Callbacks
 * @property {(tokens: TokenSet) => unknown} [onRefresh]
 * @property {(error: import("./errors.js").OAuthError) => unknown} [onRefreshError]
 *
 * @typedef {object} Ways of the client that made them
 * @property {(job: string, values: object) => any} now
 * @property {(tokens: TokenSet, onRefresh?: Callbacks["onRefresh"]) => Promise<any>} renew
 * @property {(work: Promise<unknown>) => void} keepAlive
 * @property {(kept: Kept, record: Record) => Agent} agentOf
 * @property {(kept: Kept, input: RequestInfo | URL, init?: RequestInit & { auth?: string }) => Promise<Response>} fetch
 * @property {import("./agent.js").Calls} ofSession
 *
 * @typedef {object} Way to renew them, where it is not by their refresh token
 * @property {(tokens: TokenSet, minimum: number) => boolean} isDue
 * @property {(tokens: TokenSet, onRefresh?: Callbacks["onRefresh"]) => Promise<any>} renew
 */

/** Members of a client that only this package calls: an agent whose tokens somebody else keeps and renews. */
export const KEPT_ELSEWHERE = Symbol("kept elsewhere");

/** And an access token for one API out of such tokens. */
export const NARROWED = Symbol("narrowed");

/** What ends a refresh token for good. */
export const REFUSALS = ["invalid_grant", "refresh_outcome_lost"];

/** How long no 401 forces a refresh after one that did not help; as in src/client/fetch.rs. */
const FORCED_PAUSE_MS = 10_000;

export class Kept {
  /** Whether these tokens became the session: from then on it has them. */
  adopted = false;

  #ways;
  /** @type {Way} */
  #way;
  #callbacks;
  #autoRefresh;
  #latest;
  /** @type {Flight<any>} */
  #renewing = new Flight();
  /** When an API last refused a token that was renewed because of it. */
  #refusedAt = -Infinity;

  /**
   * @param {Ways} ways
   * @param {Record} record
   * @param {Callbacks & { autoRefresh?: boolean, way?: Way }} options
   */
  constructor(ways, record, { autoRefresh = true, way, ...callbacks } = {}) {
    this.#ways = ways;
    this.#way = way ?? {
      isDue: (tokens, minimum) => ways.now("is_renewal_due", { tokens, minimum }),
      renew: ways.renew,
    };
    /** Whether a session could go on with these tokens: it knows no other way than the refresh token. */
    this.adoptable = way === undefined;
    this.#autoRefresh = autoRefresh;
    this.#callbacks = callbacks;
    this.#latest = this.#entry(record);
  }

  /** The newest agent. */
  get agent() {
    return this.#latest.agent;
  }

  /** The newest tokens. @returns {TokenSet} */
  get tokens() {
    return JSON.parse(this.#latest.tokensJson);
  }

  /** Renews the tokens, whether that is due or not. */
  async refresh() {
    if (this.adopted) return this.#ways.ofSession.refresh();
    await this.renew(true);
    return this.agent;
  }

  /** Renews the tokens where that is due, also where nothing does that by itself. */
  async freshen() {
    if (this.#way.isDue(this.tokens, 0)) await this.renew(false);
  }

  /** @param {{ minValiditySeconds?: number, forceRefresh?: boolean }} [options] */
  async getAccessToken({ minValiditySeconds = 0, forceRefresh = false } = {}) {
    if (this.adopted) return this.#ways.ofSession.getAccessToken({ minValiditySeconds, forceRefresh });
    // JSON has no Infinity.
    const minimum = Math.min(minValiditySeconds, Number.MAX_SAFE_INTEGER);
    if (forceRefresh || this.#isDue(minimum)) {
      await this.renew(forceRefresh).catch((error) => {
        throw REFUSALS.includes(error.code) ? sessionExpired(error) : error;
      });
    }
    return this.tokens.access_token;
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit & { auth?: string }} [init]
   */
  async fetch(input, init) {
    return this.adopted ? this.#ways.ofSession.fetch(input, init) : this.#ways.fetch(this, input, init);
  }

  /**
   * The token for a request that was answered with 401; `null`: there is no better one.
   *
   * @param {string} sent
   */
  async tokenInsteadOf(sent) {
    if (this.tokens.access_token !== sent) return this.tokens.access_token;
    const since = Date.now() - this.#refusedAt;
    if (!this.#autoRefresh || (since >= 0 && since < FORCED_PAUSE_MS)) return null;
    // The API's own answer says more to the caller than a refresh that failed behind it.
    return this.getAccessToken({ forceRefresh: true }).catch(() => null);
  }

  /** An API that refuses every token must not make every call to it a request to the provider. */
  refusedAgain() {
    this.#refusedAt = Date.now();
  }

  /**
   * Renews the tokens; whoever asks meanwhile waits for the same.
   *
   * @param {boolean} isForced whether old tokens that are still good will not do
   */
  async renew(isForced) {
    const renewing = this.#renewing.join(() => this.#renewOnce());
    this.#ways.keepAlive(renewing);
    const failure = await renewing;
    if (failure !== undefined && isForced) throw failure;
  }

  /** Waits for what is under way. */
  async settled() {
    await this.#renewing.settled();
  }

  /** @returns {Promise<any>} why there are no new tokens while the old ones are still good */
  async #renewOnce() {
    const { onRefresh } = this.#callbacks;
    try {
      const record = await this.#way.renew(this.tokens, onRefresh);
      if (record.error === undefined) {
        this.#latest = this.#entry(record);
        return undefined;
      }
      const failure = toError(record.error);
      await this.#tellFailure(failure);
      return failure;
    } catch (thrown) {
      await this.#tellFailure(/** @type {any} */ (thrown));
      throw thrown;
    }
  }

  /** @param {import("./errors.js").OAuthError} failure */
  async #tellFailure(failure) {
    try {
      await inTime("onRefreshError", this.#callbacks.onRefreshError?.(failure));
    } catch (thrown) {
      // Why there are no new tokens says more to the caller.
      report(thrown);
    }
  }

  /** @param {number} minimum */
  #isDue(minimum) {
    return this.#autoRefresh && this.#way.isDue(this.tokens, minimum);
  }

  /** @param {Record} record */
  #entry(record) {
    return { agent: this.#ways.agentOf(this, record), tokensJson: record.tokensJson };
  }
}

/**
 * The refreshes of a client's kept tokens: one at a time for each refresh token, whoever holds it.
 */
export class Renewals {
  #renew;
  #warn;
  /** @type {Map<string | undefined, { listeners: Set<(tokens: TokenSet) => unknown>, done: Promise<any> }>} */
  #underWay = new Map();

  /**
   * @param {(tokens: TokenSet) => Promise<any>} renew sends the refresh token
   * @param {(thrown: unknown) => void} warn told what a listener throws
   */
  constructor(renew, warn) {
    this.#renew = renew;
    this.#warn = warn;
  }

  /**
   * @param {TokenSet} tokens
   * @param {(tokens: TokenSet) => unknown} [onRefresh] awaited before anybody who shares the refresh goes on
   */
  async renew(tokens, onRefresh) {
    if (realm.isolatesRequests) {
      // Rust sends it once for all of them, and each request tells its own listener.
      const record = await this.#renew(tokens);
      if (record.error === undefined && onRefresh !== undefined) await tellOf(record.tokensJson, onRefresh, this.#warn);
      return record;
    }
    const key = tokens.refresh_token;
    let flight = this.#underWay.get(key);
    if (flight === undefined) {
      const listeners = new Set();
      flight = { listeners, done: this.#carry(key, tokens, listeners) };
      this.#underWay.set(key, flight);
    }
    if (onRefresh !== undefined) flight.listeners.add(onRefresh);
    return flight.done;
  }

  /**
   * @param {string | undefined} key
   * @param {TokenSet} tokens
   * @param {Set<(tokens: TokenSet) => unknown>} listeners
   */
  async #carry(key, tokens, listeners) {
    try {
      const record = await this.#renew(tokens);
      // Who joins while the others are being told is told too.
      if (record.error === undefined) for (const tell of listeners) await tellOf(record.tokensJson, tell, this.#warn);
      return record;
    } finally {
      this.#underWay.delete(key);
    }
  }
}

/**
 * Lets an app store renewed tokens.
 *
 * @param {string} tokensJson
 * @param {(tokens: TokenSet) => unknown} tell
 * @param {(thrown: unknown) => void} warn
 */
export async function tellOf(tokensJson, tell, warn) {
  try {
    await inTime("onRefresh", tell(JSON.parse(tokensJson)));
  } catch (thrown) {
    // The old refresh token is spent: who cannot store the new one is better off with it than without.
    warn(thrown);
  }
}

/**
 * What a method takes that makes an agent, in the parts that JavaScript and Rust have to do with.
 *
 * @param {Callbacks & { [name: string]: any }} [options]
 * @param {string} [method]
 */
export function splitOptions(options = {}, method = "createAgent") {
  const { onRefresh, onRefreshError, ...others } = options;
  for (const [name, value] of Object.entries({ onRefresh, onRefreshError })) {
    if (value !== undefined && typeof value !== "function") {
      throw configurationError("invalid_option", `option of ${method} "${name}": expected a function`);
    }
  }
  return { callbacks: { onRefresh, onRefreshError }, others };
}

/** @param {unknown} cause */
function sessionExpired(cause) {
  const message = "the tokens of this agent cannot be renewed any more: sign in again";
  return toError({ class: "SessionExpiredError", code: "session_expired", message, recovery: "reauthenticate", cause });
}

/**
 * The warning that the app's own `onRefresh` failed.
 *
 * @param {unknown} cause
 */
export function notStored(cause) {
  const message = "`onRefresh` failed: the new tokens are in use, and may be stored nowhere";
  const error = { class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause };
  return { type: "warning", source: "this-tab", reason: "tokens_not_stored", message, error };
}
