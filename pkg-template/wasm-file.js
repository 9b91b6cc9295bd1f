// @ts-check
// A wasm that lies in the package, where there are files: in Node, Deno and Bun.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @param {URL} url
 * @param {string} name of the file in `wasm/`
 */
export function wasmFile(url, name) {
  return new WebAssembly.Module(readFileSync(isFile(url) ? url : join(dirname(fileURLToPath(import.meta.url)), "wasm", name)));
}

/**
 * Bundlers put the URL of their own copy in its place: Next, where a page may use it, one that only browsers can load from.
 *
 * @param {URL} url
 */
function isFile(url) {
  return url instanceof URL && url.protocol === "file:";
}
