// @ts-check
// Loads the wasm, once, and hands out the instance that is alive: after a trap a new one, from the module it kept.

import { toError } from "./errors.js";
import { Instance, describe } from "./instance.js";

export { Instance };

/** @typedef {WebAssembly.Module | Response | BufferSource | URL | string} Source */

/** @type {{ sync?: () => WebAssembly.Module, async?: () => Promise<Source> }} */
let entrySource = {};
/** @type {Source | Promise<Source> | undefined} */
let givenSource;
/** @type {Promise<void> | undefined} */
let loading;
/** @type {WebAssembly.Module | undefined} */
let module;
/** @type {Instance | undefined} */
let live;

/**
 * Says how this host gets at the wasm. Called by an entry at import, so it stores and runs nothing.
 *
 * @param {{ sync?: () => WebAssembly.Module, async?: () => Promise<Source> }} source
 */
export function setSource(source) {
  entrySource = source;
}

/**
 * Loads the wasm: from `source`, or from where the entry says. The first source wins; a different one later warns. A
 * load that failed can be tried again.
 *
 * @param {Source | Promise<Source>} [source]
 * @returns {Promise<void>}
 */
export function ready(source) {
  if (source !== undefined) {
    if (loading === undefined && module === undefined) {
      givenSource = source;
    } else if (!isSameSource(source, givenSource)) {
      console.warn("wasm-oidc: the wasm is loaded from another source already; this one is ignored");
    }
  }
  if (module !== undefined) return Promise.resolve();
  loading ??= load().finally(() => {
    loading = undefined;
  });
  return loading;
}

/** Loads the wasm synchronously, where the host can: in Node, Deno, Bun and workerd. */
export function readySync() {
  if (module !== undefined) return;
  if (givenSource instanceof WebAssembly.Module) {
    adopt(givenSource);
  } else if (givenSource === undefined && entrySource.sync !== undefined) {
    try {
      adopt(entrySource.sync());
    } catch (cause) {
      throw unavailable(cause);
    }
  } else {
    throw notReady("the wasm cannot be loaded synchronously here; await ready() or IdpClient.create() first");
  }
}

/** @returns {boolean} whether `acquire` has something to answer with */
export function isReady() {
  return module !== undefined;
}

/**
 * The live instance, made anew where the last one died.
 *
 * @returns {Instance}
 */
export function acquire() {
  if (live !== undefined && !live.dead) return live;
  if (module === undefined) throw notReady("the wasm is not loaded yet; await ready() or IdpClient.create() first");
  try {
    live = new Instance(module);
  } catch (cause) {
    throw unavailable(cause);
  }
  return live;
}

async function load() {
  const given = givenSource;
  try {
    if (given === undefined && entrySource.sync !== undefined) {
      adopt(entrySource.sync());
    } else if (given === undefined && entrySource.async === undefined) {
      throw new Error("this entry has no wasm of its own; call ready(source) first");
    } else {
      adopt(await compile(given ?? entrySource.async?.()));
    }
  } catch (cause) {
    // An answer can be read once: the next attempt goes to where the entry says.
    if (typeof given !== "string" && !(given instanceof URL)) givenSource = undefined;
    throw unavailable(cause);
  }
}

/** @param {WebAssembly.Module} compiled */
function adopt(compiled) {
  // A synchronous load may have been quicker than the one under way.
  if (module !== undefined) return;
  live = new Instance(compiled);
  module = compiled;
}

/**
 * @param {Source | Promise<Source> | undefined} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(source) {
  let resolved = await source;
  if (resolved instanceof WebAssembly.Module) return resolved;
  if (typeof resolved === "string" || resolved instanceof URL) resolved = await fetch(resolved);
  if (!isResponse(resolved)) return WebAssembly.compile(/** @type {BufferSource} */ (resolved));
  if (!resolved.ok) throw new Error(`status ${resolved.status} for ${resolved.url}`);
  // Streaming insists on the media type; a server that does not know it still has the right bytes.
  const streams = /^application\/wasm\s*$/i.test(resolved.headers.get("content-type") ?? "");
  return streams && typeof WebAssembly.compileStreaming === "function"
    ? WebAssembly.compileStreaming(resolved)
    : WebAssembly.compile(await resolved.arrayBuffer());
}

/**
 * By shape: a Response of another realm or of a fetch library is one too.
 *
 * @param {unknown} source
 * @returns {source is Response}
 */
function isResponse(source) {
  return typeof (/** @type {Response | undefined} */ (source)?.arrayBuffer) === "function";
}

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function isSameSource(one, other) {
  const isUrl = typeof one === "string" || one instanceof URL;
  return one === other || (isUrl && (typeof other === "string" || other instanceof URL) && String(one) === String(other));
}

/** @param {string} message */
function notReady(message) {
  return toError({ class: "ConfigurationError", code: "not_ready", message, recovery: "fix" });
}

/** @param {unknown} cause */
function unavailable(cause) {
  const message = `the wasm could not be loaded: ${describe(cause)}`;
  return toError({ class: "ConfigurationError", code: "wasm_unavailable", message, recovery: "retry", cause });
}
