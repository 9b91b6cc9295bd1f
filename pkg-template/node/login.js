// @ts-check
// Signing in from a program (RFC 8252): the user's browser goes to the provider and comes back to a loopback address.

import { BESIDE } from "../answer.js";
import { configurationError, toError } from "../errors.js";
import { IdpClient } from "../index.js";
import { addressIn, addressOf } from "./address.js";
import { listen } from "./loopback.js";
import { openSystemBrowser } from "./system-browser.js";

/** What is said to the sign-in where the options of the client stand beside it. */
const SIGN_IN = [
  "loginHint", "enforceLoginHint", "expect", "allowUnverifiedEmail", "sameSubject", "prompt", "maxAge", "acrValues",
  "uiLocales", "display", "claims", "idTokenHint", "resource", "audience", "appState", "extraParams",
];

/** Seconds that a login may take at most: after that the client has forgotten it. */
const LONGEST = 600;

/**
 * @typedef {object} Plan
 * @property {import("./address.js").Address} address
 * @property {IdpClient} [client] the app's own
 * @property {import("../index.js").ClientOptions} options of the client that is to be made
 * @property {Record<string, unknown>} signIn
 * @property {((url: string) => unknown) | undefined} open
 * @property {number} [seconds]
 * @property {AbortSignal} [signal]
 */

/** @param {Record<string, any>} [options] */
export async function startLogin(options) {
  const plan = planOf(options ?? {});
  plan.signal?.throwIfAborted();
  const listening = await listen(plan.address);
  /** @type {IdpClient | undefined} */
  let own;
  try {
    const { redirectUri } = listening;
    const idp = plan.client ?? (own = await IdpClient.create({ ...plan.options, redirectUri, session: "single-user" }));
    const closing = new AbortController();
    const { url, agent } = await begin(idp, plan, listening, closing.signal);
    const signedIn = agent.then((agent) => ({ idp, agent })).catch((thrown) => {
      own?.dispose();
      throw thrown;
    });
    // Nobody has to ask how it ended.
    signedIn.catch(() => {});
    const close = async () => {
      closing.abort(configurationError("disposed", "the login was closed before anybody came back from the provider"));
      await signedIn.catch(() => {});
    };
    return Object.freeze({
      url,
      redirectUri,
      awaitCallback: () => signedIn,
      close,
      [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: close,
    });
  } catch (thrown) {
    await listening.close();
    own?.dispose();
    throw thrown;
  }
}

/** @param {Record<string, any>} [options] */
export async function login(options) {
  const { openBrowser = true } = options ?? {};
  if (openBrowser === false) {
    throw configurationError("invalid_option", 'option "openBrowser": nobody would see the URL; use `startLogin` and show its `url`');
  }
  const { awaitCallback } = await startLogin({ ...options, openBrowser });
  return awaitCallback();
}

/**
 * Begins the sign-in, and goes on with it by itself.
 *
 * @param {IdpClient} idp
 * @param {Plan} plan
 * @param {import("./loopback.js").Listening} listening
 * @param {AbortSignal} closing
 * @returns {Promise<{ url: string, agent: Promise<any> }>} where the user has to go, and who comes back
 */
function begin(idp, { signIn, open, seconds, signal }, listening, closing) {
  return new Promise((resolve, reject) => {
    const agent = /** @type {any} */ (idp)[BESIDE](async (/** @type {import("../answer.js").Jobs} */ jobs) => {
      const begun = await jobs.begin("loopback", signIn);
      resolve({ url: begun.url, agent });
      const signals = [jobs.disposal(), closing, ...(signal === undefined ? [] : [signal])];
      try {
        return await answerTo(jobs, begun, { listening, open, signals, seconds: seconds ?? begun.seconds, appState: signIn.appState });
      } finally {
        await listening.close();
        jobs.forget(begun.state);
      }
    });
    agent.catch(reject);
  });
}

/**
 * The record of the agent, once the answer to this sign-in is here. Nothing ends it from outside after that.
 *
 * @param {import("../answer.js").Jobs} jobs
 * @param {{ url: string, state: string }} begun
 * @param {object} how
 * @param {import("./loopback.js").Listening} how.listening
 * @param {((url: string) => unknown) | undefined} how.open
 * @param {AbortSignal[]} how.signals
 * @param {number} how.seconds
 * @param {unknown} how.appState
 * @returns {Promise<any>}
 */
async function answerTo(jobs, { url, state }, { listening, open, signals, seconds, appState }) {
  /** @type {(() => void)[]} */
  const stops = [];
  const response = new Promise((/** @type {(finished: Promise<any>) => void} */ resolve, reject) => {
    const take = (/** @type {string} */ came) => {
      // Anybody on this machine can send something here; it must not end the user's sign-in.
      if (!jobs.answers(state, came)) return undefined;
      const finished = jobs.finish(state, came);
      // Wrapped, so that what it rejects with is not taken for the end of the waiting.
      resolve(/** @type {any} */ ({ finished }));
      return finished;
    };
    listening.answerBy(take);
    for (const signal of signals) {
      const abort = () => reject(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort);
      stops.push(() => signal.removeEventListener("abort", abort));
    }
    const timer = setTimeout(() => reject(late(listening.redirectUri, seconds, appState)), seconds * 1000);
    stops.push(() => clearTimeout(timer));
    if (open !== undefined) Promise.resolve(url).then(open).catch(reject);
  });
  const { finished } = await /** @type {Promise<any>} */ (response).finally(() => stops.forEach((stop) => stop()));
  return finished;
}

/**
 * @param {string} redirectUri
 * @param {number} seconds
 * @param {unknown} appState
 */
function late(redirectUri, seconds, appState) {
  const message =
    `nobody came back to ${redirectUri} within ${seconds} s: the URL of the login has to be opened in a browser on this ` +
    "machine, and the provider has to know that redirect URI. Start the login again; `timeoutSeconds` waits longer";
  const state = appState === undefined ? {} : { appStateJson: JSON.stringify(appState) };
  return toError({ class: "TimeoutError", code: "timeout", message, recovery: "retry", ...state });
}

/**
 * @param {Record<string, any>} given
 * @returns {Plan}
 */
function planOf({ client, port, host, path, openBrowser, timeoutSeconds, signal, ...others }) {
  if (client !== undefined && typeof client?.[BESIDE] !== "function") {
    throw configurationError("invalid_option", 'option "client": expected an IdpClient of this copy of the package');
  }
  const redirectUri = client === undefined ? others.redirectUri : client.options.redirectUri;
  delete others.redirectUri;
  if ((client !== undefined || redirectUri !== undefined) && [port, host, path].some((one) => one !== undefined)) {
    const message = "options \"port\", \"host\", \"path\": the redirect URI says them already; leave them out";
    throw configurationError("invalid_option", message);
  }
  const isWhole = client !== undefined || redirectUri !== undefined;
  return {
    address: isWhole ? addressIn(redirectUri) : addressOf({ host, port, path }),
    client,
    ...parted(others, client),
    open: openerOf(openBrowser),
    seconds: secondsOf(timeoutSeconds),
    signal,
  };
}

/**
 * What is the client's, and what the sign-in's.
 *
 * @param {Record<string, unknown>} others
 * @param {IdpClient | undefined} client
 */
function parted(others, client) {
  const mode = others.responseMode ?? client?.options.responseMode ?? "query";
  if (mode !== "query") {
    throw configurationError("invalid_option", 'option "responseMode": a program gets to see a query alone; expected "query"');
  }
  const isSignIn = (/** @type {[string, unknown]} */ [name]) => client !== undefined || SIGN_IN.includes(name);
  const entries = Object.entries(others);
  const signIn = Object.fromEntries(entries.filter(isSignIn));
  const expected = /** @type {{ email?: unknown } | undefined} */ (signIn.expect)?.email;
  if (!signIn.loginHint) delete signIn.loginHint;
  // Who signs in can change what was filled in for them.
  else if (expected === undefined) signIn.enforceLoginHint ??= true;
  return { signIn, options: /** @type {any} */ (Object.fromEntries(entries.filter((entry) => !isSignIn(entry)))) };
}

/** @param {unknown} openBrowser */
function openerOf(openBrowser = false) {
  if (openBrowser === true) return openSystemBrowser;
  if (openBrowser === false) return undefined;
  if (typeof openBrowser === "function") return /** @type {(url: string) => unknown} */ (openBrowser);
  throw configurationError("invalid_option", 'option "openBrowser": expected true, false or a function that takes a URL');
}

/** @param {unknown} seconds */
function secondsOf(seconds) {
  if (seconds === undefined) return undefined;
  if (typeof seconds === "number" && seconds >= 1 && seconds <= LONGEST) return seconds;
  throw configurationError("invalid_option", `option "timeoutSeconds": expected a number from 1 to ${LONGEST}`);
}
