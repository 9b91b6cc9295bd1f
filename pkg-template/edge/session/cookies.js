// @ts-check
// Cookies as RFC 6265bis has them: their names and attributes, the ones of ours that a request carries, and a long text
// in several.

import { parse, serialize } from "cookie-es";

import { configurationError } from "../../errors.js";

/** Longer `Cookie` headers are not read at all. No honest one comes near: servers give up before. */
const LONGEST_HEADER = 64 * 1024;

/** What a chunk holds: with its name and its attributes a cookie stays below the 4096 bytes that every browser takes. */
const CHUNK_LENGTH = 3800;

/** Together with other headers they stay below the 16 kB that servers take. */
export const MOST_CHUNKS = 3;

/** @typedef {Record<string, string | undefined>} Cookies */

export class CookieJar {
  /** The session's. */
  session;
  /** How the names of transactions begin. */
  transactions;
  /**
   * How the names of marks begin that say that a sign-in began in this browser, at this host: a neighbour under the same
   * domain can set a cookie of `__Secure-` for us, with a sign-in of its own in it, and none of `__Host-`.
   */
  marks;
  #sessionAttributes;
  #transactionAttributes;

  /** @param {import("./options.js").Settings} settings */
  constructor({ name, isDevelopment, isFormPost, sameSite, basePath }) {
    const isSecure = !isDevelopment;
    this.session = `${isSecure ? "__Host-" : ""}${name}`;
    // `__Host-` is for cookies of the whole origin; those of a sign-in go to the handler's own routes.
    this.transactions = `${isSecure || isFormPost ? "__Secure-" : ""}${name}-sign-in.`;
    this.marks = isSecure ? `__Host-${name}-began.` : undefined;
    this.#sessionAttributes = { path: "/", httpOnly: true, secure: isSecure, sameSite };
    // Only a form that the provider's page posts here crosses sites.
    const crossing = isFormPost ? /** @type {const} */ ("none") : /** @type {const} */ ("lax");
    this.#transactionAttributes = { path: basePath, httpOnly: true, secure: isSecure || isFormPost, sameSite: crossing };
  }

  /**
   * The cookies of ours in a request.
   *
   * @param {Request} request
   * @returns {Cookies}
   */
  read(request) {
    const header = request.headers.get("cookie") ?? "";
    if (header.length > LONGEST_HEADER) return Object.create(null);
    const isOurs = (/** @type {string} */ name) =>
      name === this.session || name.startsWith(`${this.session}.`) || name.startsWith(this.transactions) ||
      (this.marks !== undefined && name.startsWith(this.marks));
    return parse(header, { filter: isOurs, decode: (value) => value });
  }

  /**
   * The text of the session cookie and its chunks.
   *
   * @param {Cookies} cookies
   * @returns {string | undefined}
   */
  sessionIn(cookies) {
    const [, count, first] = /^([1-9])~(.*)$/.exec(cookies[this.session] ?? "") ?? [];
    if (count === undefined || Number(count) > MOST_CHUNKS) return undefined;
    const chunks = [first, ...Array.from({ length: Number(count) - 1 }, (_, index) => cookies[`${this.session}.${index + 1}`])];
    return chunks.every((chunk) => chunk !== undefined && chunk.length <= CHUNK_LENGTH) ? chunks.join("") : undefined;
  }

  /**
   * `Set-Cookie` for a text of the session, and for what is left of a longer one before.
   *
   * @param {string} text
   * @param {number} maxAge seconds
   * @param {Cookies} cookies of the request
   * @throws ConfigurationError `session_too_large`
   */
  setSession(text, maxAge, cookies) {
    const count = Math.ceil(text.length / CHUNK_LENGTH);
    if (count > MOST_CHUNKS) {
      throw configurationError(
        "session_too_large",
        `the tokens of this session need ${text.length} bytes, and cookies have room for ${MOST_CHUNKS * CHUNK_LENGTH}: give the handler a "store"`,
      );
    }
    const chunks = Array.from({ length: count }, (_, index) => text.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH));
    chunks[0] = `${count}~${chunks[0]}`;
    const attributes = { ...this.#sessionAttributes, maxAge };
    const set = chunks.map((chunk, index) => serialize(this.#chunkName(index), chunk, { ...attributes, encode: asItIs }));
    return [...set, ...this.#deletions(cookies, count)];
  }

  /** @param {Cookies} cookies of the request */
  deleteSession(cookies) {
    return [serialize(this.session, "", { ...this.#sessionAttributes, maxAge: 0 }), ...this.#deletions(cookies, 1)];
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {number} maxAge seconds; 0 deletes
   */
  setTransaction(name, text, maxAge) {
    return serialize(name, text, { ...this.#transactionAttributes, maxAge, encode: asItIs });
  }

  /**
   * The mark that goes with a transaction, where there are marks.
   *
   * @param {string} state what the transaction is called
   * @param {number} maxAge seconds; 0 deletes
   */
  setMark(state, maxAge) {
    const attributes = { ...this.#transactionAttributes, path: "/", maxAge };
    return this.marks === undefined ? [] : [serialize(`${this.marks}${state}`, maxAge === 0 ? "" : "1", attributes)];
  }

  /** @param {string} state what the transaction is called @param {Cookies} cookies */
  isMarked(state, cookies) {
    return this.marks === undefined || cookies[`${this.marks}${state}`] === "1";
  }

  /** @param {number} index */
  #chunkName(index) {
    return index === 0 ? this.session : `${this.session}.${index}`;
  }

  /**
   * @param {Cookies} cookies
   * @param {number} from the first chunk that is not there any more
   */
  #deletions(cookies, from) {
    return Object.keys(cookies)
      .filter((name) => Number(/\.([0-9]{1,4})$/.exec(name)?.[1]) >= from && name.startsWith(`${this.session}.`))
      .slice(0, 16)
      .map((name) => serialize(name, "", { ...this.#sessionAttributes, maxAge: 0 }));
  }
}

/** @param {string} text */
function asItIs(text) {
  return text;
}
