// @ts-check
// Where sessions are: whole in the sealed cookie, or in the app's store, of which the cookie then holds the name.

import { toError } from "../../errors.js";
import { inTime } from "../../in-time.js";
import { forget, remember } from "./session-index.js";
import { fingerprint, randomText } from "./seal.js";

/**
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 *
 * @typedef {object} Kept what a session is
 * @property {TokenSet} tokens
 * @property {string} issuer
 * @property {string} subject
 * @property {string} [providerSession] the claim `sid`
 *
 * @typedef {object} Held a session in the hands of one request
 * @property {string} id 256 random bits, which only the cookie has
 * @property {string} name what the session is called everywhere else: the fingerprint of its id
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

  /**
   * @param {import("./options.js").Settings} settings
   * @param {import("./cookies.js").CookieJar} jar
   * @param {import("./seal.js").Seals} seals
   */
  constructor(settings, jar, seals) {
    this.#settings = settings;
    this.#jar = jar;
    this.#seals = seals;
  }

  /**
   * A session with an id that nobody has seen: each sign-in begins one, a step-up too.
   *
   * @param {Kept} kept
   * @returns {Promise<Held>}
   */
  async begin(kept) {
    const id = randomText();
    const now = seconds();
    const held = { id, name: await fingerprint(id), seenAt: now, end: now + this.#settings.maxSeconds, kept };
    const { store } = this.#settings;
    if (store !== undefined) {
      await this.save(held);
      await this.#using("save", () => remember(store, held));
    }
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
    // A session of one kind is none of the other: with a store, what is deleted there is over.
    const kept = this.#settings.store === undefined ? sealed.kept : await this.loadKept(name);
    return kept === undefined ? undefined : { id, name, seenAt, end, kept };
  }

  /**
   * What the store has under a name now.
   *
   * @param {string} name
   * @returns {Promise<Kept | undefined>}
   */
  async loadKept(name) {
    const { store } = this.#settings;
    const text = await this.#using("load", () => store?.load(keyOf(name)));
    return typeof text === "string" ? this.#seals.open("record", text) : undefined;
  }

  /** Writes a session to the store, where there is one. @param {Held} held */
  async save({ name, end, kept }) {
    const { store } = this.#settings;
    if (store === undefined) return;
    const text = await this.#seals.seal("record", kept, end);
    await this.#using("save", () => store.save(keyOf(name), text, { expiresAt: end }));
  }

  /** Forgets a session in the store, where there is one. @param {string} name */
  async end(name) {
    const { store } = this.#settings;
    if (store !== undefined) await this.#using("delete", () => store.delete(keyOf(name)));
  }

  /** Takes a session out of the index of the provider's sessions. @param {Held} held */
  async forget(held) {
    const { store } = this.#settings;
    if (store !== undefined) await this.#using("save", () => forget(store, held));
  }

  /**
   * Whether the cookie has to be written so that the session does not end by being idle.
   *
   * @param {Held} held
   */
  isStale({ seenAt }) {
    return seconds() - seenAt >= this.#settings.idleSeconds * RENEWED_AFTER;
  }

  /** When a session is over, used or not, in Unix seconds. @param {Held} held */
  endOf({ seenAt, end }) {
    return Math.min(seenAt + this.#settings.idleSeconds, end);
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
    const content = this.#settings.store === undefined ? { id, seenAt: now, end, kept } : { id, seenAt: now, end };
    return this.#jar.setSession(await this.#seals.seal("session", content, until), until - now, cookies);
  }

  /**
   * @template T
   * @param {string} method of the store
   * @param {() => T | PromiseLike<T>} use
   */
  async #using(method, use) {
    try {
      return await inTime(`store.${method}`, use());
    } catch (cause) {
      const message = `the store of the sessions failed in \`${method}\``;
      throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
    }
  }
}

/** @param {string} name */
export function keyOf(name) {
  return `wasm-oidc:server-session:${name}`;
}

export function seconds() {
  return Math.floor(Date.now() / 1000);
}
