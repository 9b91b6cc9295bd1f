// @ts-check
// The entry of `wasm-oidc/edge` for Node, Deno and Bun: the wasm is read, synchronously, at its first use.

import { wasmFile } from "../wasm-file.js";
import { hostParts } from "../host-parts.js";
import { takeKey } from "../signing-key.js";
import { setSource } from "./runtime.js";

setSource({ sync: () => wasmFile(new URL("../wasm/edge.wasm", import.meta.url), "edge.wasm") });

hostParts.takeKey = takeKey;

export * from "./index.js";
export { createSessionHandler } from "./session/node.js";
