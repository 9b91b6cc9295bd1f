// @ts-check
// Requests to an app's own API. Rust decides which may carry the token and what an answer means; `Request`, `Response`,
// bodies and signals stay here, so that streams, forms and aborting work as with the platform's own fetch.

import { configurationError, toError } from "./errors.js";
import { sendWithToken } from "./redirects.js";

/**
 * @typedef {RequestInit & { auth?: string, json?: unknown }} ApiInit
 *
 * @typedef {object} Decisions
 * @property {(request: { url: string, auth: string, session: object }) =>
 *   Promise<{ url: string, accessToken?: string }>} authorize
 * @property {(answer: { status: number, challenge: string | null, sent: string, replayable: boolean,
 *   session: object }) => Promise<string | null>} judge
 * @property {() => void} refusedAgain told when the renewed token was refused too
 * @property {typeof fetch} send
 */

/** What a request says about its token. */
const POLICIES = ["required", "optional", "none"];

/** Calls to one API. */
export class ApiSession {
  #decisions;
  #session;

  /**
   * @param {Decisions} decisions
   * @param {{ timeoutSeconds?: number }} [session] what it changes about the client's options; Rust has read it
   */
  constructor(decisions, session = {}) {
    this.#decisions = decisions;
    this.#session = session;
    Object.freeze(this);
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {ApiInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(input, init = {}) {
    const { timeoutSeconds } = this.#session;
    const callers = init.signal === undefined && input instanceof Request ? input.signal : init.signal;
    callers?.throwIfAborted();
    if (timeoutSeconds === undefined) return this.#exchange(input, init, callers);

    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(tookTooLong(timeoutSeconds)), timeoutSeconds * 1000);
    const signal = callers ? AbortSignal.any([callers, limit.signal]) : limit.signal;
    try {
      return await abortable(this.#exchange(input, { ...init, signal }, signal), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {ApiInit} options
   * @param {AbortSignal | null | undefined} signal
   */
  async #exchange(input, { auth = "required", json, ...init }, signal) {
    const { authorize, judge, refusedAgain, send } = this.#decisions;
    const session = this.#session;
    if (!POLICIES.includes(auth)) {
      throw configurationError("invalid_option", `fetch option "auth": expected "required", "optional" or "none"`);
    }
    const request = input instanceof Request ? input : undefined;
    const headers = new Headers(init.headers ?? request?.headers);
    if (json !== undefined) {
      if (init.body != null) throw configurationError("invalid_option", "fetch takes either `json` or `body`");
      init.body = JSON.stringify(json);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
    }
    // The caller's own credentials stay, and ours stay out.
    if (headers.has("authorization")) return send(input, { ...init, headers });

    const decided = await abortable(authorize({ url: request?.url ?? String(input), auth, session }), signal);
    const { url, accessToken } = decided;
    if (accessToken === undefined) return send(request ?? url, { ...init, headers });

    const replayable = init.body == null ? request?.body == null : isReplayable(init.body);
    /** @param {string} token */
    const sendWith = (token) => {
      const all = new Headers(headers);
      all.set("authorization", `Bearer ${token}`);
      return sendWithToken({ send, url, request, init, headers: all, replayable });
    };
    const { response, carried } = await sendWith(accessToken);
    // What another origin says about a request without the token is no reason to renew it.
    if (response.status !== 401 || !carried) return response;

    const challenge = response.headers.get("www-authenticate");
    const renewed = await abortable(judge({ status: 401, challenge, sent: accessToken, replayable, session }), signal);
    if (renewed === null) return response;
    // Nobody will read this one: its connection is free again.
    await response.body?.cancel();
    const again = await sendWith(renewed);
    if (again.response.status === 401 && again.carried) refusedAgain();
    return again.response;
  }
}

/**
 * `get`, `post` and so on, by way of the `fetch` beside them. What has a member of that name keeps it.
 *
 * @param {any} prototype
 */
export function addVerbs(prototype) {
  for (const verb of ["get", "post", "put", "patch", "delete", "head", "options"]) {
    /** @this {ApiSession} @param {RequestInfo | URL} input @param {ApiInit} [init] */
    const value = function (input, init) {
      return this.fetch(input, { ...init, method: verb.toUpperCase() });
    };
    if (!(verb in prototype)) Object.defineProperty(prototype, verb, { value, writable: true, configurable: true });
  }
}

addVerbs(ApiSession.prototype);

/**
 * Whether a body can be sent a second time. Streams, and what only looks like one, cannot.
 *
 * @param {unknown} body
 */
function isReplayable(body) {
  if (typeof body === "string" || ArrayBuffer.isView(body)) return true;
  return [ArrayBuffer, Blob, FormData, URLSearchParams].some((kind) => body instanceof kind);
}

/** @param {number} seconds */
function tookTooLong(seconds) {
  const message = `the API did not answer within ${seconds} s`;
  return toError({ class: "TimeoutError", code: "timeout", message, recovery: "retry" });
}

/**
 * The promise, unless the caller gives up first; what was asked for goes on, because a refresh must not be lost.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | null | undefined} signal
 * @returns {Promise<T>}
 */
function abortable(promise, signal) {
  if (signal == null) return promise;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
