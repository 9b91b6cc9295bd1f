// @ts-check
// The private key of `clientAuth`: which algorithms it can sign with, and signing, by WebCrypto (RFC 7518 3.1, RFC 8037). The
// key stays in here. Only the entries of runtimes that keep a key import this file.

import { configurationError } from "./errors.js";

/** What WebCrypto calls the algorithms; the usual ones of a key go first. @type {Record<string, any>} */
const PARAMETERS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  PS384: { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  PS512: { name: "RSA-PSS", hash: "SHA-512", saltLength: 64 },
  ES256: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  ES384: { name: "ECDSA", hash: "SHA-384", namedCurve: "P-384" },
  ES512: { name: "ECDSA", hash: "SHA-512", namedCurve: "P-521" },
  EdDSA: { name: "Ed25519" },
  Ed25519: { name: "Ed25519" },
};

const NAMES = Object.keys(PARAMETERS);

/** The algorithms of a type of key. */
const RSA = NAMES.filter((name) => PARAMETERS[name].name.startsWith("RSA"));
/** @type {Record<string, string[]>} */
const OF_CURVE = { "P-256": ["ES256"], "P-384": ["ES384"], "P-521": ["ES512"], Ed25519: ["EdDSA", "Ed25519"] };

/** The beginnings of PKCS#8 (RFC 5958 2) after its length: version and algorithm, in hexadecimal digits. */
const OF_DER = [
  { start: "300d06092a864886f70d010101", algorithms: RSA },
  { start: "301306072a8648ce3d020106082a8648ce3d030107", algorithms: OF_CURVE["P-256"] },
  { start: "301006072a8648ce3d020106052b81040022", algorithms: OF_CURVE["P-384"] },
  { start: "301006072a8648ce3d020106052b81040023", algorithms: OF_CURVE["P-521"] },
  { start: "300506032b6570", algorithms: OF_CURVE.Ed25519 },
];

/** The shortest RSA keys that sign (RFC 7518 3.3): in bits, in digits of base64url, and in bytes of PKCS#8. */
const LEAST_RSA = { bits: 2048, digits: 342, bytes: 1100 };

/**
 * What signs, and what may be known of it.
 *
 * @typedef {object} SigningKey
 * @property {string[]} algorithms that it can sign with
 * @property {CryptoKey} [key]
 * @property {["jwk", JsonWebKey] | ["pkcs8", Uint8Array<ArrayBuffer>]} [material] of which the key is made when it is needed
 * @property {string} [keyId]
 * @property {string} [certificateThumbprint]
 */

/**
 * Takes the key out of `clientAuth`: its other members, with what the key can do instead of it, and what signs.
 *
 * @param {Record<string, any>} clientAuth
 * @returns {{ clientAuth: Record<string, unknown>, sign: (algorithm: string, input: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> }}
 */
export function takeKey(clientAuth) {
  const { method = "private_key_jwt", key, algorithm, keyId, certificateThumbprint, audience, ...unknown } = clientAuth;
  const [name] = Object.keys(unknown).filter((one) => unknown[one] != null);
  if (name !== undefined) throw wrong(name, "nothing by this name beside `key`");
  if (method !== "private_key_jwt") throw wrong("method", '"private_key_jwt" beside `key`');
  for (const [name, text] of Object.entries({ algorithm, keyId, certificateThumbprint, audience })) {
    if (text != null && (typeof text !== "string" || text === "")) throw wrong(name, "a string that is not empty");
  }
  const read = signingKey(key);
  const algorithms = algorithm == null ? read.algorithms : read.algorithms.filter((one) => one === algorithm);
  if (algorithms.length === 0) {
    throw wrong("algorithm", `what this key can sign with: ${read.algorithms.join(", ")}`);
  }
  return {
    clientAuth: {
      method,
      algorithms,
      audience,
      keyId: keyId ?? read.keyId,
      certificateThumbprint: certificateThumbprint ?? read.certificateThumbprint,
    },
    sign: signer(read),
  };
}

/** @param {SigningKey} signingKey */
function signer({ key, material }) {
  /** The keys themselves, never a promise of one: requests of a Worker share them. @type {Map<string, CryptoKey>} */
  const keys = new Map();
  return async (/** @type {string} */ algorithm, /** @type {Uint8Array<ArrayBuffer>} */ input) => {
    const parameters = PARAMETERS[algorithm];
    const { subtle } = crypto;
    if (key === undefined && !keys.has(algorithm)) {
      const [format, what] = /** @type {["jwk", JsonWebKey]} */ (material);
      keys.set(algorithm, await subtle.importKey(format, what, parameters, false, ["sign"]));
    }
    const used = key ?? /** @type {CryptoKey} */ (keys.get(algorithm));
    return new Uint8Array(await subtle.sign(parameters, used, input));
  };
}

/**
 * @param {any} given
 * @returns {SigningKey}
 */
function signingKey(given) {
  if (typeof given === "string") return given.trimStart().startsWith("{") ? ofJwk(parsed(given)) : ofPem(given);
  if (typeof given === "object" && given !== null) {
    if (Array.isArray(given.usages) && given.algorithm !== undefined) return ofCryptoKey(given);
    if (typeof given.kty === "string") return ofJwk(given);
  }
  throw wrongKey("expected a CryptoKey, a JWK, or PKCS#8 in PEM (-----BEGIN PRIVATE KEY-----)");
}

/**
 * @param {CryptoKey} key
 * @returns {SigningKey}
 */
function ofCryptoKey(key) {
  const { name, hash, namedCurve, modulusLength } = /** @type {any} */ (key.algorithm);
  if (key.type === "public") throw wrongKey("it is a public key, and the private one of the pair signs");
  const algorithms = NAMES.filter((one) => {
    const known = PARAMETERS[one];
    return known.name === name && (hash === undefined || known.hash === hash.name) && known.namedCurve === namedCurve;
  });
  if (key.type !== "private" || algorithms.length === 0) {
    const what = [name, hash?.name, namedCurve].filter((one) => one !== undefined).join(" ");
    throw wrongKey(`it is for ${what}, which signs no assertion: ${EXPECTED}`);
  }
  if (!key.usages.includes("sign")) {
    throw wrongKey('it may not sign: import or generate it with the usage "sign"');
  }
  if (modulusLength < LEAST_RSA.bits) throw tooShort();
  return { key, algorithms };
}

/**
 * @param {any} jwk
 * @returns {SigningKey}
 */
function ofJwk(jwk) {
  const { kty, crv, use, key_ops: operations, alg, kid } = jwk;
  const ofType = kty === "RSA" ? RSA : kty === "EC" || kty === "OKP" ? (OF_CURVE[crv] ?? []) : [];
  if (ofType.length === 0) throw wrongKey(`its type (${[kty, crv].filter(Boolean).join(" ")}) signs no assertion: ${EXPECTED}`);
  if (typeof jwk.d !== "string") throw wrongKey("it is a public key, and the private one of the pair, with `d`, signs");
  if (use != null && use !== "sig") throw wrongKey(`its \`use\` is not "sig"`);
  if (Array.isArray(operations) && !operations.includes("sign")) throw wrongKey('its `key_ops` are without "sign"');
  const algorithms = alg == null ? ofType : ofType.filter((one) => one === alg);
  if (algorithms.length === 0) throw wrongKey(`its \`alg\` is not one of its type: ${ofType.join(", ")}`);
  if (kty === "RSA" && String(jwk.n).length < LEAST_RSA.digits) throw tooShort();
  // What else it says is for others, and some hosts refuse what they do not expect.
  const { n, e, d, p, q, dp, dq, qi, x, y } = jwk;
  return { material: ["jwk", { kty, crv, n, e, d, p, q, dp, dq, qi, x, y }], algorithms, keyId: kid, certificateThumbprint: jwk["x5t#S256"] };
}

/**
 * @param {string} pem
 * @returns {SigningKey}
 */
function ofPem(pem) {
  // A variable of the environment may hold its line ends as two characters.
  const [, label, text] = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(pem.replaceAll("\\n", "\n")) ?? [];
  if (label === undefined) throw wrongKey("it is no PEM: expected -----BEGIN PRIVATE KEY-----");
  if (label === "PUBLIC KEY" || label === "CERTIFICATE") throw wrongKey("it is public, and the private key of the pair signs");
  if (label === "ENCRYPTED PRIVATE KEY") throw wrongKey("it is encrypted: `openssl pkcs8 -in key.pem` decrypts it");
  if (label !== "PRIVATE KEY") {
    throw wrongKey("it is not PKCS#8: `openssl pkcs8 -topk8 -nocrypt -in key.pem` makes it so");
  }
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  } catch {
    throw wrongKey("it is no PEM: what stands between its lines is not Base64");
  }
  const digits = [...bytes.slice(0, 40)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = OF_DER.find(({ start }) => digits.includes(`020100${start}`) || digits.includes(`020101${start}`));
  if (found === undefined) throw wrongKey(`it is of another type: ${EXPECTED}`);
  if (found.algorithms === RSA && bytes.length < LEAST_RSA.bytes) throw tooShort();
  return { material: ["pkcs8", bytes], algorithms: found.algorithms };
}

const EXPECTED = "expected RSA, EC on P-256, P-384 or P-521, or Ed25519";

const tooShort = () => wrongKey("RSA keys of less than 2048 bits do not sign (RFC 7518 3.3)");

/** @param {string} json */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    // What the parser says repeats the text.
    throw wrongKey("it is no JWK: what begins as one is no JSON");
  }
}

/** @param {string} what */
const wrongKey = (what) => configurationError("invalid_option", `option "clientAuth.key": ${what}`);

/**
 * @param {string} name
 * @param {string} expected
 */
function wrong(name, expected) {
  return configurationError("invalid_option", `option "clientAuth.${name}": expected ${expected}`);
}
