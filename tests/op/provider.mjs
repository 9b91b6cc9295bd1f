// @ts-check
// The demo provider as the tests want it: any free port, short lifetimes, clients made for one test, and ways through its
// login form with a browser and without one.
import { demoUsers, startProvider } from "wasm-oidc-example/provider";

export { demoUsers };

/** @typedef {"ada" | "ben"} Login */

/** A client that {@link startTestProvider} always knows; the tests register others with `addClient`. */
export const testClientId = "test-spa";

/**
 * @param {object} [options] those of `startProvider`, and
 * @param {string[]} [options.redirectUris] of the client `test-spa`
 * @param {string[]} [options.postLogoutRedirectUris] of the client `test-spa`
 * @param {Record<string, any>[]} [options.clients] further clients
 * @param {Record<string, number>} [options.ttl]
 * @param {Record<string, any>} [options.features]
 * @param {import("wasm-oidc-example/provider").User[]} [options.users]
 * @param {number} [options.port]
 */
export async function startTestProvider(options = {}) {
  const { redirectUris, postLogoutRedirectUris, clients, ttl, ...rest } = options;
  return startProvider({ ...rest, clients: testClients(options), ttl: { AccessToken: 60, ...ttl } });
}

/**
 * @param {{redirectUris?: string[], postLogoutRedirectUris?: string[], clients?: Record<string, any>[]}} options
 * @returns {Record<string, any>[]} `test-spa` and the clients of the test
 */
export function testClients({ redirectUris = ["http://127.0.0.1/callback"], postLogoutRedirectUris = [], clients = [] }) {
  const spa = { client_id: testClientId, redirect_uris: redirectUris, post_logout_redirect_uris: postLogoutRedirectUris };
  return [spa, ...clients];
}

/**
 * Types a demo user's name and password into the login form. The page is, or is on its way to be, at the provider.
 *
 * @param {import("playwright-core").Page} page
 * @param {Login} login
 */
export async function signIn(page, login) {
  const { password } = user(login);
  await page.getByLabel("User or e-mail").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Says no on the login form. @param {import("playwright-core").Page} page */
export async function refuse(page) {
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
}

/** Says yes on the provider's sign-out page. @param {import("playwright-core").Page} page */
export async function confirmSignOut(page) {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
}

/**
 * Goes from an authorization URL to the callback URL without a browser: follows redirects, keeps cookies, posts the login
 * form. Nothing is requested from the app.
 *
 * @param {string} authorizationUrl
 * @param {Login} login
 * @param {{jar?: Map<string, string>}} [options] `jar`: the cookies of an earlier call, to stay signed in
 * @returns {Promise<string>} where the provider sends the browser: the redirect URI with its parameters
 */
export async function signInWithoutBrowser(authorizationUrl, login, { jar = new Map() } = {}) {
  const redirectUri = new URL(authorizationUrl).searchParams.get("redirect_uri") ?? "";
  let url = authorizationUrl;
  /** @type {RequestInit} */
  let request = {};
  for (let step = 0; step < 12; step += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...request, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    const location = response.headers.get("location");
    if (location) {
      url = new URL(location, url).href;
      request = {};
      if (url.startsWith(redirectUri)) return url;
    } else if (response.status === 200 && new URL(url).pathname.startsWith("/interaction/")) {
      request = { method: "POST", body: new URLSearchParams({ login, password: user(login).password }) };
    } else {
      throw new Error(`${new URL(url).pathname} answered ${response.status}: ${(await response.text()).slice(0, 2000)}`);
    }
  }
  throw new Error(`no way from ${authorizationUrl} to ${redirectUri} in 12 steps`);
}

/** @param {Login} login */
function user(login) {
  const found = demoUsers.find((one) => one.login === login);
  if (!found) throw new Error(`no demo user is called ${login}`);
  return found;
}
