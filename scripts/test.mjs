// `npm test`: sets up, builds, runs every suite, and ends with the one line `N passed, N failed` that counts each test of
// each runner. A suite that is missing, or runs no test, or skips one, has failed.
//
// `npm test -- traps wasm` runs only the suites whose names contain one of these words.

import { readdirSync } from "node:fs";

import { buildPackage } from "./build.mjs";
import { BUILDS } from "./builds.mjs";
import { lint } from "./lint.mjs";
import { GaveUp, ifStarted, inRoot, run, say } from "./run.mjs";
import { TOOLS, WASM_TARGET, setUp } from "./set-up.mjs";
import { reportSize } from "./size.mjs";

/** Folders of tests/ that have to be there; others with tests in them are found. */
const EXPECTED_FOLDERS = ["browsers", "e2e", "op", "package", "runtimes", "session", "tools", "traps"];

const SUITE_TIMEOUT_MS = 20 * 60 * 1000;

/** @typedef {{ passed: number, failed: number }} Counts */
/** @typedef {{ name: string, run: () => Promise<Counts> }} Suite */

/** @param {Record<string, string | undefined>} programs environment variables that say where they are */
function suites(programs) {
  const onWasm = ["test", "--target", WASM_TARGET, "--features", "host", "--test"];
  const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: TOOLS.testRunner };
  /** @type {Suite[]} */
  const all = [
    { name: "lint", run: () => lint((name, passed, seconds) => say(`  ${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(1)} s`)) },
    { name: "size", run: withinBudget },
    { name: "native", run: () => cargo(["test", "--features", "tools,configuration,edge,native-crypto"], programs) },
    { name: "wasm in Node", run: () => cargo([...onWasm, "host_node"], runner) },
    { name: "wasm in Chromium", run: () => cargo([...onWasm, "host_browser"], { ...runner, ...programs }) },
  ];
  for (const folder of testFolders()) all.push({ name: `tests/${folder}`, run: () => nodeTests(folder, programs) });
  return all;
}

/** @returns {string[]} */
function testFolders() {
  const found = readdirSync(inRoot("tests"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && testFiles(entry.name).length > 0)
    .map((entry) => entry.name);
  return [...new Set([...EXPECTED_FOLDERS, ...found])].sort();
}

/** @param {string} folder of tests/ */
function testFiles(folder) {
  try {
    return readdirSync(inRoot("tests", folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.mjs") && !file.includes("node_modules"))
      .map((file) => inRoot("tests", folder, file))
      .sort();
  } catch {
    return [];
  }
}

/**
 * Cargo's own runner and that of wasm-bindgen end each binary with the same line.
 *
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env]
 */
async function cargo(args, env) {
  const { code, output } = await run("cargo", args, { quiet: true, env, timeoutMs: SUITE_TIMEOUT_MS });
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  return judge(code, output, {
    passed: total(results, 1),
    failed: total(results, 2),
    skipped: total(results, 3),
  });
}

/**
 * @param {string} folder
 * @param {Record<string, string | undefined>} env
 */
async function nodeTests(folder, env) {
  const args = ["--test", "--test-reporter=spec", "--test-timeout=300000", ...testFiles(folder)];
  if (testFiles(folder).length === 0) return judge(1, `tests/${folder} has no *.test.mjs`, { passed: 0, failed: 0, skipped: 0 });
  const { code, output } = await run(process.execPath, args, { quiet: true, env, timeoutMs: SUITE_TIMEOUT_MS });
  const count = (/** @type {string} */ kind) => total([...output.matchAll(new RegExp(`^ℹ ${kind} (\\d+)$`, "gm"))], 1);
  return judge(code, output, {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  });
}

/**
 * A runner that fails without a failed test (it did not compile, it ran into its time limit) is a failure of its own,
 * as is one without tests; a skipped test is a failed one.
 *
 * @param {number} code
 * @param {string} output shown where something failed
 * @param {{ passed: number, failed: number, skipped: number }} counts
 * @returns {Counts}
 */
function judge(code, output, { passed, failed, skipped }) {
  let failures = failed + skipped;
  if (failures === 0 && (code !== 0 || passed === 0)) failures = 1;
  if (failures > 0) console.log(`${output.trimEnd()}\n`);
  if (skipped > 0) console.log(`${skipped} skipped: a test that does not run has failed`);
  return { passed, failed: failures };
}

/** @returns {Promise<Counts>} */
async function withinBudget() {
  try {
    await reportSize({ breakdown: false });
    return { passed: 1, failed: 0 };
  } catch (error) {
    return judge(1, error.message, { passed: 0, failed: 1, skipped: 0 });
  }
}

/**
 * @param {RegExpMatchArray[]} matches
 * @param {number} group
 */
function total(matches, group) {
  return matches.reduce((sum, match) => sum + Number(match[group]), 0);
}

/** @param {number} start as of performance.now() */
function since(start) {
  return `${((performance.now() - start) / 1000).toFixed(1).padStart(7)} s`;
}

await ifStarted(import.meta.url, async () => {
  const lines = [];
  let start = performance.now();
  const programs = await setUp({ lint: true, browser: true });
  lines.push(`${since(start)}  set-up`);
  start = performance.now();
  await buildPackage(BUILDS.package);
  await buildPackage(BUILDS.traps);
  lines.push(`${since(start)}  build`);

  const words = process.argv.slice(2);
  const chosen = suites(programs).filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new GaveUp(`no suite is called like ${words.join(" or ")}`);

  const sum = { passed: 0, failed: 0 };
  for (const suite of chosen) {
    say(suite.name);
    start = performance.now();
    const { passed, failed } = await suite.run();
    sum.passed += passed;
    sum.failed += failed;
    lines.push(`${since(start)}  ${suite.name}: ${passed} passed, ${failed} failed`);
  }
  console.log(`\n${lines.join("\n")}\n\n${sum.passed} passed, ${sum.failed} failed`);
  if (sum.failed > 0) process.exitCode = 1;
});
