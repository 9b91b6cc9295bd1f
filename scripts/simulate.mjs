// `npm run simulate`: the session engine on more seeds than `npm test` has time for, or on one with its whole log.

import { parseArgs } from "node:util";

import { GaveUp, ifStarted, run, say } from "./run.mjs";

const USAGE = `npm run simulate -- [--seeds N] [--from M]   N seeds, the first of them M; 20000 from 0 by default
npm run simulate -- --seed S                 one seed, with its whole log`;

const USUAL_SEEDS = 20_000;

/** @param {string[]} args */
export function environmentOf(args) {
  let values;
  try {
    const text = /** @type {const} */ ({ type: "string" });
    ({ values } = parseArgs({ args, options: { seeds: text, from: text, seed: text } }));
  } catch (error) {
    throw new GaveUp(`${error.message}\n${USAGE}`);
  }
  const { seeds, from, seed } = values;
  if (seed !== undefined && (seeds !== undefined || from !== undefined)) {
    throw new GaveUp(`--seed is one seed: it goes with neither --seeds nor --from\n${USAGE}`);
  }
  if (seed !== undefined) return { SIMULATION_SEED: wholeNumber("--seed", seed, 0) };
  return {
    SIMULATION_SEEDS: wholeNumber("--seeds", seeds ?? String(USUAL_SEEDS), 1),
    SIMULATION_FROM: wholeNumber("--from", from ?? "0", 0),
  };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 */
function wholeNumber(name, text, least) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least) {
    throw new GaveUp(`${name} is a whole number from ${least} on, not "${text}"\n${USAGE}`);
  }
  return String(number);
}

await ifStarted(import.meta.url, async () => {
  const env = environmentOf(process.argv.slice(2));
  const test = ["--test", "simulation", "every_invariant_holds_in_every_seed", "--", "--exact", "--nocapture"];
  const { code } = await run("cargo", ["test", "--features", "tools,configuration,edge,native-crypto", ...test], { env });
  if (code !== 0) throw new GaveUp("an invariant does not hold, or the simulation did not run: see above");
  say("every invariant held");
});
