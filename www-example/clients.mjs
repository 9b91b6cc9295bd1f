// @ts-check
// The clients that the demo provider knows, as RFC 7591 names their metadata.

/** Of the single-page app. @param {string} clientId @param {string} url of the app */
export const pageClient = (clientId, url) => ({
  client_id: clientId,
  client_name: "Example app",
  redirect_uris: [`${url}/callback`],
  post_logout_redirect_uris: [`${url}/`],
});

/**
 * Of the examples that run on a server, which keep a secret: `demo.env` says how they are called and where they listen.
 *
 * @param {Record<string, string | undefined>} env
 */
export const serverClient = ({ OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_ORIGIN }) => ({
  client_id: OIDC_CLIENT_ID,
  client_secret: OIDC_CLIENT_SECRET,
  client_name: "Server example",
  token_endpoint_auth_method: "client_secret_basic",
  redirect_uris: [`${PUBLIC_ORIGIN}/auth/callback`],
  post_logout_redirect_uris: [`${PUBLIC_ORIGIN}/`],
});

/** Of `token.mjs`, a program in a terminal: a native app may use any port of the loopback interface (RFC 8252 7.3). */
export const terminalClient = {
  client_id: "wasm-oidc-terminal",
  client_name: "Example in a terminal",
  application_type: "native",
  redirect_uris: ["http://127.0.0.1/callback"],
};
