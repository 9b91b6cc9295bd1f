// @ts-check
// The same Worker with jose.
import { createRemoteJWKSet, jwtVerify } from "jose";

/** @type {ReturnType<typeof createRemoteJWKSet> | undefined} */
let keys;

export default {
  async fetch(/** @type {Request} */ request, /** @type {import("../cold-start.mjs").Trust} */ { issuer, audience, jwksUri }) {
    keys ??= createRemoteJWKSet(new URL(jwksUri));
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", requiredClaims: ["exp", "iat", "sub", "client_id", "jti"] });
    return new Response(payload.sub);
  },
};
