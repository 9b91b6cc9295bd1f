// @ts-check
// Where sessions are: whole in the sealed cookie, or in the app's store, of which the cookie then holds the name. With a
// store that has locks, or an index, what was ended once is over, whatever a cookie or a store that lags still says.

import { inTime } from "../../in-time.js";
import { isOAuthError, toError } from "../../errors.js";
import { sessionStore } from "../coordination/session-store.js";
import { fingerprint, randomText } from "./seal.js";

/**
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 * @typedef {import("../../index.d.ts").LogoutToken} LogoutToken
 *
 * @typedef {object} Kept what a session is
 * @property {TokenSet} tokens
 * @property {string} issuer
 * @property {string} subject
 * @property {string} [providerSession] the claim `sid`
 * @property {number} issuedAt `iat` of the ID token
 *
 * @typedef {object} Held a session in the hands of one request
 * @property {string} name what the session is called everywhere but in its cookie: the fingerprint of its id
 * @property {string} id 256 random bits
 * @property {number} seenAt Unix seconds, when the cookie was written
 * @property {number} end Unix seconds, which nothing prolongs
 * @property {Kept} kept
 */

/** A cookie is written anew when this part of its life is over. */
const RENEWED_AFTER = 1 / 20;

export class KeptSessions {
  #settings;
  #jar;
  #seals;
  /** The store where it has an index, and the index alone where sessions are in cookies. */
  #index;
  #stored;

  /**
   * @param {import("./options.js").Settings} settings
   * @param {import("./cookies.js").CookieJar} jar
   * @param {import("./seal.js").Seals} seals
   * @param {import("../../index.d.ts").TokenStorage | undefined} store which seals what it keeps
   */
  constructor(settings, jar, seals, store) {
    this.#settings = settings;
    this.#jar = jar;
    this.#seals = seals;
    const { index } = settings;
    const isIndexed = store !== undefined && (store.lock !== undefined || index !== undefined);
    this.#stored = isIndexed ? sessionStore(store, { index }) : store && plainly(store);
    this.#index = isIndexed ? /** @type {import("../coordination/index.d.ts").SessionStore} */ (this.#stored).index : index;
  }

  /** Where it is known which sessions a provider ended, if anywhere. */
  get index() {
    return this.#index;
  }

  /**
   * A session with an id that nobody has seen: each sign-in begins one, a step-up too.
   *
   * @param {Kept} kept
   * @returns {Promise<Held>}
   * @throws LoginRequiredError `signed_out`: the provider ended it meanwhile
   */
  async begin(kept) {
    const id = randomText();
    const now = seconds();
    const held = { id, name: await fingerprint(id), seenAt: now, end: now + this.#settings.maxSeconds, kept };
    await using("begin", () => this.#index?.begin(factsOf(held)));
    await this.save(held);
    return held;
  }

  /**
   * The session of a request.
   *
   * @param {import("./cookies.js").Cookies} cookies
   * @returns {Promise<Held | undefined>}
   * @throws StorageError: nobody knows whether there is one
   */
  async load(cookies) {
    const text = this.#jar.sessionIn(cookies);
    if (text === undefined) return undefined;
    let sealed;
    try {
      sealed = await this.#seals.open("session", text);
    } catch (error) {
      this.#settings.log({ type: "warning", error: /** @type {import("../../errors.js").OAuthError} */ (error) });
    }
    if (sealed === undefined) return undefined;
    const { id, seenAt, end } = sealed;
    const name = await fingerprint(id);
    const kept = await this.#keptOf(name, sealed.kept);
    return kept === undefined ? undefined : { id, name, seenAt, end, kept };
  }

  /**
   * A session of one kind is none of the other: with a store, what is deleted there is over.
   *
   * @param {string} name
   * @param {Kept | undefined} inCookie
   * @returns {Promise<Kept | undefined>}
   */
  async #keptOf(name, inCookie) {
    const stored = this.#stored;
    if (stored === undefined) {
      const isOver = this.#index !== undefined && (await using("load", () => this.#index?.isOver(name)));
      return isOver ? undefined : inCookie;
    }
    const text = await using("load", () => stored.load(name));
    return typeof text === "string" ? JSON.parse(text) : undefined;
  }

  /**
   * Writes a session to the store, where there is one.
   *
   * @param {Held} held
   * @throws LoginRequiredError `signed_out`: it was ended meanwhile
   */
  async save({ name, end, kept }) {
    await using("save", () => this.#stored?.save(name, JSON.stringify(kept), { expiresAt: end }));
  }

  /**
   * Ends a session, as far as anybody but the browser keeps it.
   *
   * @param {{ name: string, end?: number, kept?: Kept }} session
   */
  async end({ name, end = seconds() + this.#settings.maxSeconds, kept }) {
    const facts = { ...(kept && factsOf({ name, end, kept })), id: name, expiresAt: end };
    await using("delete", () => (this.#stored ?? this.#index)?.end(facts));
  }

  /** Ends the sessions that a logout token names. @param {LogoutToken} token */
  async endBy(token) {
    const ledger = this.#stored !== undefined && "endBy" in this.#stored ? this.#stored : this.#index;
    await using("delete", async () => void (await ledger?.endBy(token)));
  }

  /** When a session is over, used or not, in Unix seconds. @param {Held} held */
  endOf({ seenAt, end }) {
    return Math.min(seenAt + this.#settings.idleSeconds, end);
  }

  /**
   * Whether the cookie has to be written so that the session does not end by being idle.
   *
   * @param {Held} held
   */
  isStale({ seenAt }) {
    return seconds() - seenAt >= this.#settings.idleSeconds * RENEWED_AFTER;
  }

  /**
   * `Set-Cookie` for a session, from now on.
   *
   * @param {Held} held
   * @param {import("./cookies.js").Cookies} cookies of the request
   * @throws ConfigurationError `session_too_large`
   */
  async write(held, cookies) {
    const now = seconds();
    held.seenAt = now;
    const { id, end, kept } = held;
    const until = this.endOf(held);
    const content = this.#stored === undefined ? { id, seenAt: now, end, kept } : { id, seenAt: now, end };
    return this.#jar.setSession(await this.#seals.seal("session", content, until), until - now, cookies);
  }
}

/**
 * A store that has neither locks nor an index: it keeps, and what it forgets may be seen for a while.
 *
 * @param {import("../../index.d.ts").TokenStorage} store
 */
function plainly(store) {
  const keyOf = (/** @type {string} */ name) => `wasm-oidc:kept-${name}`;
  return {
    load: (/** @type {string} */ name) => store.load(keyOf(name)),
    save: (/** @type {string} */ name, /** @type {string} */ text, /** @type {{ expiresAt: number }} */ options) =>
      store.save(keyOf(name), text, options),
    end: (/** @type {{ id: string }} */ { id }) => store.delete(keyOf(id)),
  };
}

/** @param {{ name: string, end: number, kept: Kept }} session */
function factsOf({ name, end, kept: { issuer, subject, providerSession, issuedAt } }) {
  const sid = providerSession === undefined ? {} : { sessionId: providerSession };
  return { id: name, issuer, subject, ...sid, issuedAt, expiresAt: end };
}

/**
 * @template T
 * @param {string} method of the store
 * @param {() => T | PromiseLike<T>} use
 */
export async function using(method, use) {
  try {
    return await inTime(`store.${method}`, use());
  } catch (cause) {
    if (isOAuthError(cause)) throw cause;
    const message = `the store of the sessions failed in \`${method}\``;
    throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
  }
}

export function seconds() {
  return Math.floor(Date.now() / 1000);
}
