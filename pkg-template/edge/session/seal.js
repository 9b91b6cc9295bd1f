// @ts-check
// Sealing what a browser or a store keeps for us: compact JWE (RFC 7516 3.1) with a key derived for each purpose (HKDF,
// RFC 5869), so that a text of one purpose is nothing to another.

import { CompactEncrypt } from "jose/jwe/compact/encrypt";
import { compactDecrypt } from "jose/jwe/compact/decrypt";

import { toError } from "../../errors.js";

/** @typedef {"session" | "transaction" | "record"} Purpose */

const ALGORITHMS = /** @type {const} */ ({ alg: "dir", enc: "A256GCM" });

/** The one header that a text of a purpose has. Whatever else somebody wrote there is never read. */
const HEADERS = { session: headerOf("session"), transaction: headerOf("transaction"), record: headerOf("record") };

/** @param {Purpose} purpose */
function headerOf(purpose) {
  const header = { ...ALGORITHMS, typ: `wasm-oidc-${purpose}+jwe` };
  return { header, encoded: base64url(JSON.stringify(header)) };
}

export class Seals {
  #secrets;
  #context;
  /** Keys, never promises: what one request of a Worker waits for, no other may. @type {Map<string, CryptoKey>} */
  #keys = new Map();

  /**
   * @param {Uint8Array<ArrayBuffer>[]} secrets the first seals, all open
   * @param {string} context whose texts these are: those of another client stay shut
   */
  constructor(secrets, context) {
    this.#secrets = secrets;
    this.#context = context;
  }

  /**
   * @param {Purpose} purpose
   * @param {unknown} content what JSON can hold
   * @param {number} expiresAt Unix seconds
   * @returns {Promise<string>} letters, digits, `-`, `_` and `.`
   */
  async seal(purpose, content, expiresAt) {
    const text = new TextEncoder().encode(JSON.stringify({ exp: expiresAt, content }));
    return new CompactEncrypt(text).setProtectedHeader(HEADERS[purpose].header).encrypt(await this.#key(purpose, 0));
  }

  /**
   * @param {Purpose} purpose
   * @param {string} text
   * @returns {Promise<any>} what was sealed; `undefined` for what is over, changed, cut, or of somebody else
   * @throws CallbackError `cookie_purpose_mismatch`: a text of ours, for another purpose
   */
  async open(purpose, text) {
    const header = text.slice(0, text.indexOf("."));
    if (header !== HEADERS[purpose].encoded) {
      if (Object.values(HEADERS).some(({ encoded }) => encoded === header)) throw anotherPurpose(purpose);
      return undefined;
    }
    for (let index = 0; index < this.#secrets.length; index += 1) {
      const opened = await compactDecrypt(text, await this.#key(purpose, index), {
        keyManagementAlgorithms: [ALGORITHMS.alg],
        contentEncryptionAlgorithms: [ALGORITHMS.enc],
      }).catch(nothing);
      if (opened === undefined) continue;
      const { exp, content } = JSON.parse(new TextDecoder().decode(opened.plaintext));
      return exp > Date.now() / 1000 ? content : undefined;
    }
    return undefined;
  }

  /**
   * @param {Purpose} purpose
   * @param {number} index of the secret
   */
  async #key(purpose, index) {
    const name = `${purpose} ${index}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const secret = await crypto.subtle.importKey("raw", this.#secrets[index], "HKDF", false, ["deriveKey"]);
    const parameters = {
      name: "HKDF", hash: "SHA-256", salt: new Uint8Array(),
      info: new TextEncoder().encode(`wasm-oidc ${purpose} ${this.#context}`),
    };
    const key = await crypto.subtle.deriveKey(parameters, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    this.#keys.set(name, key);
    return key;
  }
}

/** @param {Uint8Array<ArrayBuffer> | string} bytes */
export function base64url(bytes) {
  const text = typeof bytes === "string" ? bytes : String.fromCharCode(...bytes);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * What stands for a secret where it may be read: SHA-256, in base64url.
 *
 * @param {string} text
 */
export async function fingerprint(text) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** 256 random bits, in base64url. */
export function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {Purpose} expected */
function anotherPurpose(expected) {
  const message = `a sealed cookie of this app stands where one for "${expected}" belongs`;
  return toError({ class: "CallbackError", code: "cookie_purpose_mismatch", message, recovery: "stop" });
}

function nothing() {
  return undefined;
}
