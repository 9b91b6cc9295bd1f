// @ts-check
// The entry of Cloudflare Workers: workerd compiles nothing at run time, so each wasm is an imported module.

// @ts-ignore: only Workers and their bundlers know what importing a .wasm means.
import module from "./wasm/core.wasm";

import { realm } from "./flight.js";
import { hostParts } from "./host-parts.js";
import { setSources } from "./runtime.js";
import { takeKey } from "./signing-key.js";

realm.isolatesRequests = true;

setSources({
  core: { sync: () => module },
  // Imported when they are needed: a Worker's start has a time limit.
  // @ts-ignore: as above.
  configuration: { async: async () => (await import("./wasm/configuration.wasm")).default },
  // @ts-ignore: as above.
  tools: { async: async () => (await import("./wasm/tools.wasm")).default },
});

hostParts.takeKey = takeKey;

export * from "./index.js";
