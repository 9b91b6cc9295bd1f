// @ts-check
// A resource server's view of a real provider: tokens that are bound to a key or not, opaque or JWTs, and the proofs that
// come along with them.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";

import { startTestProvider } from "../op/provider.mjs";

/** The API, by its name in `aud`, and as one whose tokens are opaque. */
export const API = "https://api.example/";
export const OPAQUE_API = "https://opaque.example/";

/** Who calls the API, and who asks for the API what tokens are. */
const CALLER = { client_id: "caller", client_secret: "the-secret-of-the-caller", token_endpoint_auth_method: "client_secret_basic", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
export const ASKER = { clientId: "api", clientSecret: "the-secret-of-the-api" };

export async function startResourceProvider() {
  const asker = { client_id: ASKER.clientId, client_secret: ASKER.clientSecret, token_endpoint_auth_method: "client_secret_basic", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
  const op = await startTestProvider({
    clients: [CALLER, asker],
    ttl: { ClientCredentials: 300 },
    features: {
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (/** @type {unknown} */ _ctx, /** @type {string} */ resource) => ({
          scope: "orders:read orders:write",
          audience: resource,
          accessTokenFormat: resource === OPAQUE_API ? "opaque" : "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
  const metadata = await (await fetch(`${op.issuer}/.well-known/openid-configuration`)).json();
  return { op, issuer: op.issuer, metadata, close: () => op.close() };
}

/** A key of a client, and the proofs that it makes. */
export class Prover {
  /** @param {string} [alg] */
  static async make(alg = "ES256") {
    const pair = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    return new Prover(alg, pair, jwk, await calculateJwkThumbprint(jwk));
  }

  /** @param {string} alg @param {any} pair @param {import("jose").JWK} jwk @param {string} thumbprint */
  constructor(alg, pair, jwk, thumbprint) {
    Object.assign(this, { alg, pair, jwk, thumbprint });
    this.alg = alg;
    this.pair = pair;
    this.jwk = jwk;
    this.thumbprint = thumbprint;
  }

  /**
   * A proof for a request; `claims` and `header` change what is in it, where `undefined` takes a member away.
   *
   * @param {string} method @param {string} url @param {string} [token]
   * @param {{ claims?: object, header?: object, key?: any }} [changes]
   */
  prove(method, url, token, { claims, header, key } = {}) {
    const { origin, pathname } = new URL(url);
    const ath = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    const payload = { jti: randomUUID(), htm: method, htu: `${origin}${pathname}`, iat: Math.floor(Date.now() / 1000), ath, ...claims };
    const protectedHeader = { typ: "dpop+jwt", alg: this.alg, jwk: this.jwk, ...header };
    return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader))).sign(key ?? this.pair.privateKey);
  }
}

/**
 * An access token by client credentials: bound to the prover's key where there is one.
 *
 * @param {{ metadata: any }} provider
 * @param {{ prover?: Prover, resource?: string, scope?: string }} [options]
 * @returns {Promise<string>}
 */
export async function tokenOf({ metadata }, { prover, resource = API, scope = "orders:read" } = {}) {
  const url = metadata.token_endpoint;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${CALLER.client_id}:${CALLER.client_secret}`).toString("base64")}`,
      ...(prover && { dpop: await prover.prove("POST", url) }),
    },
    body: new URLSearchParams({ grant_type: "client_credentials", resource, scope }),
  });
  const told = await response.json();
  if (!told.access_token) throw new Error(JSON.stringify(told));
  return told.access_token;
}

/** Tells the provider that a token is over (RFC 7009). @param {{ metadata: any }} provider @param {string} token */
export async function revoke({ metadata }, token) {
  const authorization = `Basic ${Buffer.from(`${CALLER.client_id}:${CALLER.client_secret}`).toString("base64")}`;
  const response = await fetch(metadata.revocation_endpoint, { method: "POST", headers: { authorization }, body: new URLSearchParams({ token }) });
  if (!response.ok) throw new Error(`revocation: ${response.status}`);
}

/**
 * Stands between the verifier and the provider's introspection endpoint: counts, can fail, and can say something else.
 *
 * @param {string} target
 */
export async function startCounter(target) {
  const state = { count: 0, status: 0, says: /** @type {object | undefined} */ (undefined) };
  const server = createServer(async (request, response) => {
    state.count += 1;
    const body = [];
    for await (const chunk of request) body.push(chunk);
    if (state.status !== 0) {
      response.writeHead(state.status, { "content-type": "text/html" }).end("<h1>down</h1>");
      return;
    }
    if (state.says !== undefined) {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(state.says));
      return;
    }
    const { authorization = "", "content-type": type = "" } = request.headers;
    const answer = await fetch(target, { method: "POST", headers: { authorization, "content-type": type }, body: Buffer.concat(body) });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(await answer.text());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { state, url: `http://127.0.0.1:${address.port}/introspect`, close: () => new Promise((resolve) => server.close(resolve)) };
}
