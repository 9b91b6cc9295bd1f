// @ts-check
// The sign-ins that this browser has begun: a sealed cookie for each `state`, which binds the response to the browser that
// asked (RFC 9700 4.7.1).

import { fingerprint } from "./seal.js";

/** How long a sign-in may take, in seconds. */
const LIFETIME_SECONDS = 600;

/** How many may be under way; the oldest go. */
const MOST = 8;

/**
 * @typedef {object} Transaction
 * @property {Omit<import("../../index.d.ts").AuthorizationRequest, "url">} auth
 * @property {string} returnTo
 * @property {string} [replaces] the name in the store of the session before
 *
 * @typedef {{ used: string, returnTo: string }} Used the fingerprint of the code that was redeemed, or of nothing
 */

export class Transactions {
  #jar;
  #seals;

  /**
   * @param {import("./cookies.js").CookieJar} jar
   * @param {import("./seal.js").Seals} seals
   */
  constructor(jar, seals) {
    this.#jar = jar;
    this.#seals = seals;
  }

  /**
   * Begins a sign-in.
   *
   * @param {Transaction} transaction
   * @param {import("./cookies.js").Cookies} cookies of the request
   * @returns {Promise<string[]>} `Set-Cookie`
   */
  async begin(transaction, cookies) {
    // The time stands in the name too: which are the oldest is known without opening any.
    const began = Math.floor(Date.now() / 1000);
    const state = await nameOf(transaction.auth.state);
    const name = `${this.#jar.transactions}${began.toString(36)}.${state}`;
    const text = await this.#seals.seal("transaction", transaction, began + LIFETIME_SECONDS);
    const others = this.#namesIn(cookies).sort((one, other) => ageOf(other) - ageOf(one));
    const over = others.slice(MOST - 1, 4 * MOST);
    return [
      this.#jar.setTransaction(name, text, LIFETIME_SECONDS),
      ...this.#jar.setMark(state, LIFETIME_SECONDS),
      ...over.flatMap((old) => [this.#jar.setTransaction(old, "", 0), ...this.#jar.setMark(old.split(".").at(-1) ?? "", 0)]),
    ];
  }

  /**
   * The transaction of a response, as far as this browser has it.
   *
   * @param {string} state
   * @param {import("./cookies.js").Cookies} cookies
   * @returns {Promise<{ name: string, transaction: Transaction | Used } | undefined>}
   * @throws CallbackError `cookie_purpose_mismatch`
   */
  async find(state, cookies) {
    const called = await nameOf(state);
    if (!this.#jar.isMarked(called, cookies)) return undefined;
    const name = this.#namesIn(cookies).find((name) => name.endsWith(`.${called}`));
    const transaction = name === undefined ? undefined : await this.#seals.open("transaction", cookies[name] ?? "");
    return name === undefined || transaction === undefined ? undefined : { name, transaction };
  }

  /**
   * Keeps no more of a transaction than that it is used up: a reload of the callback page is told from a forged one.
   *
   * @param {string} name
   * @param {string} code
   * @param {string} returnTo
   * @returns {Promise<string>} `Set-Cookie`
   */
  async use(name, code, returnTo) {
    const used = { used: await fingerprint(code), returnTo };
    const end = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
    return this.#jar.setTransaction(name, await this.#seals.seal("transaction", used, end), LIFETIME_SECONDS);
  }

  /** @param {import("./cookies.js").Cookies} cookies */
  #namesIn(cookies) {
    return Object.keys(cookies).filter((name) => name.startsWith(this.#jar.transactions));
  }
}

/** @param {string} state */
async function nameOf(state) {
  return (await fingerprint(state)).slice(0, 22);
}

/** @param {string} name of a transaction's cookie */
function ageOf(name) {
  return parseInt(name.split(".").at(-2) ?? "", 36) || 0;
}
