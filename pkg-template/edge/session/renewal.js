// @ts-check
// New tokens for a session: one refresh for all requests that find the old ones, in however many isolates. Whoever comes
// late gets what the first one got.

import { configurationError, toError } from "../../errors.js";
import { NARROWED } from "../../kept.js";
import { tokenSet } from "../../token-set.js";
import { endsSession } from "../coordination/failures.js";

/**
 * @typedef {import("./kept-sessions.js").Held} Held
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 */

/** Where a token set has the tokens of APIs. A refresh of the session drops them. */
const APIS = "wasm-oidc:apis";

/** How often tokens that others renewed meanwhile are looked at. */
const MOST_LOOKS = 3;

/** For so long tokens are too new to be renewed because an API refuses them, in seconds. */
const NEW_SECONDS = 10;

export class Renewal {
  #settings;
  #sessions;
  #coordinator;
  #client;

  /**
   * @param {import("./options.js").Settings} settings
   * @param {import("./kept-sessions.js").KeptSessions} sessions
   * @param {import("../coordination/index.d.ts").RefreshCoordinator | undefined} coordinator
   * @param {() => import("../../index.d.ts").IdpClient} client
   */
  constructor(settings, sessions, coordinator, client) {
    this.#settings = settings;
    this.#sessions = sessions;
    this.#coordinator = coordinator;
    this.#client = client;
  }

  /**
   * Refuses tokens that nobody could renew without using a refresh token twice.
   *
   * @param {TokenSet} tokens
   * @throws ConfigurationError `refresh_needs_coordinator`
   */
  requirePossible(tokens) {
    if (tokens.refresh_token !== undefined && this.#coordinator === undefined && this.#settings.rotates) throw needsCoordinator();
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
   * Puts newer tokens than `held` has into it, and into the store.
   *
   * @param {Held} held
   * @returns {Promise<boolean>} `false`: the session is over, and nothing of it is left
   * @throws RefreshError and the like: there are none now
   */
  async renew(held) {
    try {
      held.kept = { ...held.kept, tokens: await this.#newest(held) };
      await this.#sessions.save(held);
      return true;
    } catch (error) {
      if (!endsSession(error) && /** @type {any} */ (error)?.code !== "signed_out") throw error;
      await this.#sessions.end(held);
      return false;
    }
  }

  /**
   * The access token of an API that has one of its own, with fewer scopes or for its resource: the API never gets the
   * session's (OAuth 2.0 for Browser-Based Applications, 6.2.2.3). It is asked for with the refresh token, one at a time.
   *
   * @param {Held} held which the tokens that come of it are put into
   * @param {import("./api-options.js").Api} api
   * @param {string} [refused] by the API
   * @returns {Promise<TokenSet>}
   */
  async narrowed(held, api, refused) {
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      const known = tokenOf(held.kept.tokens, api);
      if (known !== undefined && known.access_token !== refused) return known;
      const tokens = await this.#newest(held, (old) => this.#withTokenOf(old, api, refused));
      held.kept = { ...held.kept, tokens };
      await this.#sessions.save(held);
    }
    throw configurationError("invalid_option", `option "api", "${api.prefix}": the coordinator of the sessions renews by itself, and gives no API a token of its own`);
  }

  /**
   * @param {TokenSet} old
   * @param {import("./api-options.js").Api} api
   * @param {string} [refused]
   * @returns {Promise<TokenSet>}
   */
  async #withTokenOf(old, api, refused) {
    const known = tokenOf(old, api);
    if (known !== undefined && known.access_token !== refused) return old;
    const { refresh_token = old.refresh_token, ...narrow } = await /** @type {any} */ (this.#client())[NARROWED](old, api);
    const { access_token, token_type, issued_at, expires_at, version } = narrow;
    const others = /** @type {object} */ (old.metadata?.[APIS] ?? {});
    const apis = { ...others, [api.prefix]: { access_token, token_type, issued_at, expires_at, version } };
    return { ...old, refresh_token, metadata: { ...old.metadata, [APIS]: apis } };
  }

  /**
   * Ends what renews a session.
   *
   * @param {Held} held
   * @returns {Promise<TokenSet>} the newest tokens, to be revoked
   */
  async end({ name, end, kept: { tokens } }) {
    return (await this.#coordinator?.end?.({ id: name, expiresAt: end })) ?? tokens;
  }

  /**
   * @param {Held} held
   * @param {(old: TokenSet) => Promise<TokenSet>} [renew]
   */
  async #newest({ name, end, kept: { tokens } }, renew = (old) => this.#refreshed(old)) {
    if (this.#coordinator !== undefined) {
      const discard = (/** @type {TokenSet} */ late) => this.revoke(late);
      return this.#coordinator.renew({ id: name, tokens, expiresAt: end }, renew, { discard });
    }
    if (this.#settings.rotates) throw needsCoordinator();
    const next = await renew(tokens);
    if (next.refresh_token !== tokens.refresh_token) throw needsCoordinator();
    return next;
  }

  /** Sends the refresh token. @param {TokenSet} tokens */
  async #refreshed(tokens) {
    const client = this.#client();
    const agent = await client.createAgent(tokens, { autoRefresh: false, verify: "claims" });
    return (await client.refresh(agent)).tokens;
  }

  /** Tells the provider that tokens are not needed any more (RFC 7009 2.1): the one first that makes others. @param {TokenSet} tokens */
  async revoke({ refresh_token, access_token }) {
    const client = this.#client();
    if (refresh_token !== undefined) await client.revokeToken(refresh_token, "refresh_token");
    await client.revokeToken(access_token, "access_token");
  }
}

/**
 * The token of an API among the tokens of a session, as long as it need not be renewed.
 *
 * @param {TokenSet} tokens
 * @param {import("./api-options.js").Api} api
 * @returns {TokenSet | undefined}
 */
function tokenOf({ metadata }, { prefix }) {
  const known = /** @type {Record<string, TokenSet> | undefined} */ (metadata?.[APIS])?.[prefix];
  // A refresh token of no use makes it say when it is due.
  return known === undefined || tokenSet({ ...known, refresh_token: "-" }).shouldRefresh ? undefined : known;
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
