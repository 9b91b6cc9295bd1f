// `npm run fuzz`: the fuzz targets, each for some minutes, and a table of what they did. Needs the nightly compiler and
// cargo-fuzz, which nothing else here does.

import { mkdirSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";

import { GaveUp, ifStarted, inRoot, run, say } from "./run.mjs";

const USAGE = `npm run fuzz -- [--minutes N] [--keep] [target …]   each target, or those named, N minutes (10) each;
                                                   --keep adds what is new to the committed corpora, minimised`;

const USUAL_MINUTES = 10;
/** Larger inputs are for the tests of limits. */
const MAX_BYTES = 8192;
const LIMITS = ["-timeout=20", "-rss_limit_mb=1024", `-max_len=${MAX_BYTES}`];

/** The fuzz targets, by the names of their files. */
export const targets = () => readdirSync(inRoot("fuzz", "fuzz_targets")).map((file) => basename(file, ".rs")).sort();

/**
 * @param {string[]} args
 * @returns {{ minutes: number, keep: boolean, names: string[] }}
 */
export function wishesOf(args) {
  let parsed;
  try {
    const options = /** @type {const} */ ({ minutes: { type: "string" }, keep: { type: "boolean" } });
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new GaveUp(`${error.message}\n${USAGE}`);
  }
  const { minutes = String(USUAL_MINUTES), keep = false } = parsed.values;
  if (!(Number(minutes) > 0)) throw new GaveUp(`--minutes is a number above 0, not "${minutes}"\n${USAGE}`);
  const all = targets();
  for (const name of parsed.positionals) {
    if (!all.includes(name)) throw new GaveUp(`there is no target "${name}", only ${all.join(", ")}\n${USAGE}`);
  }
  return { minutes: Number(minutes), keep, names: parsed.positionals.length > 0 ? parsed.positionals : all };
}

/** Gives up with the one command that is missing. */
async function needs() {
  for (const [command, args, remedy] of /** @type {[string, string[], string][]} */ ([
    ["rustc", ["+nightly", "--version"], "rustup toolchain install nightly --profile minimal"],
    ["cargo", ["fuzz", "--version"], "cargo install cargo-fuzz --locked"],
  ])) {
    const { code } = await run(command, args, { quiet: true });
    if (code !== 0) throw new GaveUp(`\`${command} ${args.join(" ")}\` does not run. Run: ${remedy}`);
  }
}

/**
 * No sanitizer: there is no unsafe code here for one to watch, and without it three times as much runs.
 *
 * @param {string} name
 * @param {string[]} folders the first one takes what is found
 * @param {string[]} options
 */
function libFuzzer(name, folders, options) {
  const args = ["+nightly", "fuzz", "run", "--sanitizer", "none", name, ...folders, "--", ...options];
  return run("cargo", args, { cwd: inRoot("fuzz"), quiet: true });
}

/**
 * @param {string} name
 * @param {number} minutes
 * @param {boolean} keep
 */
async function fuzz(name, minutes, keep) {
  const found = inRoot(".cache", "fuzz", name);
  const corpus = inRoot("fuzz", "corpus", name);
  const seeds = inRoot("fuzz", "seeds", name);
  mkdirSync(found, { recursive: true });
  mkdirSync(corpus, { recursive: true });
  const options = [...LIMITS, `-max_total_time=${Math.round(minutes * 60)}`, "-print_final_stats=1", "-dict=dictionary"];
  const { code, output } = await libFuzzer(name, [found, corpus, seeds], options);
  if (code === 0 && keep) await libFuzzer(name, [corpus, found], [...LIMITS, "-merge=1"]);
  const figure = (/** @type {RegExp} */ pattern) => Number(pattern.exec(output)?.[1] ?? 0);
  const row = {
    target: name,
    executions: figure(/number_of_executed_units:\s*(\d+)/),
    seconds: figure(/Done \d+ runs in (\d+) second/),
    "new inputs": figure(/new_units_added:\s*(\d+)/),
    "MB at most": figure(/peak_rss_mb:\s*(\d+)/),
    findings: code === 0 ? 0 : 1,
  };
  return { row, output };
}

await ifStarted(import.meta.url, async () => {
  const { minutes, keep, names } = wishesOf(process.argv.slice(2));
  await needs();
  const rows = [];
  for (const name of names) {
    say(`${name}: ${minutes} min`);
    const { row, output } = await fuzz(name, minutes, keep);
    rows.push(row);
    if (row.findings > 0) console.log(output.split("\n").slice(-60).join("\n"));
  }
  console.table(rows);
  if (rows.some((row) => row.findings > 0)) {
    throw new GaveUp("an input breaks a property: see above; the input is in fuzz/artifacts, and becomes a seed when it is fixed");
  }
});
