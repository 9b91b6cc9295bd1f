// @ts-check
// The entry of Node, Deno and Bun: each wasm lies beside this file and is read, synchronously, at its first use.

import { readFileSync } from "node:fs";

import { hostParts } from "./host-parts.js";
import { setSources } from "./runtime.js";
import { takeKey } from "./signing-key.js";

setSources({
  core: { sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/core.wasm", import.meta.url))) },
  configuration: { sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/configuration.wasm", import.meta.url))) },
  tools: { sync: () => new WebAssembly.Module(readFileSync(new URL("./wasm/tools.wasm", import.meta.url))) },
});

hostParts.takeKey = takeKey;
// Loaded when a configuration names one.
hostParts.storages = {
  file: async (options) => (await import("./node/configured.js")).file(options),
  encryptedFile: async (options) => (await import("./node/configured.js")).encryptedFile(options),
};
hostParts.fetchTrusting = async (ca) => (await import("./node/configured.js")).trusting(ca);

export * from "./index.js";
