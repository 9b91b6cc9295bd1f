// The glue is rewritten only where it is exactly what the rewriting knows: a wasm-bindgen that writes other glue has to
// stop the build, not to ship a guard with a hole.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";

import { toFactory } from "../../scripts/factory.mjs";

/** @type {string} what wasm-bindgen wrote for the package */
let glue;
before(async () => {
  glue = await readFile(new URL("../../target/pkg-build/core/bound/core.js", import.meta.url), "utf8");
});

test("the glue of the pinned wasm-bindgen becomes a module that exports only the factory", () => {
  const factory = toFactory(glue, "core");
  assert.deepEqual([...factory.matchAll(/^export .*$/gm)].map(String), ["export function instantiate(module, guard) {"]);
  assert.doesNotMatch(factory, /import\.meta|core_bg\.wasm|initSync/);
});

const CHANGES = {
  "a loader that is called otherwise": (/** @type {string} */ text) => text.replace("function initSync(", "function initNow("),
  "a second instance variable": (text) => text.replace("let wasmModule, wasmInstance, wasm;\n", "$&$&"),
  "a loader in another order": (text) => `${text.replace("function initSync(module) {\n", "")}`.replace(
    "let wasmModule, wasmInstance, wasm;\n", "function initSync(module) {\n}\n$&",
  ),
  "code after the exports": (text) => `${text}\nwasm = undefined;\n`,
  "an instance that is replaced elsewhere": (text) => text.replace("function isLikeNone", "wasm = undefined;\n$&"),
  "an import of the C runtime": (text) => text.replace('"./core_bg.js": import0,', '$&\n        "env": import1,'),
  "a module that is imported": (text) => `import * as import1 from "env";\n${text}`,
  "an export of another kind": (text) => text.replace("function isLikeNone", "export const kinds = {};\n$&"),
  "another way to copy texts": (text) => text.replace("arg.charCodeAt(offset)", "arg.codePointAt(offset)"),
  "glue of another name": (text) => text.replaceAll("./core_bg.js", "./other_bg.js"),
};

for (const [name, change] of Object.entries(CHANGES)) {
  test(`${name} is refused`, () => {
    assert.notEqual(change(glue), glue);
    assert.throws(() => toFactory(change(glue), "core"), Error);
  });
}
