// Importing the package does nothing: no file, no request, no wasm, no environment variable, no timer.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { emptyProject, runInNode } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
});
after(() => project?.remove());

/** Replaces what could be touched, after Node itself has read the modules. */
const WATCH = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
export const touched = [];
const note = (name) => () => { touched.push(name); };
export function watch() {
  // The loader of Node reads files through functions it took before; these are those of the package.
  for (const name of ["readFileSync", "openSync", "existsSync", "statSync"]) fs[name] = note(name);
  syncBuiltinESMExports();
  for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask"]) globalThis[name] = note(name);
  for (const name of ["Module", "Instance", "compile", "instantiate", "compileStreaming"]) {
    WebAssembly[name] = function () { touched.push("WebAssembly." + name); };
  }
  crypto.getRandomValues = note("getRandomValues");
  const { env } = process;
  Object.defineProperty(process, "env", { get: () => { touched.push("process.env"); return env; } });
}
`;

for (const entry of ["wasm-oidc", "wasm-oidc/edge", "wasm-oidc/node"]) test(`importing ${entry} runs nothing that can be seen from outside`, async () => {
  await project.write({
    "watch.mjs": WATCH,
    // The modules run in the order of their imports: the watch is set before the package.
    "start.mjs": `import { watch } from "./watch.mjs"; watch();`,
    "app.mjs": `
      import "./start.mjs";
      import "${entry}";
      import { touched } from "./watch.mjs";
      const seen = [...touched];
      console.log(JSON.stringify(seen));`,
  });
  assert.deepEqual(await runInNode(project.folder, "app.mjs"), []);
});

test("the watch sees a package that reads a file", async () => {
  await project.write({
    "watch.mjs": WATCH,
    "start.mjs": `import { watch } from "./watch.mjs"; watch();`,
    "reader.mjs": `import { readFileSync } from "node:fs"; readFileSync("package.json"); fetch("/"); process.env.X;`,
    "app.mjs": `
      import "./start.mjs";
      import "./reader.mjs";
      import { touched } from "./watch.mjs";
      const seen = [...touched];
      console.log(JSON.stringify(seen));`,
  });
  assert.deepEqual(await runInNode(project.folder, "app.mjs"), ["readFileSync", "fetch", "process.env"]);
});
