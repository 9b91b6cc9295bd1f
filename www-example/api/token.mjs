// @ts-check
// Whether an access token is good, and whose it is. Providers issue two kinds: one that the API can read, a signed JWT made
// for it (RFC 9068), and one that only the provider can read, which is what most hand out when no API is named.
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

/** Seconds that one answer of the provider is used for: a page that loads asks for more than one thing. */
const REMEMBERED_SECONDS = 5;

/** @typedef {{sub: string, organizations: {id: string, scopes: string[]}[]}} Caller */

/**
 * @param {{issuer: string, audience: string}} options `audience`: this API's own address
 * @returns {(token: string) => Promise<Caller | null>} `null` for a token that is not good; rejects when nobody can say
 */
export function tokenChecker({ issuer, audience }) {
  const metadata = onceItWorked(async () => {
    const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(`the metadata of ${issuer} answered ${response.status}`);
    const document = await response.json();
    if (document.issuer !== issuer) throw new Error(`the metadata of ${issuer} names the issuer ${document.issuer}`);
    return { userinfo: document.userinfo_endpoint, keys: createRemoteJWKSet(new URL(document.jwks_uri)) };
  });
  /** @type {Map<string, {until: number, caller: Promise<Caller | null>}>} */
  const remembered = new Map();

  return async (token) => {
    if (isForReading(token)) return readToken(token, (await metadata()).keys, { issuer, audience });

    for (const [key, { until }] of remembered) if (until < Date.now()) remembered.delete(key);
    let known = remembered.get(token);
    if (!known) {
      known = { until: Date.now() + REMEMBERED_SECONDS * 1000, caller: metadata().then(({ userinfo }) => ask(userinfo, token)) };
      known.caller.catch(() => remembered.delete(token));
      remembered.set(token, known);
    }
    return known.caller;
  };
}

/** @param {string} token */
function isForReading(token) {
  try {
    return /^(application\/)?at\+jwt$/i.test(decodeProtectedHeader(token).typ ?? "");
  } catch {
    return false;
  }
}

/**
 * RFC 9068, section 4.
 *
 * @param {string} token
 * @param {import("jose").JWTVerifyGetKey} keys
 * @param {{issuer: string, audience: string}} expected
 * @returns {Promise<Caller | null>}
 */
async function readToken(token, keys, expected) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      ...expected,
      typ: "at+jwt",
      algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
      requiredClaims: ["exp", "sub"],
    });
    return callerOf(payload);
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_J")) return null;
    throw error;
  }
}

/**
 * OpenID Connect Core 5.3: who can use the token at the provider's userinfo endpoint has a good one.
 *
 * @param {string} userinfo @param {string} token
 * @returns {Promise<Caller | null>}
 */
async function ask(userinfo, token) {
  const response = await fetch(userinfo, { headers: { authorization: `Bearer ${token}` }, redirect: "error" });
  if (response.status === 401 || response.status === 403) return null;
  if (!response.ok) throw new Error(`the userinfo endpoint answered ${response.status}`);
  return callerOf(await response.json());
}

/** @param {Record<string, any>} claims @returns {Caller} */
function callerOf(claims) {
  const listed = Array.isArray(claims.organizations) ? claims.organizations : [];
  const organizations = listed.filter((one) => typeof one?.id === "string" && Array.isArray(one.scopes));
  return { sub: String(claims.sub), organizations };
}

/** @template T @param {() => Promise<T>} work @returns {() => Promise<T>} its first success, for everybody after */
function onceItWorked(work) {
  /** @type {Promise<T> | undefined} */
  let running;
  return () => (running ??= work().catch((error) => ((running = undefined), Promise.reject(error))));
}
