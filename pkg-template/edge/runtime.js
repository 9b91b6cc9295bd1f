// @ts-check
// The wasm of verifying: it holds nothing that only signing in needs.

import { Loader } from "../loader.js";
import { instantiate } from "../wasm/edge.js";

/** @typedef {import("../instance.js").Instance<ReturnType<typeof instantiate>>} Instance */

const edge = new Loader(instantiate);

/**
 * Says how this host gets at the wasm. Called by an entry at import, so it stores and runs nothing.
 *
 * @param {import("../loader.js").EntrySource} source
 */
export const setSource = (source) => edge.setSource(source);

/**
 * Loads the wasm: from `source`, or from where the entry says.
 *
 * @param {import("../loader.js").Source | Promise<import("../loader.js").Source>} [source]
 * @returns {Promise<void>}
 */
export const ready = (source) => edge.ready(source);

/** Loads the wasm synchronously, where the host can: in Node, Deno, Bun and workerd. */
export const readySync = () => edge.readySync();

/** Whether `acquire` has something to answer with. */
export const isReady = () => edge.isReady;

/** The live instance, made anew where the last one died. @returns {Instance} */
export const acquire = () => edge.acquire();
