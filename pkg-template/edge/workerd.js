// @ts-check
// The entry of `wasm-oidc/edge` for Cloudflare Workers: the wasm is an imported module.

// @ts-ignore: only Workers and their bundlers know what importing a .wasm means.
import module from "../wasm/edge.wasm";

import { hostParts } from "../host-parts.js";
import { takeKey } from "../signing-key.js";
import { setSource } from "./runtime.js";

setSource({ sync: () => module });

hostParts.takeKey = takeKey;

export * from "./index.js";
export { createSessionHandler } from "./session/workerd.js";
