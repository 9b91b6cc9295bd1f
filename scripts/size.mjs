// What a page loads, in bytes: the table against size-budget.json, and with `npm run size` what weighs what in the wasm.

import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { BUILDS, WASM_OPT } from "./builds.mjs";
import { GaveUp, ifStarted, inRoot, must } from "./run.mjs";
import { bytesByOrigin } from "./wasm-sections.mjs";

/** @param {{ breakdown: boolean }} options breakdown: also by crate and module, which takes another run of wasm-opt */
export async function reportSize({ breakdown }) {
  const budgets = JSON.parse(readFileSync(inRoot("size-budget.json"), "utf8"));
  /** @type {string[]} */
  const over = [];
  for (const [name, { heading, parts }] of Object.entries(await measure())) {
    const total = { name: "together", raw: sum(parts, "raw"), brotli: sum(parts, "brotli") };
    console.log(`\n${row(heading, "raw", "brotli 11")}`);
    for (const part of parts.length > 1 ? [...parts, total] : parts) {
      console.log(row(part.name, kilobytes(part.raw), kilobytes(part.brotli)));
    }
    const budget = budgets[name].brotliBytes;
    console.log(row(`budget (${name})`, "", kilobytes(budget)));
    if (total.brotli > budget) over.push(`${name} has ${total.brotli} bytes, ${total.brotli - budget} over its line`);
  }
  if (breakdown) await reportBreakdown();
  if (over.length > 0) throw new GaveUp(`${over.join("; ")} in size-budget.json`);
}

/**
 * What is loaded together, by its line in the budget.
 *
 * @returns {Promise<Record<string, { heading: string, parts: Part[] }>>}
 * @typedef {{ name: string, raw: number, brotli: number }} Part
 */
async function measure() {
  const [verifier, verifierWrapper] = [await bundleVerifier([]), await bundleVerifier(["../wasm/*.js"])];
  const [all, wrapper] = [await bundle("browser.js", []), await bundle("browser.js", ["./wasm/*.js"])];
  return {
    core: { heading: "what a page loads, minified", parts: [wasm("core"), ...scripts(all.page, wrapper.page)] },
    configuration: {
      heading: "what comes on top when a configuration is read",
      parts: [wasm("configuration"), ...scripts(all.configuration, wrapper.configuration)],
    },
    tools: {
      heading: "what comes on top when something is looked at",
      parts: [wasm("tools"), ...scripts(all.tools, wrapper.tools)],
    },
    edge: { heading: "what verifies requests, minified", parts: [wasm("edge"), ...scripts(verifier, verifierWrapper)] },
    callback: {
      heading: "what a page at the redirect URI loads that only relays",
      parts: [part("wasm-oidc/callback", (await bundle("callback.js", [])).page)],
    },
  };
}

/** @param {string} name */
function wasm(name) {
  return part("wasm", readFileSync(inRoot("pkg", "wasm", `${name}.wasm`)));
}

/**
 * Compressed together, as a page gets them: the glue is what comes on top of the wrapper.
 *
 * @param {Buffer} all
 * @param {Buffer} withoutGlue
 * @returns {Part[]}
 */
function scripts(all, withoutGlue) {
  const wrapper = part("wrapper", withoutGlue);
  return [
    wrapper,
    { name: "glue", raw: all.length - wrapper.raw, brotli: brotliBytes(all) - wrapper.brotli },
  ];
}

/** @param {string} name @param {Buffer} content @returns {Part} */
function part(name, content) {
  return { name, raw: content.length, brotli: brotliBytes(content) };
}

/**
 * @param {string} entry of the package
 * @param {string[]} external
 * @returns {Promise<{ page: Buffer, configuration: Buffer, tools: Buffer }>} what an import of it loads, and what its
 *   `import()`s load beyond that: the one for configurations, and the others
 */
async function bundle(entry, external) {
  // Not at the top: set-up has to have installed it.
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    entryPoints: [inRoot("pkg", entry)],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external,
    outdir: inRoot("pkg"),
    absWorkingDir: inRoot("pkg"),
    write: false,
    metafile: true,
  });
  /** @param {string} file @param {(file: string, kind: string) => boolean} follows @param {Set<string>} [reached] */
  const reach = (file, follows, reached = new Set()) => {
    if (!(file in metafile.outputs) || reached.has(file)) return reached;
    reached.add(file);
    for (const { path, kind } of metafile.outputs[file].imports) if (follows(path, kind)) reach(path, follows, reached);
    return reached;
  };
  const isStatic = (/** @type {string} */ _file, /** @type {string} */ kind) => kind === "import-statement";
  const isConfiguration = (/** @type {string} */ file) => metafile.outputs[file]?.entryPoint === "configuration.js";
  const page = reach(entry, isStatic);
  const configuration = reach(Object.keys(metafile.outputs).find(isConfiguration) ?? "", isStatic);
  const tools = reach(entry, (file, kind) => isStatic(file, kind) || (kind === "dynamic-import" && !isConfiguration(file)));
  /** @param {(file: string) => boolean} chosen */
  const content = (chosen) =>
    Buffer.concat(outputFiles.filter(({ path }) => chosen(relative(inRoot("pkg"), path))).map(({ contents }) => contents));
  return {
    page: content((file) => page.has(file)),
    configuration: content((file) => configuration.has(file) && !page.has(file)),
    tools: content((file) => tools.has(file) && !page.has(file)),
  };
}

/**
 * What a bundle holds that only verifies: the rest of `wasm-oidc/edge` is left out of it.
 *
 * @param {string[]} external
 */
async function bundleVerifier(external) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: 'export { createVerifier } from "./edge/browser.js";', resolveDir: inRoot("pkg") },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external,
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

/** The shipped wasm has no names; the same passes with names give the same functions, only with a section more. */
async function reportBreakdown() {
  const folder = mkdtempSync(join(tmpdir(), "wasm-oidc-size-"));
  try {
    const named = join(folder, "named.wasm");
    await must("wasm-opt", process.execPath, [
      ...[inRoot("node_modules", "binaryen", "bin", "wasm-opt"), ...WASM_OPT, "--debuginfo"],
      ...[join(BUILDS.package.wasms[0].work, "bound", "core_bg.wasm"), "--output", named],
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
