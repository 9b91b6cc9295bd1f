// @ts-check
// The page in which the suite runs: it does nothing until it is told to, but in a hidden frame, where it hands over what the
// provider said.
import * as wasmOidc from "wasm-oidc";
import * as edge from "wasm-oidc/edge";
import { live } from "./here.mjs";

if (window.parent === window) {
  /** @param {import("./here.mjs").Setting} setting @param {import("./here.mjs").Life} life */
  const run = (setting, life) => live({ wasmOidc, edge, setting, host: {} }, life);
  Object.assign(globalThis, { run });
} else {
  await import("wasm-oidc/callback");
}
