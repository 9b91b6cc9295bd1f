// @ts-check
// One row of the table, tried with oauth4webapi as its examples use it, the check of the ID token's signature included.
import * as oauth from "oauth4webapi";
import { CLIENT_SECRET, REDIRECT_URI, authentications, observed, short } from "./world.mjs";

/**
 * @param {import("./world.mjs").World} world
 * @param {import("./world.mjs").Row} row
 * @returns {Promise<string>} what was seen
 */
export async function tryOauth4webapi(world, row) {
  const issuer = world.hostile.issuer(row.fault);
  try {
    return await observed(signIn(world, row, issuer));
  } catch (error) {
    const { code, message } = /** @type {any} */ (error);
    return `refused: ${short(issuer, message || code)}`;
  }
}

/** @param {import("./world.mjs").World} world @param {import("./world.mjs").Row} row @param {string} issuer */
async function signIn(world, row, issuer) {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const signed = row.inject?.signedUserinfo && { userinfo_signed_response_alg: "RS256" };
  const client = { client_id: row.client ?? "test-spa", ...signed };
  const method = authentications[client.client_id];
  const authentication =
    method === "client_secret_basic" ? oauth.ClientSecretBasic(CLIENT_SECRET)
    : method === "client_secret_post" ? oauth.ClientSecretPost(CLIENT_SECRET)
    : oauth.None();

  const discovered = await oauth.discoveryRequest(new URL(issuer), { ...insecure, algorithm: "oidc" });
  const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);

  const once = async () => {
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(server.authorization_endpoint ?? "");
    const maxAge = row.signIn?.maxAge;
    const params = {
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: "code",
      scope: "openid email offline_access",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...(maxAge !== undefined && { max_age: String(maxAge) }),
    };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    const callback = new URL(await world.follow(url.href));
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server, client, authentication, parameters, REDIRECT_URI, verifier, insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
      ...(maxAge !== undefined && { maxAge }),
    });
    await oauth.validateApplicationLevelSignature(server, answer, insecure);
    return tokens;
  };
  const tokens = await once();
  if (row.flow === "twice") await once();
  if (row.flow === "userinfo") {
    const answer = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
    const subject = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? "";
    await oauth.processUserInfoResponse(server, client, subject, answer);
    if (row.inject?.signedUserinfo) await oauth.validateApplicationLevelSignature(server, answer, insecure);
  }
  if (row.flow === "refresh") {
    const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? "", insecure);
    const refreshed = await oauth.processRefreshTokenResponse(server, client, answer);
    if (refreshed.id_token) await oauth.validateApplicationLevelSignature(server, answer, insecure);
  }
  return "accepted";
}
