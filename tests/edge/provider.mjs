// @ts-check
// The real provider, which rotates refresh tokens and revokes the family of one that comes twice, and sessions at it.
import { randomBytes } from "node:crypto";

import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";

const REDIRECT_URI = "https://app.example.com/auth/callback";
const CLIENT = { clientId: "app-of-the-edge", clientSecret: "a-secret-of-the-tests-that-is-long-enough" };

export async function startEdgeProvider() {
  const running = await startTestProvider();
  await running.addClient({
    client_id: CLIENT.clientId,
    client_secret: CLIENT.clientSecret,
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [REDIRECT_URI],
  });
  /** @type {Promise<void> | undefined} */
  let held;
  let isBroken = false;
  const { RefreshToken } = /** @type {any} */ (running.provider);
  const find = RefreshToken.find.bind(RefreshToken);
  RefreshToken.find = async (/** @type {any[]} */ ...args) => {
    await held;
    if (isBroken) throw new Error("the provider is broken");
    return find(...args);
  };
  const options = { issuer: running.issuer, redirectUri: REDIRECT_URI, scopes: "openid offline_access", ...CLIENT };
  const idp = IdpClient.createSync(options);
  return {
    ...running,
    options,
    /** Token requests with a refresh token since the last `forget`. */
    refreshes: () => running.requests.filter(({ grantType }) => grantType === "refresh_token").length,
    /** Token requests that arrived, answered or not. */
    arrived: () => running.requests.filter(({ path }) => path === "/token").length,
    forget: () => void (running.requests.length = 0),
    /** Answers refreshes with 500. @param {boolean} is */
    breakDown: (is) => void (isBroken = is),
    /** Answers no refresh until the function that it answers is called. */
    hold() {
      /** @type {() => void} */
      let letGo = () => {};
      held = new Promise((resolve) => {
        letGo = () => {
          held = undefined;
          resolve();
        };
      });
      return letGo;
    },
    /** A session whose access token has ended. */
    async session() {
      await idp.discover();
      const request = await idp.createAuthorizationRequest();
      const agent = await idp.exchangeCode(await signInWithoutBrowser(request.url, "ada"), request);
      const past = Math.floor(Date.now() / 1000) - 5;
      return { id: randomBytes(18).toString("base64url"), tokens: { ...agent.tokens, issued_at: past - 60, expires_at: past } };
    },
  };
}

/** Waits until something is so. @param {() => unknown} isSo */
export async function until(isSo) {
  for (let waited = 0; !(await isSo()); waited += 25) {
    if (waited > 30_000) throw new Error(`it never was so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
