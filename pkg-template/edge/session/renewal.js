// @ts-check
// New tokens for a session: one refresh for all requests that find the old ones, in however many isolates. Whoever comes
// late gets what the first one got.

import { configurationError, toError } from "../../errors.js";
import { REFUSALS } from "../../kept.js";
import { tokenSet } from "../../token-set.js";
import { keyOf } from "./kept-sessions.js";

/**
 * @typedef {import("./kept-sessions.js").Held} Held
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 */

/** For so long tokens are too new to be renewed because an API refuses them, in seconds. */
const NEW_SECONDS = 10;

export class Renewal {
  #settings;
  #sessions;
  #client;

  /**
   * @param {import("./options.js").Settings} settings
   * @param {import("./kept-sessions.js").KeptSessions} sessions
   * @param {() => import("../../index.d.ts").IdpClient} client
   */
  constructor(settings, sessions, client) {
    this.#settings = settings;
    this.#sessions = sessions;
    this.#client = client;
  }

  /**
   * Refuses tokens that nobody could renew without using a refresh token twice.
   *
   * @param {TokenSet} tokens
   * @throws ConfigurationError `refresh_needs_coordinator`
   */
  requirePossible(tokens) {
    const { coordinator, store, rotates } = this.#settings;
    if (tokens.refresh_token === undefined || coordinator !== undefined || store?.lock !== undefined || !rotates) return;
    throw needsCoordinator();
  }

  /** Whether tokens are to be renewed before they are used. @param {TokenSet} tokens */
  isDue(tokens) {
    return tokenSet(tokens).shouldRefresh;
  }

  /** Whether tokens are so new that an API which refuses them will refuse the next ones too. @param {TokenSet} tokens */
  isNew({ issued_at }) {
    const age = Date.now() / 1000 - issued_at;
    return age >= 0 && age < NEW_SECONDS;
  }

  /**
   * Puts newer tokens than `held` has into it.
   *
   * @param {Held} held
   * @returns {Promise<boolean>} `false`: the session is over, and nothing of it is left
   * @throws RefreshError and the like: there are none now
   */
  async renew(held) {
    try {
      const tokens = await this.#newest(held);
      if (tokens === undefined) return false;
      held.kept = { ...held.kept, tokens };
      return true;
    } catch (error) {
      if (!isFinal(error)) throw error;
      await this.#sessions.end(held.name);
      return false;
    }
  }

  /** @param {Held} held @returns {Promise<TokenSet | undefined>} */
  async #newest(held) {
    const { coordinator, store } = this.#settings;
    const { name, kept: { tokens } } = held;
    if (coordinator !== undefined) {
      const newest = await coordinator.renew({ id: name, tokens }, (old) => this.#refreshed(old));
      return store === undefined || (await this.#saved(held, newest)) ? newest : undefined;
    }
    if (store?.lock === undefined) {
      if (this.#settings.rotates) throw needsCoordinator();
      const next = await this.#refreshed(tokens);
      if (next.refresh_token !== tokens.refresh_token) throw needsCoordinator();
      return next;
    }
    /** @type {TokenSet | undefined} */
    let newest;
    await store.lock(keyOf(name), async () => {
      const now = await this.#sessions.loadKept(name);
      if (now === undefined) return;
      const isNewer = now.tokens.access_token !== tokens.access_token;
      const next = isNewer ? now.tokens : await this.#refreshed(now.tokens);
      if (isNewer || (await this.#saved(held, next))) newest = next;
    });
    return newest;
  }

  /**
   * Stores new tokens, unless the session was ended meanwhile: then nobody may use them.
   *
   * @param {Held} held
   * @param {TokenSet} tokens
   */
  async #saved(held, tokens) {
    const now = await this.#sessions.loadKept(held.name);
    if (now === undefined) {
      await this.#client().revokeToken(tokens.refresh_token ?? tokens.access_token).catch(() => {});
      return false;
    }
    if (now.tokens.issued_at <= tokens.issued_at) await this.#sessions.save({ ...held, kept: { ...now, tokens } });
    return true;
  }

  /** Sends the refresh token. @param {TokenSet} tokens */
  async #refreshed(tokens) {
    const client = this.#client();
    const agent = await client.createAgent(tokens, { autoRefresh: false, verify: "claims" });
    return (await client.refresh(agent)).tokens;
  }
}

/**
 * Whether the provider ended the session, or answered with what is provably wrong.
 *
 * @param {any} error
 */
function isFinal(error) {
  if (error?.name === "TokenVerificationError") return error.recovery !== "retry";
  return REFUSALS.includes(error?.code) || error?.name === "SubjectMismatchError";
}

function needsCoordinator() {
  return configurationError(
    "refresh_needs_coordinator",
    "the provider gave a refresh token, which two requests at once would use twice: give the handler a `store` with " +
      "`lock`, or a `coordinator`; or say `rotatesRefreshTokens: false` where the provider takes one again and again",
  );
}

/** What a session is that ended while it was in use. */
export function ended() {
  const message = "the session is over: sign in again";
  return toError({ class: "SessionExpiredError", code: "session_expired", message, recovery: "reauthenticate" });
}
