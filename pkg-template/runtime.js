// @ts-check
// The wasm that every page loads, and where this host finds those that are loaded when they are needed.

import { Instance } from "./instance.js";
import { Loader } from "./loader.js";
import { instantiate } from "./wasm/core.js";

export { Instance };

/** @typedef {import("./loader.js").Source} Source */
/** @typedef {import("./loader.js").EntrySource} EntrySource */

const core = new Loader(instantiate);

/**
 * Where a wasm is that is loaded when it is needed: what the app says goes before what the entry says.
 *
 * @typedef {{ entry: EntrySource, given?: Source | Promise<Source> }} LateSource
 */

/** @type {{ configuration: LateSource, tools: LateSource }} */
export const lateSources = { configuration: { entry: {} }, tools: { entry: {} } };

/**
 * Says how this host gets at each wasm. Called by an entry at import, so it stores and runs nothing.
 *
 * @param {{ core: EntrySource, configuration: EntrySource, tools: EntrySource }} sources
 */
export function setSources({ core: own, configuration, tools }) {
  core.setSource(own);
  lateSources.configuration.entry = configuration;
  lateSources.tools.entry = tools;
}

/**
 * Loads the wasm that everything needs, and remembers where the others are.
 *
 * @param {Source | Promise<Source>} [source]
 * @param {{ configuration?: Source | Promise<Source>, tools?: Source | Promise<Source> }} [others]
 * @returns {Promise<void>}
 */
export function ready(source, { configuration, tools } = {}) {
  lateSources.configuration.given ??= configuration;
  lateSources.tools.given ??= tools;
  return core.ready(source);
}

/** Loads the wasm synchronously, where the host can: in Node, Deno, Bun and workerd. */
export const readySync = () => core.readySync();

/** Whether `acquire` has something to answer with. */
export const isReady = () => core.isReady;

/** The live instance, made anew where the last one died. */
export const acquire = () => core.acquire();
