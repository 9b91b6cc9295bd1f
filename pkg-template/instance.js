// @ts-check
// One wasm instance behind a guard.
//
// A wasm that has trapped must never run again: its memory is in the middle of something. So every way into an instance
// and every way back from JavaScript leads through here. A trap marks the instance dead: what is in flight on it rejects
// with PanicError, and closures that come late return silently.

import { toError } from "./errors.js";

/** More than any instance needs to live; one that died of hunger is not touched page by page. */
const MAX_WIPED_BYTES = 16 * 1024 * 1024;

/**
 * What `scripts/factory.mjs` makes of the glue of a wasm.
 *
 * @template Glue
 * @typedef {(module: WebAssembly.Module, guard: any) => Glue} Instantiate
 */

/**
 * One wasm instance with its own glue, and what is in flight on it.
 *
 * @template Glue
 */
export class Instance {
  /** Whether a trap has ended this instance. */
  dead = false;

  /** What the glue offers; reached through `call` and `callAsync`, which hold the guard. */
  glue;

  /** How deep the stack is in guarded exports and calls: at 0, nobody is there to hear an exception. */
  #depth = 0;
  /** @type {unknown} */
  #trap;
  /** @type {Set<(record: unknown) => void>} */
  #inFlight = new Set();
  /** @type {Set<() => void>} */
  #mourners = new Set();
  /** @type {WebAssembly.Memory | undefined} */
  #memory;

  /**
   * @param {WebAssembly.Module} module
   * @param {Instantiate<Glue>} instantiate
   */
  constructor(module, instantiate) {
    this.glue = instantiate(module, {
      exports: (/** @type {WebAssembly.Exports} */ exports) => this.#guardExports(exports),
      imports: (/** @type {Record<string, Record<string, Function>>} */ imports) => this.#guardImports(imports),
    });
  }

  /**
   * Runs `use` with the glue, synchronously. What Rust throws arrives as its error class, a trap as PanicError.
   *
   * @template T
   * @param {(glue: Glue) => T} use
   * @returns {T}
   */
  call(use) {
    try {
      return this.#enter(use);
    } catch (thrown) {
      throw asError(thrown);
    }
  }

  /**
   * Runs `use`, whose glue call answers with a promise, and stays in flight until that settles or the instance dies.
   *
   * @template T
   * @param {(glue: Glue) => Promise<T>} use runs before this returns, inside the caller's user activation
   * @returns {Promise<T>}
   */
  async callAsync(use) {
    let release = () => {};
    try {
      return await new Promise((resolve, reject) => {
        this.#enter(use).then(resolve, reject);
        this.#inFlight.add(reject);
        release = () => this.#inFlight.delete(reject);
      });
    } catch (thrown) {
      // Made here, and not where the instance died, so that the stack names the caller.
      throw asError(thrown);
    } finally {
      release();
    }
  }

  /**
   * Calls `mourn` once, in a microtask, when this instance has died.
   *
   * @param {() => void} mourn
   */
  onDeath(mourn) {
    if (this.dead) queueMicrotask(mourn);
    else this.#mourners.add(mourn);
  }

  /**
   * @template T
   * @param {(glue: Glue) => T} use
   * @returns {T}
   */
  #enter(use) {
    if (this.dead) throw this.#epitaph();
    this.#depth += 1;
    try {
      const value = use(this.glue);
      // A trap that `use` caught on its way would otherwise pass for an answer.
      if (this.dead) throw this.#epitaph();
      return value;
    } catch (thrown) {
      throw this.dead ? this.#epitaph() : thrown;
    } finally {
      this.#depth -= 1;
    }
  }

  /** @param {WebAssembly.Exports} exports */
  #guardExports(exports) {
    this.#memory = /** @type {WebAssembly.Memory} */ (exports.memory);
    /** @type {Record<string, unknown>} */
    const guarded = Object.create(null);
    for (const [name, value] of Object.entries(exports)) {
      guarded[name] = typeof value === "function" ? this.#guardExport(value) : value;
    }
    return guarded;
  }

  /** @param {Function} wasmFunction */
  #guardExport(wasmFunction) {
    return (/** @type {unknown[]} */ ...args) => {
      // 0 is what the glue reads as false, nothing and no error, in whatever shape it expects the answer.
      if (this.dead) return 0;
      this.#depth += 1;
      try {
        return wasmFunction(...args);
      } catch (thrown) {
        if (isTrap(thrown)) this.#die(thrown);
        // A closure that the event loop called has no caller to tell; those in flight have been told.
        if (this.dead && this.#depth === 1) return 0;
        throw thrown;
      } finally {
        this.#depth -= 1;
      }
    };
  }

  /**
   * An import may call back into the instance and swallow the trap it meets there. The frames below must not go on, so
   * the way back from every import leads through here.
   *
   * @param {Record<string, Record<string, Function>>} imports
   */
  #guardImports(imports) {
    /** @type {typeof imports} */
    const guarded = Object.create(null);
    for (const [from, functions] of Object.entries(imports)) {
      guarded[from] = Object.create(null);
      for (const [name, importedFunction] of Object.entries(functions)) {
        guarded[from][name] = (/** @type {unknown[]} */ ...args) => {
          const value = importedFunction(...args);
          if (this.dead) throw this.#trap;
          return value;
        };
      }
    }
    return guarded;
  }

  /** @param {unknown} trap */
  #die(trap) {
    if (!this.dead) {
      this.dead = true;
      this.#trap = trap;
      queueMicrotask(() => this.#wipe());
    }
    // The stack may be full here, of all places. Whoever is not told now is told by the next guard on the way out,
    // since only those are forgotten who have been told.
    for (const reject of this.#inFlight) {
      reject(this.#epitaph());
      this.#inFlight.delete(reject);
    }
    for (const mourn of this.#mourners) {
      queueMicrotask(mourn);
      this.#mourners.delete(mourn);
    }
  }

  /** Late closures may keep a dead instance reachable for long; its memory holds tokens. */
  #wipe() {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined) new Uint8Array(buffer, 0, Math.min(buffer.byteLength, MAX_WIPED_BYTES)).fill(0);
  }

  /** What a call on a dead instance is answered with, as Rust would reject it. */
  #epitaph() {
    return {
      class: "PanicError",
      code: "panicked",
      message: `wasm-oidc stopped unexpectedly (${describe(this.#trap)}); the next call starts afresh`,
      recovery: "retry",
      cause: this.#trap,
    };
  }
}

/**
 * Whether the engine ended wasm code here, rather than an import having thrown.
 *
 * @param {unknown} thrown
 */
function isTrap(thrown) {
  return (
    thrown instanceof WebAssembly.RuntimeError ||
    // A full call stack, in Firefox by a name of its own.
    thrown instanceof RangeError ||
    /** @type {Error | undefined} */ (thrown)?.name === "InternalError"
  );
}

/**
 * A record of Rust or of this file becomes its class; what an import or the app threw stays what it is.
 *
 * @param {unknown} thrown
 */
function asError(thrown) {
  const record = /** @type {{ class?: unknown } | null} */ (thrown);
  const isRecord = typeof record === "object" && record !== null && !(record instanceof Error);
  return isRecord && typeof record.class === "string" ? toError(/** @type {any} */ (record)) : thrown;
}

/** @param {unknown} thrown */
export function describe(thrown) {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
