// @ts-check
// Keys and signatures of WebCrypto, written down from RFC 7518 3.1 and RFC 8037 without a look at the code under test.

/** @param {string} hash @param {string} name */
const rsa = (name, hash) => ({ name, hash, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) });

/** @type {Record<string, { generate: any, sign: any }>} */
const ALGORITHMS = {
  RS256: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-256"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  RS384: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-384"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  RS512: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-512"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  PS256: { generate: rsa("RSA-PSS", "SHA-256"), sign: { name: "RSA-PSS", saltLength: 32 } },
  PS384: { generate: rsa("RSA-PSS", "SHA-384"), sign: { name: "RSA-PSS", saltLength: 48 } },
  PS512: { generate: rsa("RSA-PSS", "SHA-512"), sign: { name: "RSA-PSS", saltLength: 64 } },
  ES256: { generate: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
  ES384: { generate: { name: "ECDSA", namedCurve: "P-384" }, sign: { name: "ECDSA", hash: "SHA-384" } },
  ES512: { generate: { name: "ECDSA", namedCurve: "P-521" }, sign: { name: "ECDSA", hash: "SHA-512" } },
  EdDSA: { generate: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  Ed25519: { generate: { name: "Ed25519" }, sign: { name: "Ed25519" } },
};

/**
 * Makes a new key and signs with it.
 *
 * @param {string} algorithm a name of {@link ALGORITHMS}
 * @param {Uint8Array} message
 * @param {(signature: Uint8Array) => boolean} isWanted signs again until it is
 * @returns {Promise<{ jwk: string, signature: Uint8Array }>} the public key as JSON, as WebCrypto exports it
 */
export async function sign(algorithm, message, isWanted = () => true) {
  const { generate, sign } = ALGORITHMS[algorithm];
  // The message lies in wasm memory: only a copy of it holds still.
  const text = message.slice();
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(generate, true, ["sign", "verify"]));
  const jwk = JSON.stringify(await crypto.subtle.exportKey("jwk", pair.publicKey));
  for (;;) {
    const signature = new Uint8Array(await crypto.subtle.sign(sign, pair.privateKey, text));
    if (isWanted(signature)) return { jwk, signature };
  }
}

/**
 * A signature of an algorithm that salts, so that about every 256th begins so.
 *
 * @param {string} algorithm
 * @param {Uint8Array} message
 */
export const signWithLeadingZero = (algorithm, message) => sign(algorithm, message, (signature) => signature[0] === 0);

/** An `importKey` of a host that does not know the algorithm, as WebCrypto says it. */
export const importNothing = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));

/** An `importKey` that throws at once. */
export const importThrows = () => {
  throw "no keys today";
};
