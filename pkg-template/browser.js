// @ts-check
// The entry of browsers and their bundlers: the wasm lies beside this file and is fetched at the first use.

import { setSource } from "./runtime.js";

setSource({ async: () => fetch(new URL("./wasm/core.wasm", import.meta.url)) });

export * from "./index.js";
