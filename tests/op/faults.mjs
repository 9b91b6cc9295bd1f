// @ts-check
// What a lying identity provider does, one fault an entry: the table that `hostile.mjs` serves.
//
// An entry changes exactly one thing. Each of its hooks stands where the honest proxy makes a value, gets that value and
// returns the one to send:
//
//   discovery(document)          the metadata document
//   response(params)             the parameters that go to the redirect URI, a URLSearchParams
//   claims(claims, {now})        the ID token's payload, before it is signed
//   algorithm                    the signature algorithm of the ID token: RS256 (default), PS256, ES256, EdDSA
//   token(jwt, {claims, keys})   the signed ID token, in its compact form
//   tokens(body)                 the token response
//   keySet(jwks)                 the key set document
//   userinfo(body)               the userinfo response
//   answer(endpoint, {count, base})   an answer `{status, headers, body}` instead of the proxy's own, `"hang up"` to cut the
//                                connection, or nothing; `count` is 1 for the first request to that endpoint
//
// `claims`, `token` and `tokens` apply to every token response, unless `on` names a grant type.
import { createHmac } from "node:crypto";

/** Seconds that an expired ID token is past: beyond the 5 minutes that the largest clock tolerance forgives. */
const LONG_EXPIRED = 360;

/**
 * @typedef {"discovery" | "authorize" | "token" | "jwks" | "userinfo" | "end_session" | "revocation" | "introspection"} Endpoint
 * @typedef {{status: number, headers?: Record<string, string>, body?: string} | "hang up" | undefined} Answer
 *
 * @typedef {object} Fault
 * @property {string} says what is wrong, in words for a test's name
 * @property {string} [on] the grant type of the token responses that it touches
 * @property {(document: Record<string, any>) => Record<string, any>} [discovery]
 * @property {(params: URLSearchParams) => URLSearchParams} [response]
 * @property {(claims: Record<string, any>, context: {now: number}) => Record<string, any>} [claims]
 * @property {import("./signing.mjs").Algorithm} [algorithm]
 * @property {(jwt: string, context: {claims: Record<string, any>, keys: import("./signing.mjs").SigningKeys}) => string} [token]
 * @property {(body: Record<string, any>) => Record<string, any>} [tokens]
 * @property {(jwks: {keys: Record<string, any>[]}) => {keys: Record<string, any>[]}} [keySet]
 * @property {(body: Record<string, any>) => Record<string, any>} [userinfo]
 * @property {(endpoint: Endpoint, context: {count: number, base: string}) => Answer} [answer]
 */

/** @satisfies {Record<string, Fault>} */
export const faults = {
  honest: { says: "nothing is wrong" },

  broken_signature: {
    says: "the ID token's signature is broken",
    token: (jwt) => {
      const [header, payload, signature] = jwt.split(".");
      const bytes = Buffer.from(signature, "base64url");
      bytes[bytes.length >> 1] ^= 1;
      return [header, payload, bytes.toString("base64url")].join(".");
    },
  },
  wrong_nonce: {
    says: "the ID token has another nonce",
    claims: (claims) => ({ ...claims, nonce: `${claims.nonce}1` }),
  },
  wrong_audience: {
    says: "the ID token is for another client",
    claims: (claims) => ({ ...claims, aud: `${claims.aud}1` }),
  },
  wrong_issuer: {
    says: "the ID token names another issuer",
    claims: (claims) => ({ ...claims, iss: `${claims.iss}1` }),
  },
  expired: {
    says: "the ID token expired six minutes ago",
    claims: (claims, { now }) => ({ ...claims, exp: now - LONG_EXPIRED }),
  },
  alg_none: {
    says: "the ID token is not signed",
    token: (jwt, { keys }) => `${encode({ alg: "none", kid: keys.publicKey("RS256").kid })}.${jwt.split(".")[1]}.`,
  },
  hs256_public_key: {
    says: "the ID token is signed by HS256 with the public key as its secret",
    token: (jwt, { keys }) => {
      const { kid, pem } = keys.publicKey("RS256");
      const signed = `${encode({ alg: "HS256", kid })}.${jwt.split(".")[1]}`;
      return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
    },
  },
  discovery_wrong_issuer: {
    says: "the metadata names another issuer",
    discovery: (document) => ({ ...document, issuer: `${document.issuer}1` }),
  },
  token_redirect: {
    says: "the token endpoint redirects to where it would work",
    answer: (endpoint, { base }) =>
      endpoint === "token" ? { status: 307, headers: { location: `${base}/elsewhere/token` } } : undefined,
  },
  token_html: {
    says: "the token endpoint answers with a web page",
    answer: (endpoint) => (endpoint === "token" ? captivePortal : undefined),
  },
  discovery_html: {
    says: "the metadata is a web page",
    answer: (endpoint) => (endpoint === "discovery" ? captivePortal : undefined),
  },
  jwks_unreachable_once: {
    says: "the first request for the keys gets no answer",
    answer: (endpoint, { count }) => (endpoint === "jwks" && count === 1 ? "hang up" : undefined),
  },
};

/** @typedef {keyof typeof faults} FaultName */

const captivePortal = {
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: "<!doctype html><title>Welcome to the hotel</title><p>Please accept our terms.</p>",
};

/** @param {object} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
