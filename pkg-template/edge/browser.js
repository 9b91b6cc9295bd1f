// @ts-check
// The entry of `wasm-oidc/edge` for service workers and what else has no file system: the wasm is fetched at its first use.

import { setSource } from "./runtime.js";

setSource({ async: () => fetch(new URL("../wasm/edge.wasm", import.meta.url)) });

export * from "./index.js";
export { createSessionHandler } from "./session/browser.js";
