// @ts-check
// Sessions in a file, encrypted (AES-GCM with 256 bits, NIST SP 800-38D) under a key that the program has from elsewhere.
// Everything in a file is under one key, which is known by a sealed text that the file begins with.

import { refused } from "./private-file.js";
import { keyringOf } from "./keyring.js";
import { recordsIn } from "./records.js";
import { toError } from "../errors.js";

/** What the header seals; whoever can open it has the key. */
const CHECK = "wasm-oidc";

/** Bytes of a nonce (NIST SP 800-38D 8.2.2). */
const NONCE = 12;

/**
 * @typedef {{ iv: string, ciphertext: string }} Sealed in base64url
 * @typedef {{ kdf?: import("./keyring.js").Kdf, check: Sealed }} Header
 */

/**
 * @param {string} path
 * @param {import("./keyring.js").Secret | import("./keyring.js").Secret[]} secrets
 */
export function encryptedFileStorage(path, secrets) {
  const keyring = keyringOf(secrets);

  /**
   * @param {CryptoKey} key
   * @param {Header} header
   * @param {boolean} isCurrent
   * @returns {import("./records.js").Seals}
   */
  const sealsOf = (key, header, isCurrent) => ({
    header,
    isCurrent,
    seal: async (name, text, expiresAt) => ({
      ...(await encrypt(key, text, purposeOf(name, expiresAt))),
      ...(expiresAt !== undefined && { expiresAt }),
    }),
    open: (name, entry) => decrypt(key, entry, purposeOf(name, entry.expiresAt)),
  });

  return recordsIn(path, {
    kind: "encrypted",
    async unlock(found, file) {
      const header = /** @type {Header | null | undefined} */ (found);
      if (typeof header?.check !== "object") return undefined;
      for (const [index, secret] of keyring.entries()) {
        const key = await secret.keyFor(header.kdf);
        if (key === undefined) continue;
        const isRight = (await decrypt(key, header.check, checkOf(header.kdf))) === CHECK;
        if (isRight) return sealsOf(key, header, index === 0);
      }
      const { message } = refused(file, "was encrypted with another key");
      throw toError({ class: "StorageError", code: "wrong_key", message, recovery: "fix" });
    },
    async begin() {
      const { key, kdf } = await keyring[0].begin();
      const check = await encrypt(key, CHECK, checkOf(kdf));
      return sealsOf(key, { ...(kdf && { kdf }), check }, true);
    },
  });
}

/**
 * What is sealed is bound to its name and its end: entries cannot change places.
 *
 * @param {string} name
 * @param {number | undefined} expiresAt
 */
function purposeOf(name, expiresAt) {
  return `wasm-oidc file entry 1\n${expiresAt ?? ""}\n${name}`;
}

/** @param {import("./keyring.js").Kdf | undefined} kdf */
function checkOf(kdf) {
  return `wasm-oidc file header 1\n${JSON.stringify(kdf ?? null)}`;
}

/**
 * @param {CryptoKey} key
 * @param {string} text
 * @param {string} purpose
 * @returns {Promise<Sealed>}
 */
async function encrypt(key, text, purpose) {
  // Never used twice with one key.
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const additionalData = new TextEncoder().encode(purpose);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, new TextEncoder().encode(text));
  return { iv: Buffer.from(iv).toString("base64url"), ciphertext: Buffer.from(sealed).toString("base64url") };
}

/**
 * @param {CryptoKey} key
 * @param {{ iv?: unknown, ciphertext?: unknown, [member: string]: unknown }} sealed
 * @param {string} purpose
 * @returns {Promise<string | undefined>} nothing where it was sealed with another key or for another purpose, or changed
 */
async function decrypt(key, { iv, ciphertext }, purpose) {
  if (typeof iv !== "string" || typeof ciphertext !== "string") return undefined;
  const parameters = {
    name: "AES-GCM",
    iv: Buffer.from(iv, "base64url"),
    additionalData: new TextEncoder().encode(purpose),
  };
  const opened = await crypto.subtle.decrypt(parameters, key, Buffer.from(ciphertext, "base64url")).catch(() => undefined);
  return opened && new TextDecoder().decode(opened);
}
