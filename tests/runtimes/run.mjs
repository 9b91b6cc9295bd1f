// @ts-check
// The whole suite in one runtime: its lives one after the other, and what each check came to in all of them.
import { UNCAUGHT, reasonOf } from "./here.mjs";
import { CHECKS } from "./suite/index.mjs";
import { HOSTS } from "./hosts/index.mjs";
import { startSetting } from "./setting.mjs";

/** How many runtimes run at the same time: some wait while others work. */
export const AT_ONCE = 3;

/**
 * @typedef {{ passed: boolean, message?: string } | { cannot: string }} Outcome
 * @typedef {{ runtime: string, kind: string, version: string, outcomes: Map<string, Outcome> }} Report
 */

/**
 * @param {string} runtime of `HOSTS`
 * @param {import("./setting.mjs").Started} started
 * @returns {Promise<Report>} with every check of the suite: one that did not run has failed
 */
export async function runIn(runtime, started) {
  const host = await HOSTS[runtime]();
  const setting = started.toldTo(runtime, host.kind);
  /** @type {import("./here.mjs").Results} */
  let results = {};
  /** @type {string[]} */
  const uncaught = [];
  /** @param {import("./here.mjs").Life["life"]} life */
  const live = async (life) => {
    const { [UNCAUGHT]: left, ...rest } = await host.run(setting, { life, before: results });
    if (left?.passed === false) uncaught.push(String(left.message));
    results = { ...results, ...rest };
    return rest;
  };
  try {
    const lives = { first: await live("first"), second: await live("second"), leaving: {}, back: {} };
    if (host.kind === "page") Object.assign(lives, { leaving: await live("leaving"), back: await live("back") });
    return { runtime, kind: host.kind, version: host.version(), outcomes: outcomes(setting, lives, uncaught) };
  } finally {
    await host.close();
  }
}

/**
 * @param {Pick<import("./here.mjs").Setting, "runtime" | "kind">} where
 * @param {Record<import("./here.mjs").Life["life"], import("./here.mjs").Results>} lives
 * @param {string[]} uncaught
 */
export function outcomes(where, lives, uncaught) {
  /** @type {Map<string, Outcome>} */
  const all = new Map();
  for (const check of CHECKS) {
    const { name, leaves, again } = check;
    const cannot = reasonOf(check, where);
    if (cannot !== undefined) all.set(name, { cannot });
    else {
      const first = leaves ? undefined : (lives.first[name] ?? { passed: false, message: "it did not run" });
      const after = leaves ? lives.back[name] : lives.second[name];
      const second = again === undefined || first?.passed === false ? { passed: true } : (after ?? { passed: false, message: "it did not go on" });
      const { passed, message } = [first, second].find((one) => one?.passed === false) ?? { passed: true };
      all.set(name, { passed, ...(message !== undefined && { message }) });
    }
  }
  all.set(UNCAUGHT, uncaught.length === 0 ? { passed: true } : { passed: false, message: uncaught.join("\n") });
  return all;
}

/**
 * @param {string[]} runtimes of `HOSTS`
 * @param {(runtime: string) => void} tell called where one is done
 * @returns {Promise<(Report | { runtime: string, error: unknown })[]>} in their order
 */
export async function runInEach(runtimes, tell) {
  const started = await startSetting();
  try {
    /** @type {(Report | { runtime: string, error: unknown })[]} */
    const reports = [];
    const waiting = [...runtimes.entries()];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, runtime] = next;
        reports[at] = await runIn(runtime, started).catch((error) => ({ runtime, error }));
        tell(runtime);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return reports;
  } finally {
    await started.close();
  }
}
