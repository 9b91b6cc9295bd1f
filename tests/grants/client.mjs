// @ts-check
// A client on a server, which has no session of its own, and what it sends to the provider.
import { IdpClient } from "wasm-oidc";

/**
 * @typedef {object} Watched
 * @property {IdpClient} idp
 * @property {Record<string, string>[]} forms the forms that went to the token endpoint
 * @property {{ token?: (form: URLSearchParams) => Promise<Response> | undefined, status?: number }} instead what is done
 *   instead of asking the token endpoint
 */

/**
 * @param {{ issuer: string }} provider
 * @param {Record<string, unknown>} options
 * @returns {Watched}
 */
export function watchedClient({ issuer }, options) {
  /** @type {Record<string, string>[]} */
  const forms = [];
  /** @type {Watched["instead"]} */
  const instead = {};
  const idp = IdpClient.createSync(/** @type {any} */ ({
    issuer,
    apiOrigins: [issuer],
    fetch: async (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit} */ init) => {
      const request = new Request(input, init);
      if (!request.url.endsWith("/token") || request.method !== "POST") return fetch(request);
      const form = new URLSearchParams(await request.clone().text());
      forms.push(Object.fromEntries(form));
      return instead.token?.(form) ?? fetch(request);
    },
    ...options,
  }));
  return { idp, forms, instead };
}

export const away = () => Promise.reject(new TypeError("fetch failed"));
export const refused = async (/** @type {string} */ error = "invalid_grant") => Response.json({ error }, { status: 400 });

/** Every clock of this process is set forward, until the function is done. @param {number} seconds @param {() => Promise<void>} act */
export async function later(seconds, act) {
  const now = Date.now;
  Date.now = () => now() + seconds * 1000;
  try {
    await act();
  } finally {
    Date.now = now;
  }
}
