// @ts-check
// The entry of Node, Deno and Bun: each wasm lies beside this file and is read, synchronously, at its first use.

import { hostParts } from "./host-parts.js";
import { setSources } from "./runtime.js";
import { takeKey } from "./signing-key.js";
import { wasmFile } from "./wasm-file.js";

setSources({
  core: { sync: () => wasmFile(new URL("./wasm/core.wasm", import.meta.url), "core.wasm") },
  configuration: { sync: () => wasmFile(new URL("./wasm/configuration.wasm", import.meta.url), "configuration.wasm") },
  tools: { sync: () => wasmFile(new URL("./wasm/tools.wasm", import.meta.url), "tools.wasm") },
});

hostParts.takeKey = takeKey;
// Loaded when a configuration names one.
hostParts.storages = {
  file: async (options) => (await import("./node/configured.js")).file(options),
  encryptedFile: async (options) => (await import("./node/configured.js")).encryptedFile(options),
};
hostParts.fetchTrusting = async (ca) => (await import("./node/configured.js")).trusting(ca);

export * from "./index.js";
