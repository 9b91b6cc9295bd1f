// @ts-check
// Somebody who is signed in, in Node as a process of one person, against the real provider.
import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser } from "../op/provider.mjs";

export const REDIRECT_URI = "http://127.0.0.1/callback";

/**
 * @typedef {object} SignedIn
 * @property {IdpClient} idp
 * @property {{ token?: () => Promise<Response> }} instead what is done instead of fetching from the token endpoint
 * @property {(options?: import("wasm-oidc").SignInOptions) => Promise<void>} signIn
 */

/**
 * A client on which nobody is signed in yet.
 *
 * @param {{ issuer: string }} provider
 * @param {object} [options]
 * @returns {Promise<SignedIn>}
 */
export async function makeClient({ issuer }, options) {
  let sentTo = "";
  /** @type {SignedIn["instead"]} */
  const instead = {};
  const idp = await IdpClient.create({
    issuer,
    clientId: "test-spa",
    redirectUri: REDIRECT_URI,
    scopes: "openid email offline_access",
    session: "single-user",
    openUrl: (url) => void (sentTo = url),
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      return instead.token !== undefined && url.endsWith("/token") ? instead.token() : fetch(input, init);
    },
    ...options,
  });
  /** @type {SignedIn["signIn"]} */
  const signIn = async (options) => {
    await idp.signInRedirect(options);
    await idp.handleRedirectCallback(await signInWithoutBrowser(sentTo, "ada"));
  };
  return { idp, instead, signIn };
}
