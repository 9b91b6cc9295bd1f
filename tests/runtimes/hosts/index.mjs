// @ts-check
// Every runtime, and how the suite runs in it.
import { bun, deno, node, node22 } from "./processes.mjs";
import { chromium, firefox, webkit } from "./pages.mjs";
import { workerd } from "./worker.mjs";

/**
 * @typedef {object} Host
 * @property {import("../here.mjs").Kind} kind
 * @property {() => string} version once it has run
 * @property {(setting: import("../here.mjs").Setting, life: import("../here.mjs").Life) => Promise<import("../here.mjs").Results>} run
 * @property {() => Promise<unknown>} close
 */

/** @type {Record<string, () => Promise<Host>>} */
export const HOSTS = { Node: node, "Node 22": node22, Deno: deno, Bun: bun, workerd, Chromium: chromium, Firefox: firefox, WebKit: webkit };
