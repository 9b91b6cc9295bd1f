// @ts-check
// A session handler against the real provider, and a browser of a few lines that keeps its cookies.

import { randomBytes } from "node:crypto";

import { createSessionHandler } from "wasm-oidc/edge";
import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";

export const ORIGIN = "https://app.example";
export const SECRET = randomBytes(32).toString("base64url");
export const CLIENT = { clientId: "test-server", clientSecret: "a secret of the server, long enough" };

/**
 * The demo provider with a confidential client.
 *
 * @param {Record<string, any>} [options] of `startTestProvider`
 * @param {{ redirectUris?: string[], [member: string]: any }} [client] metadata of the client
 */
export function startProvider(options = {}, { redirectUris = [`${ORIGIN}/auth/callback`], ...client } = {}) {
  const server = {
    client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: redirectUris, post_logout_redirect_uris: [`${ORIGIN}/bye`], ...client,
  };
  return startTestProvider({ ...options, clients: [server] });
}

/**
 * @param {{ issuer: string }} provider
 * @param {any} [options] of `createSessionHandler`, `client` merged
 */
export function makeHandler({ issuer }, { client, ...options } = {}) {
  return createSessionHandler({
    client: { issuer, ...CLIENT, scopes: "openid profile email offline_access", ...client },
    publicOrigin: ORIGIN,
    secrets: SECRET,
    rotatesRefreshTokens: false,
    logger: () => {},
    ...options,
  });
}

/** What a browser says of a navigation. */
export const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none", accept: "text/html" };

/** What a page's own script sends. */
export const OWN = { "x-wasm-oidc": "1", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };

/** A browser without pages: cookies by name and path, as RFC 6265bis 5.7 keeps them. */
export class Browser {
  /** @type {Map<string, { value: string, path: string }>} */
  jar = new Map();
  /** Every `Set-Cookie`. @type {string[]} */
  set = [];
  #handler;
  #origin;

  /** @param {{ handle: (request: Request, context?: any) => Promise<Response | null> }} handler @param {string} [origin] */
  constructor(handler, origin = ORIGIN) {
    this.#handler = handler;
    this.#origin = origin;
  }

  /** @param {string} path */
  cookiesFor(path) {
    const fits = (/** @type {string} */ given) => path === given || path.startsWith(given.endsWith("/") ? given : `${given}/`);
    return [...this.jar].filter(([, cookie]) => fits(cookie.path)).map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  /** @param {string} path @param {RequestInit & { headers?: Record<string, string> }} [init] */
  request(path, { headers = {}, ...init } = {}) {
    const cookie = this.cookiesFor(new URL(this.#origin + path).pathname);
    return new Request(new URL(this.#origin + path), { ...init, headers: { ...(cookie && { cookie }), ...headers } });
  }

  /** @param {string} path @param {RequestInit & { headers?: Record<string, string> }} [init] @returns {Promise<Response>} */
  async send(path, init) {
    const response = await this.#handler.handle(this.request(path, init));
    if (response === null) throw new Error(`${path} is no route`);
    this.keep(response.headers.getSetCookie());
    return response;
  }

  /** @param {string[]} lines */
  keep(lines) {
    for (const line of lines) {
      this.set.push(line);
      const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      const path = /; Path=([^;]*)/.exec(rest)?.[1] ?? "/";
      if (/; Max-Age=0(;|$)/.test(rest)) this.jar.delete(name);
      else this.jar.set(name, { value, path });
    }
  }

  /** @param {string} path */
  go(path) {
    return this.send(path, { headers: NAVIGATION });
  }

  /** As a script of the page. @param {string} path @param {RequestInit & { headers?: Record<string, string> }} [init] */
  fetch(path, { headers = {}, ...init } = {}) {
    return this.send(path, { ...init, headers: { ...OWN, ...headers } });
  }

  /** From the login to the URL of the callback. @param {string} [path] @param {"ada" | "ben"} [who] @returns {Promise<string>} */
  async atProvider(path = "/auth/login", who = "ada") {
    const login = await this.go(path);
    const location = login.headers.get("location");
    if (location === null) throw new Error(`${path} answered ${login.status}: ${await login.text()}`);
    return signInWithoutBrowser(location, who);
  }

  /** @param {string} [path] @param {"ada" | "ben"} [who] */
  async signIn(path, who) {
    const callback = new URL(await this.atProvider(path, who));
    return this.go(`${callback.pathname}${callback.search}`);
  }

  /** Who the page hears that it is. */
  async who() {
    return (await this.fetch("/auth/session")).json();
  }

  get session() {
    return [...this.jar].filter(([name]) => /wasm-oidc(\.\d)?$/.test(name));
  }
}
