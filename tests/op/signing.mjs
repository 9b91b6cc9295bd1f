// @ts-check
// The hostile proxy's own keys: what it puts its name to is signed by a key that its key set publishes.
import { constants, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** @typedef {"RS256" | "PS256" | "ES256" | "EdDSA"} Algorithm */

/** @typedef {ReturnType<typeof signingKeys>} SigningKeys */

export function signingKeys() {
  const pairs = {
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  const serial = randomBytes(4).toString("hex");
  /** @param {Algorithm} algorithm */
  const kid = (algorithm) => `hostile-${algorithm.toLowerCase()}-${serial}`;

  return {
    /** The key set document (RFC 7517), public members only. */
    keySet() {
      return {
        keys: Object.entries(pairs).map(([algorithm, pair]) => ({
          ...pair.publicKey.export({ format: "jwk" }),
          kid: kid(/** @type {Algorithm} */ (algorithm)),
          alg: algorithm,
          use: "sig",
        })),
      };
    },

    /** @param {Algorithm} algorithm */
    publicKey(algorithm) {
      return { kid: kid(algorithm), pem: pairs[algorithm].publicKey.export({ format: "pem", type: "spki" }).toString() };
    },

    /**
     * @param {Record<string, any>} claims
     * @param {Algorithm} algorithm
     * @returns {string} a compact JWS (RFC 7515 3.1)
     */
    sign(claims, algorithm) {
      const header = { alg: algorithm, kid: kid(algorithm) };
      const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      return `${signed}.${signature(algorithm, Buffer.from(signed), pairs[algorithm].privateKey).toString("base64url")}`;
    },
  };
}

/** @param {Algorithm} algorithm @param {Buffer} bytes @param {import("node:crypto").KeyObject} key */
function signature(algorithm, bytes, key) {
  switch (algorithm) {
    case "RS256":
      return sign("sha256", bytes, key);
    case "PS256":
      return sign("sha256", bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case "ES256":
      return sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" });
    case "EdDSA":
      return sign(null, bytes, key);
  }
}
