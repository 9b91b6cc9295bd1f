// @ts-check
// The options of a session handler, read and checked once: what is wrong is named when the app starts.

import { configurationError } from "../../errors.js";
import { report } from "../../report.js";
import { statusOf } from "./answers.js";
import { readApis } from "./api-options.js";

/**
 * @typedef {import("./index.d.ts").SessionHandlerOptions} SessionHandlerOptions
 *
 * @typedef {object} Settings
 * @property {import("../../index.d.ts").ClientOptions} client the options of its IdpClient
 * @property {string} publicOrigin
 * @property {string} basePath
 * @property {string} name of the cookies
 * @property {boolean} isDevelopment http on loopback, where browsers refuse cookies of the prefix `__Host-`
 * @property {boolean} isFormPost
 * @property {Uint8Array<ArrayBuffer>[]} secrets the first seals, all open
 * @property {"lax" | "strict"} sameSite
 * @property {number} idleSeconds
 * @property {number} maxSeconds
 * @property {import("../../index.d.ts").TokenStorage | undefined} store
 * @property {import("../coordination/index.d.ts").SessionIndex | undefined} index
 * @property {import("../coordination/index.d.ts").RefreshCoordinator | undefined} coordinator
 * @property {boolean} rotates
 * @property {import("./api-options.js").Api[]} apis
 * @property {SessionHandlerOptions["signIn"]} signIn
 * @property {SessionHandlerOptions["describeAgent"]} describeAgent
 * @property {SessionHandlerOptions["onError"]} onError
 * @property {typeof fetch | undefined} fetch
 * @property {(event: import("./index.d.ts").SessionEvent) => unknown} log
 */

/** Characters of a secret: 32 bytes in hexadecimal or base64 have more. */
const LEAST_SECRET_LENGTH = 32;

/** Each of them is tried on a cookie that does not open. */
const MOST_SECRETS = 8;

/** Eight hours and seven days, in seconds. */
const IDLE_SECONDS = 8 * 3600;
const MAX_SECONDS = 7 * 24 * 3600;

const OPTIONS = [
  "client", "publicOrigin", "basePath", "secrets", "store", "index", "coordinator", "sameSite", "api", "cookieName", "idleSeconds",
  "maxSeconds", "rotatesRefreshTokens", "signIn", "describeAgent", "onError", "logger", "fetch",
];

/**
 * @param {SessionHandlerOptions} options
 * @returns {Readonly<Settings>}
 */
export function settingsOf(options) {
  if (typeof options !== "object" || options === null) throw wrong("`createSessionHandler` takes an object of options");
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) {
      throw configurationError("unknown_option", `unknown option "${name}"; there are: ${OPTIONS.join(", ")}`);
    }
  }
  const publicOrigin = originOf(options.publicOrigin);
  const basePath = basePathOf(options.basePath ?? "/auth");
  const { sameSite = "lax", store, index, coordinator, rotatesRefreshTokens = true, cookieName = "wasm-oidc" } = options;
  if (sameSite !== "lax" && sameSite !== "strict") throw wrong('option "sameSite": expected "lax" or "strict"');
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(cookieName)) {
    throw wrong('option "cookieName": expected 1 to 32 letters, digits, "-" or "_"; prefixes and numbers are added');
  }
  if (typeof rotatesRefreshTokens !== "boolean") throw wrong('option "rotatesRefreshTokens": expected true or false');
  requireMethods("store", store, ["load", "save", "delete"]);
  requireMethods("index", index, ["begin", "isOver", "end", "endBy"]);
  requireMethods("coordinator", coordinator, ["renew"]);
  for (const name of /** @type {const} */ (["describeAgent", "logger", "fetch"])) {
    if (options[name] !== undefined && typeof options[name] !== "function") throw wrong(`option "${name}": expected a function`);
  }
  const client = clientOf(options, `${publicOrigin}${basePath}/callback`);
  return Object.freeze({
    client,
    publicOrigin,
    basePath,
    name: cookieName,
    isDevelopment: publicOrigin.startsWith("http:"),
    isFormPost: client.responseMode === "form_post",
    secrets: secretsOf(options.secrets),
    sameSite,
    ...lifetimesOf(options),
    store,
    index,
    coordinator,
    rotates: rotatesRefreshTokens,
    apis: readApis(options.api ?? {}, basePath),
    signIn: signInOf(options.signIn),
    describeAgent: options.describeAgent,
    onError: onErrorOf(options.onError),
    fetch: options.fetch,
    log: loggerOf(options.logger),
  });
}

/** @param {unknown} given */
function originOf(given) {
  const expected = 'option "publicOrigin": expected the origin that browsers see, such as "https://app.example.com"';
  if (given == null) {
    throw configurationError("missing_option", `${expected}; no header of a request is believed instead`);
  }
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  if (url === undefined || (String(given) !== url.origin && String(given) !== `${url.origin}/`)) throw wrong(expected);
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw wrong(`${expected}: https, or http on loopback`);
  }
  return url.origin;
}

/** @param {unknown} given */
function basePathOf(given) {
  if (typeof given !== "string" || !/^(\/[A-Za-z0-9_~-]+)+$/.test(given)) {
    throw wrong('option "basePath": expected a path such as "/auth", without a slash at its end');
  }
  return given;
}

/** @param {unknown} given */
function secretsOf(given) {
  const secrets = typeof given === "string" ? [given] : given;
  const isList = Array.isArray(secrets) && secrets.length >= 1 && secrets.length <= MOST_SECRETS;
  if (!isList || !secrets.every((secret) => typeof secret === "string" && new Set(secret).size > 1 && secret.length >= LEAST_SECRET_LENGTH)) {
    throw configurationError(
      given == null ? "missing_option" : "invalid_option",
      `option "secrets": expected a random text of at least ${LEAST_SECRET_LENGTH} characters, or a list of up to ` +
        `${MOST_SECRETS}, the newest first: 32 random bytes in base64, for example`,
    );
  }
  return secrets.map((secret) => new TextEncoder().encode(secret));
}

/** @param {SessionHandlerOptions} options */
function lifetimesOf({ idleSeconds = IDLE_SECONDS, maxSeconds = MAX_SECONDS }) {
  for (const [name, seconds] of Object.entries({ idleSeconds, maxSeconds })) {
    if (!Number.isInteger(seconds) || seconds < 60 || seconds > 400 * 24 * 3600) {
      throw wrong(`option "${name}": expected whole seconds from 60 to 34560000 (400 days)`);
    }
  }
  return { idleSeconds: Math.min(idleSeconds, maxSeconds), maxSeconds };
}

/**
 * The options of the client, which is one with a secret: the draft on browser-based apps, 6.1.3.1.
 *
 * @param {SessionHandlerOptions} options
 * @param {string} redirectUri
 */
function clientOf({ client, fetch }, redirectUri) {
  if (typeof client !== "object" || client === null) {
    throw configurationError("missing_option", 'option "client": expected the options of an IdpClient');
  }
  for (const name of ["session", "storage", "openUrl"]) {
    if (/** @type {any} */ (client)[name] !== undefined) throw wrong(`option "client.${name}": a session handler keeps the sessions itself`);
  }
  if (client.redirectUri !== undefined && String(client.redirectUri) !== redirectUri) {
    throw wrong(`option "client.redirectUri": it is ${redirectUri}, by "publicOrigin" and "basePath"; leave it out`);
  }
  const { clientAuth, clientSecret } = client;
  const isPublic = clientAuth == null || /** @type {any} */ (clientAuth).method === "none";
  if (isPublic && clientSecret == null) {
    throw configurationError(
      "confidential_client_required",
      'option "client": a server that keeps tokens authenticates itself to the provider: give "clientSecret" or ' +
        '"clientAuth", and register the client as a confidential one',
    );
  }
  if (![undefined, "query", "form_post"].includes(client.responseMode)) {
    throw wrong('option "client.responseMode": no server sees a fragment; expected "query" or "form_post"');
  }
  return /** @type {import("../../index.d.ts").ClientOptions} */ ({ ...(fetch && { fetch }), ...client, redirectUri });
}

/** @param {SessionHandlerOptions["signIn"]} given */
function signInOf(given) {
  if (given !== undefined && typeof given !== "function" && (typeof given !== "object" || given === null)) {
    throw wrong('option "signIn": expected the options of a sign-in, or a function that gives them for a request');
  }
  return given;
}

/** @param {SessionHandlerOptions["onError"]} given */
function onErrorOf(given) {
  if (given !== undefined && typeof given !== "function" && !(typeof given === "string" && /^\/(?!\/)/.test(given))) {
    throw wrong('option "onError": expected a path of the app, or a function');
  }
  return given;
}

/** What a listener throws is nobody's answer. @param {SessionHandlerOptions["logger"]} [given] @returns {Settings["log"]} */
function loggerOf(given = toOperator) {
  return (event) => {
    try {
      given(event);
    } catch (thrown) {
      report(thrown);
    }
  };
}

/** Says what nobody but the operator can put right, and what people see too little of. @param {import("./index.d.ts").SessionEvent} event */
function toOperator(event) {
  if (event.type !== "error" || statusOf(event.error) !== 500) return;
  const { name, message, code = "" } = /** @type {Error & { code?: string }} */ (event.error);
  console.error(`wasm-oidc: ${name} ${code}: ${message}`);
}

/**
 * @param {string} option
 * @param {any} given
 * @param {string[]} methods
 */
function requireMethods(option, given, methods) {
  if (given !== undefined && !methods.every((name) => typeof given?.[name] === "function")) {
    throw wrong(`option "${option}": expected an object with ${methods.join(", ")}`);
  }
}

/** @param {string} message */
function wrong(message) {
  return configurationError("invalid_option", message);
}
