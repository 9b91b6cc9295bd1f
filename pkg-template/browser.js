// @ts-check
// The entry of browsers and their bundlers: each wasm lies beside this file and is fetched at its first use.

import { setSources } from "./runtime.js";

setSources({
  core: { async: () => fetch(new URL("./wasm/core.wasm", import.meta.url)) },
  configuration: { async: () => fetch(new URL("./wasm/configuration.wasm", import.meta.url)) },
  tools: { async: () => fetch(new URL("./wasm/tools.wasm", import.meta.url)) },
});

export * from "./index.js";
