// @ts-check
// Clients of the provider that all runtimes share, and people who sign in there without a browser.

/** @typedef {import("../here.mjs").World} World */

/** What every client of the suite says. @param {World} world */
export function common({ setting }) {
  return {
    issuer: setting.issuer,
    clientId: setting.clientId,
    redirectUri: setting.redirectUri,
    scopes: "openid profile email offline_access",
    apiOrigins: [setting.api],
  };
}

/**
 * What the provider makes of an authorization URL, signed in there as somebody.
 *
 * @param {World} world @param {string} url @param {string} [login]
 * @returns {Promise<string>} the callback URL
 */
export function browse({ setting }, url, login = "ada") {
  return told(setting, "/callback", { url, login });
}

/** @param {World["setting"]} setting @param {string} path of the broker @param {object} question @returns {Promise<string>} */
export async function told(setting, path, question) {
  const answer = await fetch(`${setting.broker}${path}`, { method: "POST", body: JSON.stringify(question) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/**
 * A client that serves anybody, and how often it asked the token endpoint.
 *
 * @param {World} world @param {object} [options]
 */
export async function server(world, options) {
  const { fetch, asked } = counted();
  const idp = await world.wasmOidc.IdpClient.create({ ...common(world), fetch, ...options });
  return { idp, asked };
}

/** A detached agent of somebody who just signed in. @param {World} world @param {object} [options] @param {object} [signIn] */
export async function signedInByHand(world, options, signIn) {
  const { idp, asked } = await server(world, options);
  const request = await idp.createAuthorizationRequest(signIn);
  const agent = await idp.exchangeCode(await browse(world, request.url), request);
  return { idp, agent, asked };
}

/**
 * A client with a session of its own, and somebody who signs in on it.
 *
 * @param {World} world @param {object} [options]
 */
export async function person(world, options) {
  const { fetch, asked } = counted();
  let sentTo = "";
  const idp = await world.wasmOidc.IdpClient.create({
    ...common(world),
    session: "single-user",
    fetch,
    openUrl: (/** @type {string} */ url) => void (sentTo = url),
    ...options,
  });
  const signIn = async (/** @type {object} */ how = {}, login = "ada") => {
    await idp.signInRedirect(how);
    return idp.handleRedirectCallback(await browse(world, sentTo, login));
  };
  return { idp, asked, signIn };
}

/** The platform's own fetch, which counts what goes to a token endpoint. */
function counted() {
  let count = 0;
  return {
    fetch: (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit | undefined} */ init) => {
      // Read, and not made anew: a request with a body is good for one.
      const { url, method } = input instanceof Request ? input : { url: String(input), method: init?.method };
      if (method === "POST" && url.endsWith("/token")) count += 1;
      return globalThis.fetch(input, init);
    },
    asked: () => count,
  };
}
