// @ts-check
// Requests to an app's own API. Rust decides which may carry the token and what an answer means; `Request`, `Response`,
// bodies and signals stay here, so that streams, forms and aborting work as with the platform's own fetch.

/**
 * @typedef {object} Decisions
 * @property {(url: string, auth: string) => Promise<{ url: string, accessToken?: string }>} authorize
 * @property {(answer: { status: number, challenge: string | null, sent: string, replayable: boolean }) =>
 *   Promise<string | null>} judge
 * @property {typeof fetch} send
 */

/**
 * @param {Decisions} decisions
 * @param {RequestInfo | URL} input
 * @param {RequestInit & { auth?: string }} [options]
 * @returns {Promise<Response>}
 */
export async function authorizedFetch({ authorize, judge, send }, input, options = {}) {
  const { auth = "required", ...init } = options;
  const request = input instanceof Request ? input : undefined;
  const headers = new Headers(init.headers ?? request?.headers);
  // The caller's own credentials stay, and ours stay out.
  if (headers.has("authorization")) return send(input, init);

  const signal = init.signal ?? request?.signal;
  const decided = await abortable(authorize(request?.url ?? String(input), auth), signal);
  const { url, accessToken } = decided;
  if (accessToken === undefined) return send(request ?? url, init);

  const replayable = request?.body == null && isReplayable(init.body);
  /** @param {string} token */
  const sendWith = (token) => {
    headers.set("authorization", `Bearer ${token}`);
    return send(request === undefined ? url : new Request(request, { ...init, headers }), { ...init, headers });
  };
  const response = await sendWith(accessToken);
  if (response.status !== 401) return response;

  const challenge = response.headers.get("www-authenticate");
  const renewed = await abortable(judge({ status: 401, challenge, sent: accessToken, replayable }), signal);
  if (renewed === null) return response;
  // Nobody will read this one: its connection is free again.
  await response.body?.cancel();
  return sendWith(renewed);
}

/**
 * Whether a body can be sent a second time. Streams, and what only looks like one, cannot.
 *
 * @param {unknown} body
 */
function isReplayable(body) {
  if (body == null || typeof body === "string" || ArrayBuffer.isView(body)) return true;
  return [ArrayBuffer, Blob, FormData, URLSearchParams].some((kind) => body instanceof kind);
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
