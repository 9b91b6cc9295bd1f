// @ts-check
// The keys of an encrypted file: given, or derived from a passphrase by scrypt (RFC 7914).

import { randomBytes, scrypt } from "node:crypto";

import { configurationError } from "../errors.js";

/** Bytes of an AES key. */
const KEY_BYTES = 32;

/** Characters that a passphrase has at least (NIST SP 800-63B 5.1.1.1). */
const SHORTEST = 8;

/** How many keys are tried at most. */
const MOST_KEYS = 8;

/** What deriving costs in new files: 128 MiB and a fraction of a second, for whoever guesses too. */
const COST = Object.freeze({ N: 2 ** 17, r: 8, p: 1 });

/** What a file may ask for: it could come from anybody. */
const LOWEST = Object.freeze({ N: 2 ** 15, r: 8, p: 1 });
const HIGHEST = Object.freeze({ N: 2 ** 19, r: 8, p: 4 });

/**
 * @typedef {{ key: CryptoKey | Uint8Array | ArrayBuffer } | { passphrase: string }} Secret
 * @typedef {{ name: "scrypt", N: number, r: number, p: number, salt: string }} Kdf
 *
 * @typedef {object} Key
 * @property {(kdf: Kdf | undefined) => Promise<CryptoKey | undefined>} keyFor a file; nothing where it cannot be its key
 * @property {() => Promise<{ key: CryptoKey, kdf?: Kdf }>} begin for a new file
 */

/**
 * @param {unknown} secrets
 * @returns {Key[]} the first one encrypts, all decrypt
 */
export function keyringOf(secrets) {
  const all = /** @type {any[]} */ ([secrets].flat());
  if (all.length === 0 || all.length > MOST_KEYS) throw wrong(`one to ${MOST_KEYS} keys`);
  return all.map((secret) => {
    const { key, passphrase } = secret ?? {};
    if ((key === undefined) === (passphrase === undefined)) throw wrong("`{ key }` or `{ passphrase }`");
    return key === undefined ? derived(passphrase) : given(key);
  });
}

/**
 * @param {unknown} key
 * @returns {Key}
 */
function given(key) {
  const own = isCryptoKey(key) ? Promise.resolve(checked(key)) : imported(key);
  // Whoever needs it hears of a failure.
  own.catch(() => {});
  return {
    keyFor: async (kdf) => (kdf === undefined ? own : undefined),
    begin: async () => ({ key: await own }),
  };
}

/** @param {unknown} key @returns {key is CryptoKey} */
function isCryptoKey(key) {
  return Object.prototype.toString.call(key) === "[object CryptoKey]";
}

/** @param {CryptoKey} key */
function checked(key) {
  const fits = key.algorithm.name === "AES-GCM" && ["encrypt", "decrypt"].every((use) => key.usages.includes(/** @type {any} */ (use)));
  if (!fits) throw wrong("a CryptoKey of AES-GCM that may encrypt and decrypt");
  return key;
}

/**
 * Copied at once: the caller may wipe the bytes.
 *
 * @param {any} key
 */
function imported(key) {
  const bytes = key instanceof ArrayBuffer || ArrayBuffer.isView(key) ? key : undefined;
  if (bytes?.byteLength !== KEY_BYTES) throw wrong(`a key of ${KEY_BYTES} bytes`);
  return crypto.subtle.importKey("raw", /** @type {any} */ (bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * @param {unknown} passphrase
 * @returns {Key}
 */
function derived(passphrase) {
  if (typeof passphrase !== "string" || [...passphrase].length < SHORTEST) {
    throw wrong(`a passphrase of ${SHORTEST} characters at least`);
  }
  /** Deriving takes long on purpose: once for each salt. @type {Map<string, Promise<CryptoKey>>} */
  const keys = new Map();
  /** @param {Kdf} kdf */
  const keyOf = (kdf) => {
    const name = JSON.stringify(kdf);
    const known = keys.get(name) ?? derive(passphrase, kdf);
    keys.set(name, known);
    return known;
  };
  /** @type {Kdf | undefined} */
  let own;
  return {
    keyFor: async (kdf) => (isKdf(kdf) ? keyOf(kdf) : undefined),
    async begin() {
      own ??= { name: "scrypt", ...COST, salt: randomBytes(16).toString("base64url") };
      return { key: await keyOf(own), kdf: own };
    },
  };
}

/** @param {any} kdf @returns {kdf is Kdf} */
function isKdf(kdf) {
  if (kdf?.name !== "scrypt" || typeof kdf.salt !== "string") return false;
  const names = /** @type {const} */ (["N", "r", "p"]);
  const isWithin = names.every((name) => Number.isInteger(kdf[name]) && kdf[name] >= LOWEST[name] && kdf[name] <= HIGHEST[name]);
  return isWithin && Number.isInteger(Math.log2(kdf.N));
}

/**
 * @param {string} passphrase
 * @param {Kdf} kdf
 * @returns {Promise<CryptoKey>}
 */
async function derive(passphrase, { N, r, p, salt }) {
  // One passphrase has several spellings in Unicode (NIST SP 800-63B 5.1.1.2).
  const text = passphrase.normalize("NFKC");
  const bytes = await new Promise((/** @type {(bytes: Buffer) => void} */ resolve, reject) => {
    scrypt(text, Buffer.from(salt, "base64url"), KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, bytes) =>
      error ? reject(error) : resolve(bytes));
  });
  try {
    return await crypto.subtle.importKey("raw", /** @type {any} */ (bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
  } finally {
    bytes.fill(0);
  }
}

/** @param {string} expected */
function wrong(expected) {
  return configurationError("invalid_option", `encryptedFileStorage: expected ${expected}`);
}
