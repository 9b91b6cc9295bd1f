// @ts-check
// The entry of `wasm-oidc/edge` for Node, Deno and Bun: the wasm is read, synchronously, at its first use.

import { readFileSync } from "node:fs";

import { setSource } from "./runtime.js";

setSource({ sync: () => new WebAssembly.Module(readFileSync(new URL("../wasm/edge.wasm", import.meta.url))) });

export * from "./index.js";
export { createSessionHandler } from "./session/node.js";
