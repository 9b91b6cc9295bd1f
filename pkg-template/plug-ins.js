// @ts-check
// The functions that an app plugs in, made ready to be called from wasm: a form becomes one that can be added to, what
// comes back becomes JSON text, and nobody waits for those who are only told something.

import { report } from "./report.js";

/** Functions that answer, and whether what they were given counts where they answer nothing. */
const ASKED = { clientAuth: false, onRequest: true };

/** Functions that are told something. */
const TOLD = ["onResponse", "logger"];

/**
 * @param {Record<string, Function>} functions of the app, by the names of the options
 * @returns {Record<string, Function>}
 */
export function madeReady(functions) {
  const ready = { ...functions };
  for (const [name, mayBeSilent] of Object.entries(ASKED)) {
    if (name in ready) ready[name] = asking(functions[name], mayBeSilent);
  }
  if ("openUrl" in ready) ready.openUrl = opening(functions.openUrl);
  for (const name of TOLD) {
    if (name in ready) ready[name] = telling(functions[name]);
  }
  return ready;
}

/**
 * What can be iterated holds names and values; anything else is a record of them.
 *
 * @param {any} given
 */
function pairsOf(given) {
  if (given == null) return undefined;
  return typeof given[Symbol.iterator] === "function" ? [...given] : Object.entries(given);
}

/**
 * @param {Function} ask
 * @param {boolean} mayBeSilent
 */
function asking(ask, mayBeSilent) {
  return async (/** @type {{ body?: string }} */ { body, ...request }) => {
    const given = body === undefined ? request : { ...request, body: new URLSearchParams(body) };
    const answer = (await ask(given)) ?? (mayBeSilent ? given : undefined);
    if (answer === undefined) return undefined;
    // What is no request is for Rust to refuse.
    if (typeof answer !== "object" || Array.isArray(answer)) return "null";
    return JSON.stringify({ ...answer, headers: pairsOf(answer.headers), body: pairsOf(answer.body) });
  };
}

/**
 * What it throws at once keeps the page where it is; what it rejects with comes too late for that.
 *
 * @param {Function} open
 */
function opening(open) {
  return (/** @type {string} */ url) => void Promise.resolve(open(url)).catch(report);
}

/** @param {Function} tell */
function telling(tell) {
  return (/** @type {object} */ event) => {
    // A job is in the middle of something.
    queueMicrotask(async () => {
      try {
        await tell(event);
      } catch (thrown) {
        report(thrown);
      }
    });
  };
}
