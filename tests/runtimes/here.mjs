// @ts-check
// Runs the suite inside of a runtime, a life of it at a time: a page before and after its reload, two processes, two Workers.
import { CHECKS } from "./suite/index.mjs";

/**
 * @typedef {"page" | "process" | "worker"} Kind
 *
 * @typedef {object} Setting what all runtimes of a run share, and what is told to one of them: plain data
 * @property {string} runtime its name
 * @property {Kind} kind
 * @property {string} issuer of the real provider
 * @property {string} hostile where an issuer lies for every fault (tests/op/hostile.mjs)
 * @property {string} broker does what a person does at the provider's pages, and keeps what a store gives it
 * @property {string} api @property {string} elsewhere another API
 * @property {string} nobody a URL where nobody listens
 * @property {string} audience of signed access tokens
 * @property {string} clientId @property {string} redirectUri
 * @property {{ clientId: string, clientSecret: string }} machine
 * @property {{ clientId: string, clientSecret: string }} server where people sign in
 * @property {any[]} access the table of tests/fixtures/access.json
 *
 * @typedef {object} World
 * @property {typeof import("wasm-oidc")} wasmOidc
 * @property {typeof import("wasm-oidc/edge")} edge
 * @property {Setting} setting
 * @property {{ fileStorage?: (name: string) => any, encryptedFileStorage?: (name: string) => any }} host what only it has
 *
 * @typedef {object} Check
 * @property {string} name
 * @property {Partial<Record<string, string>>} [cannot] why it cannot exist in a runtime, by its name or its kind
 * @property {true} [leaves] whether `run` leaves the page for the provider, where somebody signs in; `again` is in the page
 *   that they come back to
 * @property {(world: World) => unknown} run what it resolves to is handed on to `again`, as JSON
 * @property {(world: World, kept: any) => unknown} [again] after a new start
 *
 * @typedef {{ passed: boolean, message?: string, kept?: any }} Result
 * @typedef {Record<string, Result>} Results by the names of checks
 *
 * @typedef {object} Life
 * @property {"first" | "second" | "leaving" | "back"} life
 * @property {Results} before what the life before came to
 */

/** Milliseconds for one check; the machine may be busy. */
const PATIENCE = 60_000;

/** The check of what no check waits for. */
export const UNCAUGHT = "no error stays uncaught";

/**
 * Why a check cannot exist in a runtime, where that is so.
 *
 * @param {Check} check @param {Pick<Setting, "runtime" | "kind">} where
 */
export const reasonOf = ({ cannot }, { runtime, kind }) => cannot?.[runtime] ?? cannot?.[kind];

/** The checks of a life, with what each does in it. @param {Setting} setting @param {Life["life"]} life */
function jobs(setting, life) {
  const isLeaving = life === "leaving" || life === "back";
  const isFirst = life === "first" || life === "leaving";
  return CHECKS.filter((check) => reasonOf(check, setting) === undefined && Boolean(check.leaves) === isLeaving)
    .map(({ name, run, again }) => ({ name, job: isFirst ? run : again }));
}

/**
 * @param {World} world
 * @param {Life} life
 * @returns {Promise<Results>} of the life; a check that failed before does not go on
 */
export async function live(world, { life, before }) {
  const watched = watch();
  /** @type {Results} */
  const results = {};
  for (const { name, job } of jobs(world.setting, life)) {
    const earlier = before[name];
    if (job === undefined || earlier?.passed === false) continue;
    try {
      results[name] = { passed: true, kept: await inTime(job(world, earlier?.kept)) };
    } catch (error) {
      const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
      results[name] = { passed: false, message: text };
    }
  }
  const uncaught = watched();
  results[UNCAUGHT] = { passed: uncaught.length === 0, message: uncaught.join("\n") };
  return results;
}

/** @param {unknown} work */
function inTime(work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * Hears of what nobody catches: a runtime has the events of pages, or those of Node. workerd tells of a promise before
 * the microtask that handles it, and takes it back then.
 *
 * @returns {() => string[]} stops it, and says what there was
 */
function watch() {
  const global = /** @type {any} */ (globalThis);
  /** @type {Map<unknown, unknown>} by the promise, where there is one */
  const heard = new Map();
  const hasNodes = typeof global.process?.on === "function" && global.Deno === undefined;
  /** @type {Record<string, (...args: any[]) => void>} */
  const listeners = hasNodes
    ? { unhandledRejection: (error) => heard.set({}, error), uncaughtException: (error) => heard.set({}, error) }
    : {
        unhandledrejection: ({ promise, reason }) => heard.set(promise, reason),
        rejectionhandled: ({ promise }) => heard.delete(promise),
        error: ({ error, message }) => heard.set({}, error ?? message),
      };
  for (const [type, listener] of Object.entries(listeners)) {
    if (hasNodes) global.process.on(type, listener);
    else global.addEventListener(type, listener);
  }
  return () => {
    for (const [type, listener] of Object.entries(listeners)) {
      if (hasNodes) global.process.off(type, listener);
      else global.removeEventListener(type, listener);
    }
    return [...heard.values()].map((error) => String(error instanceof Error ? error.stack : error));
  };
}
