// @ts-check
// The wasm that every page loads, and where this host finds those that are loaded when they are needed.

import { Instance } from "./instance.js";
import { Loader } from "./loader.js";
import { instantiate } from "./wasm/core.js";

export { Instance };

/** @typedef {import("./loader.js").Source} Source */
/** @typedef {import("./loader.js").EntrySource} EntrySource */

const core = new Loader(instantiate);

/** Where the wasm of `tools.js` is: what the app says goes before what the entry says. */
/** @type {{ entry: EntrySource, given?: Source | Promise<Source> }} */
export const toolsSource = { entry: {} };

/**
 * Says how this host gets at each wasm. Called by an entry at import, so it stores and runs nothing.
 *
 * @param {{ core: EntrySource, tools: EntrySource }} sources
 */
export function setSources({ core: own, tools }) {
  core.setSource(own);
  toolsSource.entry = tools;
}

/**
 * Loads the wasm that everything needs, and remembers where the other is.
 *
 * @param {Source | Promise<Source>} [source]
 * @param {{ tools?: Source | Promise<Source> }} [others]
 * @returns {Promise<void>}
 */
export function ready(source, { tools } = {}) {
  toolsSource.given ??= tools;
  return core.ready(source);
}

/** Loads the wasm synchronously, where the host can: in Node, Deno, Bun and workerd. */
export const readySync = () => core.readySync();

/** Whether `acquire` has something to answer with. */
export const isReady = () => core.isReady;

/** The live instance, made anew where the last one died. */
export const acquire = () => core.acquire();
