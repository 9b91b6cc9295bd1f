// What an app says of where a wasm is goes to that wasm alone, when it is first needed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { checkToken, loadProviders, ready } from "../../pkg/node.js";

const CONFIG = { providers: { ours: { issuer: "https://idp.example", clientId: "a" } } };
const wasm = (/** @type {string} */ name) => readFile(new URL(`../../pkg/wasm/${name}.wasm`, import.meta.url));

test("each wasm that is loaded late comes from where `ready` was told, and after a failure from where the entry says", async () => {
  // A wasm in the place of another has other imports.
  await ready(undefined, { configuration: await wasm("tools"), tools: await wasm("tools") });
  await assert.rejects(loadProviders(CONFIG), { name: "ConfigurationError", code: "wasm_unavailable", recovery: "retry" });
  assert.equal((await checkToken("no token", { expectedIssuer: "https://idp.example" })).valid, false);
  assert.deepEqual(await loadProviders(CONFIG), ["ours"]);
});
