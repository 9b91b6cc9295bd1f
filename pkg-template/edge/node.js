// @ts-check
// The entry of `wasm-oidc/edge` for Node, Deno and Bun: the wasm is read, synchronously, at its first use.

import { wasmFile } from "../wasm-file.js";
import { setSource } from "./runtime.js";

setSource({ sync: () => wasmFile(new URL("../wasm/edge.wasm", import.meta.url), "edge.wasm") });

export * from "./index.js";
export { createSessionHandler } from "./session/node.js";
