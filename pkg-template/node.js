// @ts-check
// The entry of Node, Deno and Bun: the wasm lies beside this file and is read, synchronously, at the first use.

import { readFileSync } from "node:fs";

import { setSource } from "./runtime.js";

setSource({ sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/core.wasm", import.meta.url))) });

export * from "./index.js";
