// `npm run security`: which lines of the checklist in SECURITY.md have tests, and why the others have none yet. A test
// names its lines: `_b2_x12` at the end of a Rust function, `[B2, X12]` at the end of a name in JavaScript, `ids` in a table.

import { readFileSync } from "node:fs";
import { relative } from "node:path";

import { GaveUp, ROOT, filesBelow, ifStarted, inRoot } from "./run.mjs";

/** Tests of this file: the ids in them are examples. */
const OWN_TESTS = "tests/scripts/security.test.mjs";

const ID = "[A-Z]{1,3}\\d{1,2}";
const JAVASCRIPT_NAME = new RegExp(`\\b(?:it|test|describe)\\(\\s*(["'\`])(?:(?!\\1)[^\\\\\\n]|\\\\.)*\\[(${ID}(?:, ${ID})*)\\]\\1`, "g");
const TABLE_ROW = /["']?\bids["']?\s*:\s*\[([^\]]*)\]/g;
const RUST_TEST = /#\[(?:test|wasm_bindgen_test)\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*|\/\/[^\n]*\n\s*)*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)/g;
const RUST_IDS = /(?:_(?![iuf](?:8|16|32|64)(?!\d))[a-z]{1,3}\d{1,2})+$/;

/**
 * A line of the checklist.
 *
 * @typedef {{ id: string, standard: string, section: string, assertion: string, reason: string }} Line
 */

/**
 * The lines of the tables in SECURITY.md whose first column is an id.
 *
 * @param {string} text
 * @returns {{ lines: Line[], faults: string[] }}
 */
export function readChecklist(text) {
  /** @type {Line[]} */
  const lines = [];
  const faults = [];
  let standard = "";
  for (const row of text.split("\n")) {
    standard = /^### (.*)$/.exec(row)?.[1] ?? standard;
    const id = new RegExp(`^\\| (${ID}) \\|`).exec(row)?.[1];
    if (id === undefined) continue;
    const [, , section = "", assertion = "", reason = "", ...rest] = row.split("|").map((column) => column.trim());
    if (rest.length !== 1 || section === "" || assertion === "") faults.push(`${id}: its row has not four columns`);
    if (lines.some((line) => line.id === id)) faults.push(`${id} is there twice`);
    lines.push({ id, standard, section, assertion, reason });
  }
  return { lines, faults };
}

/**
 * The ids that the tests in a file carry, once for each test.
 *
 * @param {string} file its name, of which the ending counts
 * @param {string} text
 * @returns {string[]}
 */
export function idsIn(file, text) {
  if (file.endsWith(".rs")) {
    const names = [...text.matchAll(RUST_TEST)].map(([, name]) => name);
    return names.flatMap((name) => RUST_IDS.exec(name)?.[0].slice(1).toUpperCase().split("_") ?? []);
  }
  const named = [...text.matchAll(JAVASCRIPT_NAME)].flatMap(([, , ids]) => ids.split(", "));
  const listed = [...text.matchAll(TABLE_ROW)].flatMap(([, ids]) => [...ids.matchAll(/["']([^"']+)["']/g)].map(([, id]) => id));
  return [...named, ...listed];
}

/**
 * @param {Line[]} lines
 * @param {{ file: string, id: string }[]} carried
 * @returns {{ counts: Map<string, number>, waiting: Line[], faults: string[] }}
 */
export function compare(lines, carried) {
  const counts = new Map(lines.map(({ id }) => [id, 0]));
  const faults = [];
  for (const { file, id } of carried) {
    const count = counts.get(id);
    if (count === undefined) faults.push(`${id}, in ${file}, is not in SECURITY.md`);
    else counts.set(id, count + 1);
  }
  for (const { id, assertion, reason } of lines) {
    if (counts.get(id) === 0 && reason === "") faults.push(`${id} has no test: ${assertion}`);
    if (counts.get(id) !== 0 && reason !== "") faults.push(`${id} has a test, and still says that it has none because ${reason}`);
  }
  return { counts, waiting: lines.filter(({ id, reason }) => reason !== "" && counts.get(id) === 0), faults };
}

/** What the tests of the repository carry. */
function carriedByTests() {
  const files = ["src", "tests", "fuzz"].flatMap((folder) => filesBelow(inRoot(folder)));
  return files
    .map((path) => ({ path, file: relative(ROOT, path).replaceAll("\\", "/") }))
    .filter(({ file }) => /\.(?:rs|mjs|js|json)$/.test(file) && file !== OWN_TESTS && !/(?:^|\/)target\//.test(file))
    .flatMap(({ path, file }) => idsIn(file, readFileSync(path, "utf8")).map((id) => ({ file, id })));
}

/**
 * @param {Line[]} lines
 * @param {Map<string, number>} counts
 */
function show(lines, counts) {
  for (const standard of new Set(lines.map((line) => line.standard))) {
    const tested = lines.filter((line) => line.standard === standard && counts.get(line.id) !== 0);
    if (tested.length > 0) console.log(`${standard}\n  ${tested.map(({ id }) => `${id} ${counts.get(id)}`).join("  ")}`);
  }
}

await ifStarted(import.meta.url, async () => {
  const { lines, faults } = readChecklist(readFileSync(inRoot("SECURITY.md"), "utf8"));
  const carried = carriedByTests();
  const compared = compare(lines, carried);
  show(lines, compared.counts);
  console.log("\nNot yet, because");
  for (const reason of new Set(compared.waiting.map((line) => line.reason))) {
    console.log(`  ${reason}: ${compared.waiting.filter((line) => line.reason === reason).map(({ id }) => id).join(" ")}`);
  }
  const tested = lines.filter(({ id }) => compared.counts.get(id) !== 0).length;
  console.log(`\n${lines.length} lines: ${tested} tested, by ${carried.length} mentions in tests; ${compared.waiting.length} not yet`);
  const all = [...faults, ...compared.faults];
  if (all.length > 0) throw new GaveUp(`the checklist and the tests do not agree:\n  ${all.join("\n  ")}`);
});
