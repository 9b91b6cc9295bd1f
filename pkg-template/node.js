// @ts-check
// The entry of Node, Deno and Bun: each wasm lies beside this file and is read, synchronously, at its first use.

import { readFileSync } from "node:fs";

import { setSources } from "./runtime.js";

setSources({
  core: { sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/core.wasm", import.meta.url))) },
  tools: { sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/tools.wasm", import.meta.url))) },
});

export * from "./index.js";
