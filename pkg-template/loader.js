// @ts-check
// Loads one wasm, once, and hands out the instance that is alive: after a trap a new one, from the module it kept.

import { toError } from "./errors.js";
import { realm } from "./flight.js";
import { Instance, describe } from "./instance.js";

/** @typedef {WebAssembly.Module | Response | BufferSource | URL | string} Source */

/**
 * How a host gets at a wasm.
 *
 * @typedef {{ sync?: () => WebAssembly.Module, async?: () => Source | Promise<Source> }} EntrySource
 */

/** @template Glue */
export class Loader {
  #instantiate;
  /** @type {EntrySource} */
  #entrySource = {};
  /** @type {Source | Promise<Source> | undefined} */
  #givenSource;
  /** @type {Promise<void> | undefined} */
  #loading;
  /** @type {WebAssembly.Module | undefined} */
  #module;
  /** @type {Instance<Glue> | undefined} */
  #live;

  /** @param {import("./instance.js").Instantiate<Glue>} instantiate the glue of this wasm */
  constructor(instantiate) {
    this.#instantiate = instantiate;
  }

  /**
   * Says how this host gets at the wasm: stores and runs nothing.
   *
   * @param {EntrySource} source
   */
  setSource(source) {
    this.#entrySource = source;
  }

  /**
   * Loads the wasm: from `source`, or from where the entry says. The first source wins; a different one later warns. A
   * load that failed can be tried again.
   *
   * @param {Source | Promise<Source>} [source]
   * @returns {Promise<void>}
   */
  ready(source) {
    if (source !== undefined) {
      if (this.#loading === undefined && this.#module === undefined) {
        this.#givenSource = source;
      } else if (!isSameSource(source, this.#givenSource)) {
        console.warn("wasm-oidc: the wasm is loaded from another source already; this one is ignored");
      }
    }
    if (this.#module !== undefined) return Promise.resolve();
    // Loading twice costs less than waiting for a request that may be gone.
    if (realm.isolatesRequests) return this.#load();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Loads the wasm synchronously, where the host can: in Node, Deno, Bun and workerd. */
  readySync() {
    if (this.#module !== undefined) return;
    const { sync } = this.#entrySource;
    if (this.#givenSource instanceof WebAssembly.Module) {
      this.#adopt(this.#givenSource);
    } else if (this.#givenSource === undefined && sync !== undefined) {
      try {
        this.#adopt(sync());
      } catch (cause) {
        throw unavailable(cause);
      }
    } else {
      throw notReady("the wasm cannot be loaded synchronously here; await ready() or IdpClient.create() first");
    }
  }

  /** Whether `acquire` has something to answer with. */
  get isReady() {
    return this.#module !== undefined;
  }

  /**
   * The live instance, made anew where the last one died.
   *
   * @returns {Instance<Glue>}
   */
  acquire() {
    if (this.#live !== undefined && !this.#live.dead) return this.#live;
    if (this.#module === undefined) {
      throw notReady("the wasm is not loaded yet; await ready() or IdpClient.create() first");
    }
    try {
      this.#live = new Instance(this.#module, this.#instantiate);
    } catch (cause) {
      throw unavailable(cause);
    }
    return this.#live;
  }

  async #load() {
    const given = this.#givenSource;
    const { sync, async } = this.#entrySource;
    try {
      if (given === undefined && sync !== undefined) {
        this.#adopt(sync());
      } else if (given === undefined && async === undefined) {
        throw new Error("this entry has no wasm of its own; call ready(source) first");
      } else {
        this.#adopt(await compile(given ?? async?.()));
      }
    } catch (cause) {
      // An answer can be read once: the next attempt goes to where the entry says.
      if (typeof given !== "string" && !(given instanceof URL)) this.#givenSource = undefined;
      throw unavailable(cause);
    }
  }

  /** @param {WebAssembly.Module} compiled */
  #adopt(compiled) {
    // A synchronous load may have been quicker than the one under way.
    if (this.#module !== undefined) return;
    this.#live = new Instance(compiled, this.#instantiate);
    this.#module = compiled;
  }
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
