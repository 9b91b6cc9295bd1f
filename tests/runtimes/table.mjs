// @ts-check
// The table of results: a line for each check, a column for each runtime, and why a check cannot exist somewhere.
import { UNCAUGHT } from "./here.mjs";
import { CONCERNS } from "./suite/index.mjs";

/** @typedef {import("./run.mjs").Report} Report */

/** What a column says where the runtime could not even begin. */
const BROKEN = "FAILED";

/**
 * @param {(Report | { runtime: string, error: unknown })[]} reports
 * @returns {{ text: string, failures: string[] }}
 */
export function table(reports) {
  /** @type {string[]} */
  const reasons = [];
  /** @type {string[]} */
  const failures = [];
  for (const report of reports) if ("error" in report) failures.push(`${report.runtime}: ${textOf(report.error)}`);

  /** @param {(typeof reports)[number]} report @param {string} name */
  const cell = (report, name) => {
    if ("error" in report) return BROKEN;
    const outcome = report.outcomes.get(name);
    if (outcome !== undefined && "cannot" in outcome) {
      if (!reasons.includes(outcome.cannot)) reasons.push(outcome.cannot);
      return `- ${letter(reasons.indexOf(outcome.cannot))}`;
    }
    if (outcome?.passed) return "yes";
    failures.push(`${report.runtime}: ${name}\n${indented(outcome?.message ?? "it did not run")}`);
    return BROKEN;
  };
  /** @type {string[][]} */
  const rows = [];
  for (const [concern, checks] of CONCERNS) {
    rows.push([concern]);
    for (const { name } of checks) rows.push([`  ${name}`, ...reports.map((report) => cell(report, name))]);
  }
  rows.push([UNCAUGHT, ...reports.map((report) => cell(report, UNCAUGHT))]);

  const heads = [["", ...reports.map(({ runtime }) => runtime)], ["", ...reports.map((report) => ("error" in report ? "" : report.version))]];
  const footnotes = reasons.map((reason, at) => `- ${letter(at)}  ${reason}`);
  return { text: [...aligned([...heads, ...rows]), "", ...footnotes].join("\n"), failures };
}

/** @param {number} at */
const letter = (at) => String.fromCharCode("a".charCodeAt(0) + at);

/** @param {unknown} error */
const textOf = (error) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** @param {string} text */
const indented = (text) => text.replaceAll(/^/gm, "    ");

/** @param {string[][]} rows */
function aligned(rows) {
  /** @type {number[]} */
  const widths = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd());
}
