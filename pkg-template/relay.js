// @ts-check
// The page that comes back in a popup or a frame: it hands the authorization response to the page that waits for it.

/** Tells the messages of this file from all others that a page gets. */
export const RESPONSE = "wasm-oidc:response";

/**
 * The channel of one sign-in. Its name cannot be guessed, so it is no way in for those who do not know the state.
 *
 * @param {string} state
 */
export const channelName = (state) => `${RESPONSE}:${state}`;

/**
 * Hands the response over, to this origin only: by message to the window or frame around, and on a channel for an
 * opener that COOP cut off.
 *
 * @param {string} url
 * @returns {boolean} whether there was a response in it
 */
export function relay(url) {
  const { search, hash } = new URL(url);
  const [state] = [search, hash].flatMap((part) => new URLSearchParams(part.slice(1)).get("state") ?? []);
  if (!state) return false;
  const message = { type: RESPONSE, url };
  const { opener, parent } = window;
  for (const starter of [opener, parent]) {
    if (starter && starter !== window) starter.postMessage(message, location.origin);
  }
  try {
    const channel = new BroadcastChannel(channelName(state));
    channel.postMessage(message);
    channel.close();
  } catch {
    // A browser without channels, or a frame whose origin is nobody's: the message alone has to do.
  }
  return true;
}

/** Closes a window that script opened; browsers leave all others open. */
export function leave() {
  // Not before the messages are out.
  if (window.parent === window) setTimeout(() => window.close(), 50);
}
