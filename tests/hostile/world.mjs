// @ts-check
// What every attempt of the table shares: the hostile provider with its clients, and a way through its login form.
import { startHostile } from "../op/hostile.mjs";
import { signInWithoutBrowser, testClientId } from "../op/provider.mjs";
import { faults } from "../op/faults.mjs";

export const REDIRECT_URI = "http://127.0.0.1/callback";
export const SIGNED_OUT_URI = "http://127.0.0.1/signed-out";
export const CLIENT_SECRET = "a-secret-of-the-tests-that-is-long-enough";

/** How each client authenticates (OpenID Connect Core 9). @type {Record<string, string>} */
export const authentications = {
  [testClientId]: "none",
  "test-secret": "client_secret_basic",
  "test-post": "client_secret_post",
};

/** @typedef {import("../op/table.mjs").Row} Row */
/** @typedef {Awaited<ReturnType<typeof startWorld>>} World */

/**
 * What came of an attempt.
 *
 * @typedef {object} Outcome
 * @property {string} seen "accepted", "not ours", "refused: …" or "n/a: …"
 * @property {any} [error]
 */

export async function startWorld() {
  /** @type {string[]} every token that the provider gave away */
  const issued = [];
  const confidential = Object.entries(authentications).filter(([, method]) => method !== "none");
  const hostile = await startHostile({
    redirectUris: [REDIRECT_URI],
    postLogoutRedirectUris: [SIGNED_OUT_URI],
    faults: Object.fromEntries(Object.entries(faults).map(([name, fault]) => [name, noting(fault, issued)])),
    clients: confidential.map(([client_id, token_endpoint_auth_method]) => ({
      client_id,
      client_secret: CLIENT_SECRET,
      token_endpoint_auth_method,
      redirect_uris: [REDIRECT_URI],
    })),
  });
  /** The session at the provider: Ada signs in once. @type {Map<string, string>} */
  const jar = new Map();
  return {
    hostile,
    issued,
    /** @param {string} url an authorization URL @returns {Promise<string>} the callback URL */
    follow: (url) => signInWithoutBrowser(url, "ada", { jar }),
    close: () => hostile.close(),
  };
}

/**
 * The fault, with a note of every token that leaves the provider.
 *
 * @param {import("../op/faults.mjs").Fault} fault @param {string[]} issued
 * @returns {import("../op/faults.mjs").Fault}
 */
function noting(fault, issued) {
  return {
    ...fault,
    tokens(body, words) {
      const sent = fault.tokens?.(body, words) ?? body;
      for (const name of ["access_token", "refresh_token", "id_token"]) {
        if (typeof sent[name] === "string") issued.push(sent[name]);
      }
      return sent;
    },
  };
}

/** @param {string} issuer @param {string} text a message of an error, fit for a table */
export function short(issuer, text) {
  const line = text.replaceAll(issuer, "ISSUER").replace(/\s+/g, " ").replace(/[^\x20-\x7e]+/g, "?").trim();
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}

/** How long another library may take for a row, in milliseconds. */
const PATIENCE = 2000;

/**
 * What another library makes of a row.
 *
 * @param {Promise<string>} attempt
 * @returns {Promise<string>}
 */
export async function observed(attempt) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(`no end within ${PATIENCE / 1000} s`), PATIENCE);
  });
  return Promise.race([attempt, late]).finally(() => clearTimeout(timer));
}
