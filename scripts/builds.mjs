// What is built, and with which settings.

import { inRoot } from "./run.mjs";

/**
 * A wasm: its name, that of the glue beside it, its set of cargo features, the folder of its intermediate files, and what
 * rustc optimizes for, where that is not the size.
 *
 * @typedef {{ name: string, features: string[], work: string, optLevel?: string }} Wasm
 */

/** @param {string} name @param {string[]} features @param {string} [work] @returns {Wasm} */
const wasm = (name, features, work = name) => ({ name, features, work: inRoot("target", "pkg-build", work) });

/** Loaded when a configuration is read, and when something is looked at. */
const LATER = [wasm("configuration", ["configuration-bindings"]), wasm("tools", ["tools-bindings"])];

/** Alone where requests are verified: it runs with each of them, and travels to no page. */
const EDGE = { ...wasm("edge", ["edge-bindings"]), optLevel: "s" };

/** What ships, and what only tests see: the wasms of a package, and the folder that it is put together in. */
export const BUILDS = {
  package: { wasms: [wasm("core", ["core-bindings"]), ...LATER, EDGE], folder: inRoot("pkg") },
  traps: { wasms: [wasm("core", ["core-bindings", "traps"], "traps"), ...LATER, EDGE], folder: inRoot("target", "pkg-traps") },
};

/** A quarter of the default: 17 pages at start would be 1 MiB of stack. A test parses JSON as deep as it may be. */
export const STACK_BYTES = 262_144;

/**
 * Control flow is taken apart and put together anew before three rounds of shrinking; a function with one caller stays
 * on its own where it is large, since brotli finds more alike in many small ones. The features are what every engine
 * since 2022 has, and rustc and wasm-bindgen already use. The first kilobyte is the far end of the stack: no sum wraps
 * around to it, so that a small one can move into the offset of the access that it is for.
 */
export const WASM_OPT = [
  "--flatten", "--rereloop", "-Oz", "-Oz", "-Oz", "--one-caller-inline-max-function-size=200", "--low-memory-unused",
  "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext", "--enable-mutable-globals",
  "--enable-reference-types", "--enable-multivalue",
];
