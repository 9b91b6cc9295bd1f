// @ts-check
// Signing in in a popup: the window, and what can happen to it.

import { appStateOf, askBeside } from "./answer.js";
import { configurationError, toError } from "./errors.js";

/** How long after its window was closed an answer may still arrive, in milliseconds. */
const LAST_WORDS = 1000;
const LOOK_EVERY = 200;
const SIZE = { width: 500, height: 680 };

/**
 * Opens the window before anything is awaited: a moment later the user's click counts no more.
 *
 * @param {import("./answer.js").Jobs} jobs
 * @param {{ popup?: Window | null, signal?: AbortSignal }} given
 * @returns {Promise<any>} the record of the agent
 */
export function askInPopup(jobs, { popup: own, signal, ...options }) {
  // Who brings a window or may abort has one alone.
  if (own !== undefined || signal !== undefined) return ask(jobs, own === undefined ? openWindow() : own, signal, options);
  const name = `popup ${jobs.name(options)}`;
  const before = jobs.underWay.get(name);
  // A second click means the same window, as long as it can be reached.
  if (before?.popup !== undefined && !before.popup.closed) {
    before.popup.focus();
    return before.asked;
  }
  const popup = openWindow();
  const entry = { asked: ask(jobs, popup, signal, options), popup: popup ?? undefined };
  jobs.underWay.set(name, entry);
  const forget = () => void (jobs.underWay.get(name) === entry && jobs.underWay.delete(name));
  entry.asked.then(forget, forget);
  return entry.asked;
}

/**
 * @param {import("./answer.js").Jobs} jobs
 * @param {Window | null | undefined} popup
 * @param {AbortSignal | undefined} signal
 * @param {object} options
 */
async function ask(jobs, popup, signal, options) {
  /** @type {(code: string, message: string, recovery?: import("./index.d.ts").Recovery) => Error} */
  const refuse = (code, message, recovery = "reauthenticate") =>
    toError({ class: "CallbackError", code, message, recovery, ...appStateOf(options) });
  const closed = () => refuse("popup_closed", "the window was closed before the sign-in was finished");
  try {
    if (popup === null || popup?.closed) {
      const message = "the browser opened no window: call signInPopup right in the handler of a click";
      throw refuse("popup_blocked", message, "retry");
    }
    if (popup !== undefined && (typeof popup !== "object" || !("location" in popup))) {
      throw configurationError("invalid_option", 'option "popup": expected a window');
    }
    return await askBeside(jobs, {
      silent: false,
      options,
      signal,
      late: () => {
        const message = "the sign-in in the window took longer than `callbackTimeoutSeconds`";
        return toError({ class: "TimeoutError", code: "timeout", message, recovery: "retry", ...appStateOf(options) });
      },
      go(url) {
        // Without a page Rust has said so before.
        const there = /** @type {Window} */ (popup);
        // Nobody but the user can have closed a window that was not sent anywhere yet.
        if (there.closed) throw closed();
        there.location.replace(url);
        return there;
      },
      watch: (end) => watch(/** @type {Window} */ (popup), () => end(closed())),
    });
  } finally {
    popup?.close?.();
  }
}

/**
 * Tells when the user closed the window. A window that COOP cut off looks closed from here too, from the moment at which
 * it arrives at the provider: so only one that was seen there counts, and all others may still answer on the channel.
 *
 * @param {Window} popup
 * @param {() => void} tell
 */
function watch(popup, tell) {
  const before = placeOf(popup);
  let wasThere = false;
  /** @type {number | undefined} */
  let closedAt;
  const timer = setInterval(() => {
    if (!popup.closed) {
      wasThere ||= placeOf(popup) !== before;
    } else if (wasThere) {
      closedAt ??= performance.now();
      if (performance.now() - closedAt >= LAST_WORDS) tell();
    }
  }, LOOK_EVERY);
  return () => clearInterval(timer);
}

/** @param {Window} popup */
function placeOf(popup) {
  try {
    return popup.location.href;
  } catch {
    return "elsewhere";
  }
}

/** @returns {Window | null | undefined} `undefined` where there are no windows */
function openWindow() {
  if (typeof document === "undefined") return undefined;
  const { width, height } = SIZE;
  const left = Math.round(screenX + (outerWidth - width) / 2);
  const top = Math.round(screenY + (outerHeight - height) / 2);
  return window.open("", "_blank", `popup,width=${width},height=${height},left=${left},top=${top}`);
}
