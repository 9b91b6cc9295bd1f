// @ts-check
// The real provider with machines that prove who they are in every way: a key of each type, and a secret by header, form and
// assertion.
import { exportJWK, exportPKCS8, generateKeyPair } from "jose";

import { startTestProvider } from "../op/provider.mjs";

export const SECRET = "canary-secret-of-the-tests-0123456789abcdef";

/** The ways, and the algorithm of those that sign. @type {Record<string, string | undefined>} */
export const METHODS = {
  "private_key_jwt RS256": "RS256",
  "private_key_jwt PS256": "PS256",
  "private_key_jwt ES256": "ES256",
  "private_key_jwt EdDSA": "EdDSA",
  client_secret_basic: undefined,
  client_secret_post: undefined,
  client_secret_jwt: "HS256",
};

/** The client id of a way. @param {string} method */
export const clientIdOf = (method) => `agt_${method.replace(/\W/g, "_")}`;

/**
 * A pair of keys, in every form in which an app may have the private one.
 *
 * @param {string} algorithm
 */
export async function makeKeys(algorithm) {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const kid = `key-${algorithm}`;
  const jwk = { ...(await exportJWK(pair.privateKey)), kid };
  const publicJwk = { ...(await exportJWK(pair.publicKey)), kid, use: "sig", alg: algorithm };
  // What an app has that let nobody read it: not extractable.
  const parameters = /** @type {any} */ (pair.privateKey).algorithm;
  const key = await crypto.subtle.importKey("jwk", { ...jwk, ext: undefined, kid: undefined }, parameters, false, ["sign"]);
  return { key, jwk, publicJwk, pem: await exportPKCS8(pair.privateKey), kid };
}

/**
 * @typedef {Awaited<ReturnType<typeof makeKeys>>} Keys
 */

/** @param {Record<string, number>} [ttl] seconds */
export async function startMachinesProvider(ttl) {
  /** @type {Record<string, Keys>} */
  const keys = {};
  for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"]) keys[algorithm] = await makeKeys(algorithm);
  const running = await startTestProvider({
    ttl: { AccessToken: 60, ClientCredentials: 60, ...ttl },
    features: { clientCredentials: { enabled: true } },
  });
  for (const [method, algorithm] of Object.entries(METHODS)) {
    const [name] = method.split(" ");
    await running.addClient({
      client_id: clientIdOf(method),
      token_endpoint_auth_method: name,
      ...(algorithm && { token_endpoint_auth_signing_alg: algorithm }),
      ...(name === "private_key_jwt" ? { jwks: { keys: [keys[String(algorithm)].publicJwk] } } : { client_secret: SECRET }),
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["client_credentials", "authorization_code", "refresh_token"],
      response_types: ["code"],
    });
  }
  return { ...running, keys };
}

/**
 * The options of a machine.
 *
 * @param {Awaited<ReturnType<typeof startMachinesProvider>>} provider
 * @param {string} method one of {@link METHODS}
 * @returns {Record<string, any>}
 */
export function optionsOf({ issuer, keys }, method) {
  const [name] = method.split(" ");
  const { key, kid } = keys[String(METHODS[method])] ?? {};
  const clientAuth = name === "private_key_jwt" ? { method: name, key, keyId: kid } : { method: name, clientSecret: SECRET };
  return { issuer, clientId: clientIdOf(method), clientAuth, apiOrigins: [issuer] };
}
