// @ts-check
// How long an answer takes, in microseconds: the best of several rounds, since whatever else the machine does only adds.

import { casl, plainLoop, wasmOidc } from "./contestants.mjs";
import { newQuestions, organizationsWith, repeatedQuestions } from "./questions.mjs";

/** @typedef {import("./contestants.mjs").Question} Question */

const SCOPES = [10, 1_000, 10_000];
const ORGANIZATIONS = [1, 1_000];

/** Many short rounds: in some of them the machine does nothing else. */
const ROUNDS = 60;

/** A round: long beside what a browser's clock rounds to, short beside the turns that programs take. */
const ROUND_MICROSECONDS = 2_000;

/**
 * @typedef {object} Row
 * @property {"repeated" | "new"} kind
 * @property {"anywhere" | "within"} where `hasAccess`, or `hasAccessIn`
 * @property {number} scopes in all organizations together
 * @property {number} organizations
 * @property {Record<"wasmOidc" | "casl" | "plainLoop", number>} microseconds
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
        for (const kind of /** @type {const} */ (["repeated", "new"])) {
          const runs = names.map((name) => {
            const ask = contestants[name][where];
            // CASL has no `**`, by which the new ones are granted.
            const share = kind === "new" && name === "casl" ? 0 : 0.5;
            return new Run(ask, share, kind === "new" ? (count) => newQuestions(count, scopes, organizations) : () => again);
          });
          for (let round = 0; round < ROUNDS; round += 1) for (const run of runs) run.round();
          const microseconds = Object.fromEntries(names.map((name, at) => [name, runs[at].best]));
          rows.push(/** @type {Row} */ ({ kind, where, scopes, organizations, microseconds }));
        }
      }
    }
  }
  return { rows, first };
}

/** One contestant with one kind of question. */
class Run {
  /** Microseconds for an answer, in the best round. */
  best = Infinity;
  #count = 100;
  #passes = 1;

  /**
   * @param {(questions: Question[]) => number} ask
   * @param {number} share how many of the questions are granted: who answers wrongly is no contestant
   * @param {(count: number) => Question[]} questionsFor
   */
  constructor(ask, share, questionsFor) {
    this.ask = ask;
    this.share = share;
    this.questionsFor = questionsFor;
    while (Math.min(this.#time(), this.#time(), this.#time()) < ROUND_MICROSECONDS) {
      // The same questions again, or more of the new ones.
      if (questionsFor(1).length > 1) this.#passes *= 2;
      else this.#count *= 2;
    }
  }

  round() {
    const asked = this.#count * this.#passes;
    this.best = Math.min(this.best, this.#time() / asked);
  }

  #time() {
    const questions = this.questionsFor(this.#count);
    let granted = 0;
    const time = timeOf(() => {
      for (let pass = 0; pass < this.#passes; pass += 1) granted += this.ask(questions);
    });
    const expected = questions.length * this.#passes * this.share;
    if (granted !== expected) throw new Error(`${granted} of ${questions.length * this.#passes} are granted, not ${expected}`);
    return time;
  }
}

/** @param {() => void} run @returns {number} microseconds */
function timeOf(run) {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
}
