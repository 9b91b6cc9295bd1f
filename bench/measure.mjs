// @ts-check
// How long an answer takes, in microseconds: the best of several rounds, since whatever else the machine does only adds.

import { casl, plainLoop, wasmOidc } from "./contestants.mjs";
import { newQuestions, organizationsWith, repeatedQuestions } from "./questions.mjs";

const SCOPES = [10, 1_000, 10_000];
const ORGANIZATIONS = [1, 1_000];
const ROUNDS = 7;

/** Long beside what a browser's clock rounds to. */
const LEAST_MILLISECONDS = 15;

/** How many new questions in a round: a loop over 10,000 scopes takes its time for each, and the others do not. */
const NEW = { wasmOidc: 20_000, casl: 5_000, plainLoop: 500 };

/**
 * @typedef {object} Row
 * @property {"repeated" | "new"} kind
 * @property {"anywhere" | "within"} where `hasAccess`, or `hasAccessIn`
 * @property {number} scopes in all organizations together
 * @property {number} organizations
 * @property {Record<keyof typeof NEW, number>} microseconds
 */

/** @returns {Promise<{ rows: Row[], first: { scopes: number, organizations: number, microseconds: number }[] }>} */
export async function measure() {
  const rows = [];
  const first = [];
  for (const organizations of ORGANIZATIONS) {
    for (const scopes of SCOPES) {
      const list = organizationsWith(scopes, organizations);
      const contestants = { wasmOidc: await wasmOidc(list), casl: await casl(list), plainLoop: await plainLoop(list) };
      const names = /** @type {(keyof typeof contestants)[]} */ (Object.keys(contestants));
      const start = performance.now();
      contestants.wasmOidc.within(newQuestions(1, scopes, organizations));
      first.push({ scopes, organizations, microseconds: (performance.now() - start) * 1000 });
      for (const where of /** @type {const} */ (["anywhere", "within"])) {
        const again = repeatedQuestions(scopes, organizations);
        const repeated = { wasmOidc: Infinity, casl: Infinity, plainLoop: Infinity };
        const once = { ...repeated };
        for (let round = 0; round < ROUNDS; round += 1) {
          for (const name of names) {
            repeated[name] = Math.min(repeated[name], timeOfRepeated(contestants[name][where], again));
          }
          for (const name of names) {
            const questions = newQuestions(NEW[name], scopes, organizations);
            once[name] = Math.min(once[name], timeOf(() => expectHalf(contestants[name][where](questions), NEW[name], name)) / NEW[name]);
          }
        }
        rows.push(/** @type {Row} */ ({ kind: "repeated", where, scopes, organizations, microseconds: repeated }));
        rows.push(/** @type {Row} */ ({ kind: "new", where, scopes, organizations, microseconds: once }));
      }
    }
  }
  return { rows, first };
}

/**
 * @param {(questions: import("./contestants.mjs").Question[]) => number} ask
 * @param {import("./contestants.mjs").Question[]} questions
 */
function timeOfRepeated(ask, questions) {
  let passes = 1;
  for (;;) {
    const milliseconds = timeOf(() => {
      for (let pass = 0; pass < passes; pass += 1) expectHalf(ask(questions), questions.length, "repeated");
    }) / 1000;
    if (milliseconds >= LEAST_MILLISECONDS) return (milliseconds * 1000) / (passes * questions.length);
    passes *= milliseconds * 4 < LEAST_MILLISECONDS ? 4 : 2;
  }
}

/** @param {() => void} run @returns {number} microseconds */
function timeOf(run) {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
}

/**
 * A contestant that answers wrongly is no contestant.
 *
 * @param {number} granted
 * @param {number} asked
 * @param {string} name
 */
function expectHalf(granted, asked, name) {
  // CASL has no `**`, by which the new ones are granted.
  const expected = name === "casl" ? 0 : asked / 2;
  if (granted !== expected) throw new Error(`${name}: ${granted} of ${asked} questions are granted, not ${expected}`);
}
