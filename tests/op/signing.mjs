// @ts-check
// The hostile proxy's own keys: what it puts its name to is signed by a key that its key set publishes, or wrongly.
import { constants, createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** @typedef {"RS256" | "PS256" | "ES256" | "EdDSA"} Algorithm */

/**
 * @typedef {"broken" | "empty" | "zeros" | "der" | "stranger" | "public key"} WrongSignature one bit changed; none; zeros of
 *   the right length; ECDSA as ASN.1 (RFC 7518 3.4 has the raw form); by a key that is not in the key set; HMAC with the
 *   public key as its secret
 */

/** @typedef {ReturnType<typeof signingKeys>} SigningKeys */

export function signingKeys() {
  const pairs = {
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  const strangers = { RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }) };
  const serial = randomBytes(4).toString("hex");
  /** @param {Algorithm} algorithm */
  const kid = (algorithm) => `hostile-${algorithm.toLowerCase()}-${serial}`;
  /** @param {Algorithm} algorithm */
  const pem = (algorithm) => pairs[algorithm].publicKey.export({ format: "pem", type: "spki" }).toString();

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
    publicKey: (algorithm) => ({ kid: kid(algorithm), pem: pem(algorithm) }),

    /** The public key of somebody who is not this provider. */
    stranger: () => strangers.RS256.publicKey.export({ format: "jwk" }),

    /**
     * A compact JWS (RFC 7515 3.1).
     *
     * @param {object} jws
     * @param {string} jws.claims JSON text
     * @param {Algorithm} [jws.algorithm]
     * @param {(header: Record<string, any>) => Record<string, any>} [jws.header] what becomes of the right header
     * @param {WrongSignature} [jws.wrong]
     * @returns {string}
     */
    sign({ claims, algorithm = "RS256", header = (right) => right, wrong }) {
      const alg = wrong === "public key" ? "HS256" : algorithm;
      const right = { alg, kid: kid(algorithm) };
      const signed = [JSON.stringify(header(right)), claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
      const bytes = Buffer.from(signed);
      const { privateKey } = wrong === "stranger" ? strangers.RS256 : pairs[algorithm];
      const made =
        wrong === "public key" ? createHmac("sha256", pem(algorithm)).update(bytes).digest()
        : wrong === "der" ? sign("sha256", bytes, privateKey)
        : signature(algorithm, bytes, privateKey);
      return `${signed}.${(wrong ? spoilt(made, wrong) : made).toString("base64url")}`;
    },
  };
}

/** @param {Buffer} made @param {WrongSignature} wrong */
function spoilt(made, wrong) {
  if (wrong === "empty") return Buffer.alloc(0);
  if (wrong === "zeros") return Buffer.alloc(made.length);
  if (wrong === "broken") made[made.length >> 1] ^= 1;
  return made;
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
