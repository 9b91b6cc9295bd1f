// The packed package in Node, by `import` and by `require`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ANSWERS, ASK, emptyProject, runInNode } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
  await project.write({
    "app.mjs": `import * as wasmOidc from "wasm-oidc";${ASK}console.log(JSON.stringify(await ask(wasmOidc)));`,
    "app.cjs": `const wasmOidc = require("wasm-oidc");${ASK}ask(wasmOidc).then((told) => console.log(JSON.stringify(told)));`,
  });
});
after(() => project?.remove());

test("import finds the wasm, and says not_ready before it is loaded", async () => {
  assert.deepEqual(await runInNode(project.folder, "app.mjs"), ANSWERS);
});

test("require does the same", async () => {
  assert.deepEqual(await runInNode(project.folder, "app.cjs"), ANSWERS);
});
