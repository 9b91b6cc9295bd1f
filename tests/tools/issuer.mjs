// @ts-check
// An issuer of a few lines on loopback, for what the real provider does not do: keys and answers as a test wants them.

import { constants, createHash, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/** @typedef {import("wasm-oidc").SigningAlgorithm} Algorithm */

/** @param {Algorithm} algorithm */
export function keyPair(algorithm) {
  const curve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[/** @type {string} */ (algorithm)];
  if (curve !== undefined) return generateKeyPairSync("ec", { namedCurve: curve });
  return algorithm.startsWith("Ed") ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/**
 * @param {object} header
 * @param {object} claims
 * @param {import("node:crypto").KeyObject} key
 * @returns {string} a compact JWS (RFC 7515 3.1), signed as `alg` of the header says
 */
export function signed(header, claims, key) {
  const algorithm = /** @type {{ alg: string }} */ (header).alg;
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const hash = algorithm.startsWith("Ed") ? null : `sha${algorithm.slice(2)}`;
  const padding = algorithm.startsWith("PS") ? constants.RSA_PKCS1_PSS_PADDING : undefined;
  const saltLength = algorithm.startsWith("PS") ? constants.RSA_PSS_SALTLEN_DIGEST : undefined;
  const signature = sign(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363", padding, saltLength });
  return `${input}.${signature.toString("base64url")}`;
}

/** @param {import("node:crypto").KeyObject} key @returns {string} SHA-256 of its SubjectPublicKeyInfo */
export function fingerprint(key) {
  return createHash("sha256").update(key.export({ format: "der", type: "spki" })).digest("hex");
}

/**
 * Answers by path; everything else is 404.
 *
 * @returns {Promise<{ origin: string, requests: string[], answers: Map<string, (response: import("node:http").ServerResponse) => void>, close: () => Promise<void> }>}
 */
export async function startIssuer() {
  const answers = new Map();
  /** @type {string[]} */
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const answer = answers.get(request.url);
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { origin: `http://127.0.0.1:${port}`, requests, answers, close };
}

/** @param {unknown} body @returns {(response: import("node:http").ServerResponse) => void} */
export const json = (body) => (response) =>
  void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
