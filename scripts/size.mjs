// What a page loads, in bytes: the table against size-budget.json, and with `npm run size` what weighs what in the wasm.

import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { BUILDS, WASM_OPT } from "./builds.mjs";
import { GaveUp, ifStarted, inRoot, must } from "./run.mjs";
import { bytesByOrigin } from "./wasm-sections.mjs";

/** @param {{ breakdown: boolean }} options breakdown: also by crate and module, which takes another run of wasm-opt */
export async function reportSize({ breakdown }) {
  const parts = await measure();
  const total = { name: "together", raw: sum(parts, "raw"), brotli: sum(parts, "brotli") };
  const budgets = JSON.parse(readFileSync(inRoot("size-budget.json"), "utf8"));
  const budget = budgets.core.brotliBytes;
  const callback = await measureCallback();

  console.log(`\n${row("what a page loads, minified", "raw", "brotli 11")}`);
  for (const part of [...parts, total]) console.log(row(part.name, kilobytes(part.raw), kilobytes(part.brotli)));
  console.log(row("budget (core)", "", kilobytes(budget)));
  console.log(row(callback.name, kilobytes(callback.raw), kilobytes(callback.brotli)));
  console.log(row("budget (callback)", "", kilobytes(budgets.callback.brotliBytes)));

  if (breakdown) await reportBreakdown();
  if (total.brotli > budget) {
    throw new GaveUp(`the page loads ${total.brotli} bytes, ${total.brotli - budget} over its line in size-budget.json`);
  }
  if (callback.brotli > budgets.callback.brotliBytes) {
    throw new GaveUp(`wasm-oidc/callback has ${callback.brotli} bytes, more than its line in size-budget.json`);
  }
}

/** @returns {Promise<{ name: string, raw: number, brotli: number }[]>} */
async function measure() {
  const wasm = readFileSync(inRoot("pkg", "wasm", "core.wasm"));
  const all = await bundle("browser.js", []);
  const wrapper = await bundle("browser.js", ["./wasm/core.js"]);
  // Compressed together, as a page gets them: the glue is what comes on top of the wrapper.
  return [
    { name: "wasm", raw: wasm.length, brotli: brotliBytes(wasm) },
    { name: "wrapper", raw: wrapper.length, brotli: brotliBytes(wrapper) },
    { name: "glue", raw: all.length - wrapper.length, brotli: brotliBytes(all) - brotliBytes(wrapper) },
  ];
}

/** What a page at the redirect URI loads that only relays. */
async function measureCallback() {
  const callback = await bundle("callback.js", []);
  return { name: "wasm-oidc/callback", raw: callback.length, brotli: brotliBytes(callback) };
}

/**
 * @param {string} entry of the package
 * @param {string[]} external
 */
async function bundle(entry, external) {
  // Not at the top: set-up has to have installed it.
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: [inRoot("pkg", entry)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external,
    write: false,
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/** The shipped wasm has no names; the same passes with names give the same functions, only with a section more. */
async function reportBreakdown() {
  const folder = mkdtempSync(join(tmpdir(), "wasm-oidc-size-"));
  try {
    const named = join(folder, "named.wasm");
    await must("wasm-opt", process.execPath, [
      ...[inRoot("node_modules", "binaryen", "bin", "wasm-opt"), ...WASM_OPT, "--debuginfo"],
      ...[join(BUILDS.package.work, "bound", "core_bg.wasm"), "--output", named],
    ]);
    const { sections, crates, modules, functions } = bytesByOrigin(readFileSync(named));
    table("section of the wasm", sections);
    table("crate", crates.slice(0, 20));
    table("module of this crate", modules.slice(0, 25));
    table("function", functions.slice(0, 25));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} heading
 * @param {[string, number][]} lines
 */
function table(heading, lines) {
  console.log(`\n${row(heading, "raw", "")}`);
  for (const [name, bytes] of lines) console.log(row(name, kilobytes(bytes), ""));
}

/**
 * @param {string} name
 * @param {string} raw
 * @param {string} brotli
 */
function row(name, raw, brotli) {
  const shown = name.length > 70 ? `${name.slice(0, 67)}...` : name;
  return `  ${shown.padEnd(70)} ${raw.padStart(10)} ${brotli.padStart(10)}`.trimEnd();
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** @param {Buffer} content */
function brotliBytes(content) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  return brotliCompressSync(content, { params }).length;
}

/**
 * @param {Record<string, any>[]} lines
 * @param {string} key
 */
function sum(lines, key) {
  return lines.reduce((total, line) => total + line[key], 0);
}

await ifStarted(import.meta.url, () => reportSize({ breakdown: true }));
