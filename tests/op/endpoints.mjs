// @ts-check
// The endpoints of each issuer of the hostile provider.

/** @typedef {import("./faults.mjs").Endpoint} Endpoint */

/** Paths below an issuer, and the members of the metadata that announce them. */
export const endpoints = /** @type {const} */ ({
  authorize: "authorization_endpoint",
  token: "token_endpoint",
  jwks: "jwks_uri",
  userinfo: "userinfo_endpoint",
  end_session: "end_session_endpoint",
  revocation: "revocation_endpoint",
  introspection: "introspection_endpoint",
});

/** @param {string} path @returns {Endpoint | "trap" | undefined} */
export function endpointOf(path) {
  if (path === ".well-known/openid-configuration") return "discovery";
  if (path === "trap") return "trap";
  return path in endpoints ? /** @type {keyof typeof endpoints} */ (path) : undefined;
}

/**
 * The real provider's metadata with the proxy's issuer and endpoints, and no endpoint that it does not pass on.
 *
 * @param {Record<string, any>} metadata @param {string} base
 */
export function announced(metadata, base) {
  const kept = Object.entries(metadata).filter(([name]) => !/_(endpoint|uri)$/.test(name));
  const own = Object.entries(endpoints).map(([path, member]) => [member, `${base}/${path}`]);
  return { ...Object.fromEntries(kept), issuer: base, ...Object.fromEntries(own) };
}
