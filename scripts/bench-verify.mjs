// How long verifying an access token takes in Node and in workerd, beside jose and Hono, and how many requests a Worker answers
// with each: the second part of `npm run bench`.

import { inRoot } from "./run.mjs";

/** How often each of them is measured; the best counts, since whatever else the machine does only adds. */
const ROUNDS = 30;

/** How much faster than jose a token that was seen has to be answered. */
const WARM_FACTOR = 20;

/** How long a Worker is asked, in milliseconds, and by how many at a time. */
const ASKED_MILLISECONDS = 2000;
const ASKING = 16;

/** @typedef {import("../bench/verify.mjs").Contestant} Contestant @typedef {import("../bench/verify.mjs").Setting} Setting */

/** @param {Contestant} who */
const timesOf = (who) => (who === "warm" ? 2000 : 100);

/**
 * Microseconds for one token; the contestants take turns, so that what the machine does meanwhile hits all of them.
 *
 * @param {(algorithm: string, who: Contestant, times: number) => Promise<void>} run
 * @param {Setting[]} settings
 * @param {readonly Contestant[]} all
 */
async function measure(run, settings, all) {
  const rows = [];
  for (const { algorithm } of settings) {
    /** @type {Record<string, number[]>} */
    const taken = {};
    for (let round = -2; round < ROUNDS; round += 1) {
      for (const who of all) {
        const times = timesOf(who);
        const start = performance.now();
        await run(algorithm, who, times);
        if (round >= 0) (taken[who] ??= []).push(((performance.now() - start) * 1000) / times);
      }
    }
    rows.push({ algorithm, microseconds: Object.fromEntries(all.map((who) => [who, Math.min(...(taken[who] ?? [NaN]))])) });
  }
  return rows;
}

/** @param {Setting[]} settings */
async function inNode(settings) {
  const { CONTESTANTS, contestants, repeat, requestOf } = await import("../bench/verify.mjs");
  const made = new Map(settings.map((setting) => [setting.algorithm, { all: contestants(setting), request: requestOf(setting) }]));
  return measure(async (algorithm, who, times) => {
    const { all, request } = /** @type {NonNullable<ReturnType<typeof made.get>>} */ (made.get(algorithm));
    await repeat(all[who], request, times);
  }, settings, CONTESTANTS);
}

/** @param {Setting[]} settings */
async function startWorker(settings) {
  const [{ build }, { Miniflare }] = await Promise.all([import("esbuild"), import("miniflare")]);
  const { outputFiles } = await build({
    entryPoints: [inRoot("bench", "verify-worker.mjs")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  const miniflare = new Miniflare({
    compatibilityDate: "2026-01-01",
    modulesRoot: "/worker",
    modules: outputFiles
      .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
      .map(({ path, contents }) => ({ type: isScript(path) ? "ESModule" : "CompiledWasm", path, contents })),
    bindings: { SETTINGS: /** @type {any} */ (settings) },
  });
  return { miniflare, url: await miniflare.ready };
}

/** @param {Setting[]} settings */
async function inWorkerd(settings) {
  const { CONTESTANTS } = await import("../bench/verify.mjs");
  const { miniflare, url } = await startWorker(settings);
  try {
    const ask = async (/** @type {string} */ path, /** @type {RequestInit} */ init = {}) => {
      const response = await fetch(new URL(path, url), init);
      if ((await response.text()) !== "ok") throw new Error(`the Worker answered ${response.status}`);
    };
    const rows = await measure((algorithm, who, times) => ask(`/${algorithm}/${who}?times=${times}`), settings, CONTESTANTS);
    /** @type {Record<string, number>} */
    const perSecond = {};
    const [{ algorithm, token }] = /** @type {[Setting]} */ (settings);
    for (const who of CONTESTANTS) {
      const init = { headers: { authorization: `Bearer ${token}` } };
      const until = performance.now() + ASKED_MILLISECONDS;
      let answered = 0;
      await Promise.all(Array.from({ length: ASKING }, async () => {
        for (; performance.now() < until; answered += 1) await ask(`/${algorithm}/${who}`, init);
      }));
      perSecond[who] = (answered * 1000) / ASKED_MILLISECONDS;
    }
    return { rows, perSecond, algorithm };
  } finally {
    await miniflare.dispose();
  }
}

/** @param {string} host @param {Awaited<ReturnType<typeof measure>>} rows @returns {number} how many goals are missed */
function show(host, rows) {
  let missed = 0;
  console.log(`\n${host}: microseconds for an access token\n`);
  console.log(`  ${["signed", "cold", "warm", "jose", "hono/jwk"].map((name) => name.padStart(9)).join(" ")}  goals`);
  for (const { algorithm, microseconds } of rows) {
    const { cold = NaN, warm = NaN, jose = NaN, hono = NaN } = microseconds;
    const goals = [
      { goal: `cold as fast as jose: ${(jose / cold).toFixed(2)}`, holds: cold <= jose },
      { goal: `warm ${WARM_FACTOR} times faster: ${(jose / warm).toFixed(0)}`, holds: warm * WARM_FACTOR <= jose },
    ];
    missed += goals.filter(({ holds }) => !holds).length;
    const cells = [algorithm, ...[cold, warm, jose, hono].map((value) => value.toFixed(1))].map((cell) => cell.padStart(9));
    console.log(`  ${cells.join(" ")}  ${goals.map(({ goal, holds }) => `${holds ? "holds" : "MISSED"} (${goal})`).join(", ")}`);
  }
  return missed;
}

/** @returns {Promise<number>} how many goals are missed */
export async function benchVerify() {
  const { verifySettings } = await import("../bench/verify-settings.mjs");
  const settings = await verifySettings();
  let missed = show(`Node ${process.versions.node}`, await inNode(settings));
  const { rows, perSecond, algorithm } = await inWorkerd(settings);
  missed += show("workerd", rows);
  const counts = Object.entries(perSecond).map(([who, count]) => `${who} ${count.toFixed(0)}`).join(", ");
  console.log(`\n  requests per second of a Worker that verifies ${algorithm}: ${counts}`);
  console.log("  cold: a token that was never seen; warm: one that was; all of them with the keys at hand");
  return missed;
}
