// @ts-check
// The page that waits beside a popup or a frame: what arrives from elsewhere, in another shape or for another sign-in
// is ignored and ends nothing.

import { RESPONSE, channelName } from "./relay.js";

/** The member of a client that only this package calls, to sign in where there is no page. */
export const BESIDE = Symbol("beside");

/**
 * The jobs of a client that signs in beside its page: see src/client/relayed.rs.
 *
 * @typedef {object} Jobs
 * @property {(where: "popup" | "silent" | "loopback", options: object) => Promise<{ url: string, state: string, seconds: number }>} begin
 * @property {(state: string, url: string) => boolean} answers
 * @property {(state: string, url: string) => Promise<any>} finish resolves to the record of the agent
 * @property {(state: string) => void} forget
 * @property {() => AbortSignal} disposal aborted when the client is disposed of
 * @property {(options: object) => string} name of what is asked: the same for the same options
 * @property {Map<string, { asked: Promise<any>, popup?: Window }>} underWay what is asked already, by its name
 * @property {string} client the same for every client that is registered alike
 */

/**
 * Asks the provider in a window or frame, and ends the sign-in with the response.
 *
 * @param {Jobs} jobs
 * @param {object} how
 * @param {boolean} how.silent
 * @param {object} how.options
 * @param {AbortSignal} [how.signal] ends the waiting, not what follows the response
 * @param {(url: string) => Window} how.go sends the window to the provider
 * @param {(end: (error: unknown) => void) => () => void} [how.watch] watches the window; returns what stops that
 * @param {() => Error} how.late the error of an answer that never came
 * @returns {Promise<any>} the record of the agent
 */
export async function askBeside(jobs, { silent, options, signal, go, watch, late }) {
  const signals = signal === undefined ? [jobs.disposal()] : [jobs.disposal(), signal];
  for (const one of signals) one.throwIfAborted();
  const { url, state, seconds } = await jobs.begin(silent ? "silent" : "popup", options);
  /** @type {(() => void)[]} */
  const stops = [];
  const waiting = new Promise((resolve, reject) => {
    for (const one of signals) {
      const abort = () => reject(one.reason);
      if (one.aborted) abort();
      one.addEventListener("abort", abort);
      stops.push(() => one.removeEventListener("abort", abort));
    }
    const take = (/** @type {any} */ message) => {
      if (message?.type !== RESPONSE || typeof message.url !== "string") return;
      try {
        if (jobs.answers(state, message.url)) resolve(message.url);
      } catch (thrown) {
        reject(thrown);
      }
    };
    /** @type {Window | undefined} */
    let there;
    const hear = (/** @type {MessageEvent} */ { origin, source, data }) => {
      if (origin === location.origin && source === there) take(data);
    };
    addEventListener("message", hear);
    stops.push(() => removeEventListener("message", hear));
    if (typeof BroadcastChannel === "function") {
      const channel = new BroadcastChannel(channelName(state));
      channel.onmessage = ({ data }) => take(data);
      stops.push(() => channel.close());
    }
    const timer = setTimeout(() => reject(late()), seconds * 1000);
    stops.push(() => clearTimeout(timer));
    there = go(url);
    if (watch !== undefined) stops.push(watch(reject));
  });
  try {
    // Nothing ends a sign-in from outside once its response is here.
    const response = await waiting.finally(() => stops.forEach((stop) => stop()));
    return await jobs.finish(state, response);
  } finally {
    jobs.forget(state);
  }
}

/**
 * What an error that only the page can see happen gives back to the app.
 *
 * @param {object} options of the sign-in
 * @returns {{ appStateJson?: string }}
 */
export function appStateOf(options) {
  const { appState } = /** @type {{ appState?: unknown }} */ (options);
  return appState === undefined ? {} : { appStateJson: JSON.stringify(appState) };
}
