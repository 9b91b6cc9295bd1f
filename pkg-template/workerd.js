// @ts-check
// The entry of Cloudflare Workers: workerd compiles nothing at run time, so the wasm is an imported module.

// @ts-ignore: only Workers and their bundlers know what importing a .wasm means.
import module from "./wasm/core.wasm";

import { setSource } from "./runtime.js";

setSource({ sync: () => module });

export * from "./index.js";
