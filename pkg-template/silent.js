// @ts-check
// Signing in silently: a frame that nobody sees, and what it means when it does not answer.

import { appStateOf, askBeside } from "./answer.js";
import { toError } from "./errors.js";

/** What `ifAvailable` takes for "nobody is signed in there". */
const UNAVAILABLE = [
  "login_required", "interaction_required", "consent_required", "account_selection_required", "silent_blocked",
];

/** The clients whose frames did not answer in this page. @type {Set<string>} */
const blocked = new Set();

/** One frame after the other. @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * @param {import("./answer.js").Jobs} jobs
 * @param {{ ifAvailable?: boolean, force?: boolean, signal?: AbortSignal }} given
 * @returns {Promise<any>} the record of the agent; `null` where there is none and `ifAvailable` was said
 */
export async function askSilently(jobs, { ifAvailable, force, signal, ...options }) {
  try {
    if (blocked.has(jobs.client) && !force) throw noAnswer(options, "got no answer before; `force: true` tries again");
    const name = `silent ${jobs.name(options)}`;
    // Who may abort has a frame alone.
    let asked = signal === undefined ? jobs.underWay.get(name)?.asked : undefined;
    if (asked === undefined) {
      asked = last.then(() => ask(jobs, signal, options));
      last = asked.catch(() => {});
      if (signal === undefined) {
        jobs.underWay.set(name, { asked });
        void last.then(() => jobs.underWay.delete(name));
      }
    }
    return await asked;
  } catch (error) {
    if (ifAvailable && UNAVAILABLE.includes(/** @type {any} */ (error)?.code)) return null;
    throw error;
  }
}

/**
 * @param {import("./answer.js").Jobs} jobs
 * @param {AbortSignal | undefined} signal
 * @param {object} options
 */
async function ask(jobs, signal, options) {
  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  try {
    const record = await askBeside(jobs, {
      silent: true,
      options,
      signal,
      late() {
        blocked.add(jobs.client);
        return noAnswer(options, "got no answer in time: the provider refuses frames, or no page relays the answer");
      },
      go(url) {
        frame = document.createElement("iframe");
        // Not `display: none`, where some pages do not run. It may do what asking takes, and not send this page away.
        frame.style.cssText = "position:fixed;width:0;height:0;border:0;visibility:hidden";
        frame.setAttribute("aria-hidden", "true");
        frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
        frame.src = url;
        document.documentElement.append(frame);
        return /** @type {Window} */ (frame.contentWindow);
      },
    });
    blocked.delete(jobs.client);
    return record;
  } finally {
    frame?.remove();
  }
}

/**
 * @param {object} options
 * @param {string} what
 */
function noAnswer(options, what) {
  const message = `the frame of signInSilent ${what}`;
  const record = /** @type {const} */ ({ class: "TimeoutError", code: "silent_blocked", message, recovery: "reauthenticate" });
  return toError({ ...record, ...appStateOf(options) });
}
