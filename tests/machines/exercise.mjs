// @ts-check
// What a machine does in any runtime: it takes its key, asks at the same time and later, and is renewed ahead of the end of
// its token. Nothing is imported: the caller brings the package.

/**
 * The options of a machine whose key came as a JWK and is one that nobody can read any more.
 *
 * @param {{ options: any, jwk?: JsonWebKey, parameters?: any }} setting
 */
export async function withKey({ options, jwk, parameters }) {
  if (jwk === undefined) return options;
  const key = await crypto.subtle.importKey("jwk", jwk, parameters, false, ["sign"]);
  return { ...options, clientAuth: { ...options.clientAuth, key } };
}

/**
 * Some calls at once, one after them, and one when the token is due, which is long before it is over.
 *
 * @param {import("wasm-oidc").IdpClient} idp
 */
export async function exercise(idp) {
  const agents = await Promise.all(Array.from({ length: 10 }, () => idp.clientCredentials(["users:read"])));
  const tokens = await Promise.all(agents.map((agent) => agent.getAccessToken()));
  const again = await (await idp.clientCredentials("users:read")).getAccessToken();
  const later = await inTime(40, () => Promise.all(agents.map((agent) => agent.getAccessToken())));
  return {
    id: agents[0].id,
    isOneAgent: new Set(agents).size === 1,
    isOneToken: new Set([...tokens, again]).size === 1,
    isRenewedOnce: new Set(later).size === 1 && later[0] !== again,
    has: agents[0].hasAccess("read", "users"),
  };
}

/**
 * Does something with the clock set forward.
 *
 * @template T
 * @param {number} seconds
 * @param {() => Promise<T>} act
 */
async function inTime(seconds, act) {
  const now = Date.now;
  Date.now = () => now() + seconds * 1000;
  try {
    return await act();
  } finally {
    Date.now = now;
  }
}
