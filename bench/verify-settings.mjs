// @ts-check
// What is verified: an access token as a provider makes them, for each of the usual algorithms. Its type is the one of before
// RFC 9068, since Hono takes no other.

import { SignJWT, exportJWK, generateKeyPair } from "jose";

/** @returns {Promise<import("./verify.mjs").Setting[]>} */
export async function verifySettings() {
  return Promise.all(["RS256", "ES256", "EdDSA"].map(async (algorithm) => {
    const [issuer, audience] = ["https://idp.example.com", "https://api.example.com"];
    const { publicKey, privateKey } = await generateKeyPair(algorithm);
    const jwk = { ...(await exportJWK(publicKey)), kid: "2026-01", alg: algorithm, use: "sig" };
    const organizations = [{ id: "org_01h2xcejqtf2nbrexx3vqjhp41", title: "Example", scopes: ["users:read", "projects:**"] }];
    const token = await new SignJWT({ client_id: "spa", scope: "openid profile email users:read", email: "ada@example.com", organizations })
      .setProtectedHeader({ alg: algorithm, kid: jwk.kid, typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject("usr_01h2xcejqtf2nbrexx3vqjhp41")
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime("2h")
      .sign(privateKey);
    return { algorithm, token, keys: { keys: [jwk] }, issuer, audience };
  }));
}
