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
 * @property {any[]} access the table of tests/fixtures/access.json
 *
 * @typedef {object} World
 * @property {typeof import("wasm-oidc")} wasmOidc
 * @property {any} edge `wasm-oidc/edge`
 * @property {Setting} setting
 * @property {{ fileStorage?: (name: string) => any, encryptedFileStorage?: (name: string) => any }} host what only it has
 *
 * @typedef {object} Check
 * @property {string} name
 * @property {Partial<Record<string, string>>} [cannot] why it cannot exist in a kind of runtime
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

/** @param {Kind} kind of runtime */
export const checksOf = (kind) => CHECKS.filter(({ cannot }) => cannot?.[kind] === undefined);

/** The checks of a life, with what each does in it. @param {Kind} kind @param {Life["life"]} life */
function jobs(kind, life) {
  const isLeaving = life === "leaving" || life === "back";
  const isFirst = life === "first" || life === "leaving";
  return checksOf(kind)
    .filter(({ leaves }) => Boolean(leaves) === isLeaving)
    .map(({ name, run, again }) => ({ name, job: isFirst ? run : again }));
}

/**
 * @param {World} world
 * @param {Life} life
 * @returns {Promise<Results>} of the life; a check that failed before does not go on
 */
export async function live(world, { life, before }) {
  /** @type {string[]} */
  const uncaught = [];
  const stop = watch((error) => uncaught.push(String(error instanceof Error ? error.stack : error)));
  /** @type {Results} */
  const results = {};
  for (const { name, job } of jobs(world.setting.kind, life)) {
    const earlier = before[name];
    if (job === undefined || earlier?.passed === false) continue;
    try {
      results[name] = { passed: true, kept: await inTime(job(world, earlier?.kept)) };
    } catch (error) {
      const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
      results[name] = { passed: false, message: text };
    }
  }
  stop();
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
 * Hears of what nobody catches: a runtime has the events of pages, or those of Node.
 *
 * @param {(error: unknown) => void} note
 * @returns {() => void}
 */
function watch(note) {
  const global = /** @type {any} */ (globalThis);
  if (typeof global.process?.on === "function" && global.Deno === undefined) {
    global.process.on("unhandledRejection", note).on("uncaughtException", note);
    return () => global.process.off("unhandledRejection", note).off("uncaughtException", note);
  }
  const heard = (/** @type {any} */ event) => note(event.reason ?? event.error ?? event.message);
  for (const type of ["unhandledrejection", "error"]) global.addEventListener(type, heard);
  return () => {
    for (const type of ["unhandledrejection", "error"]) global.removeEventListener(type, heard);
  };
}
