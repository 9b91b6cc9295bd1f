// The packed package in workerd: bundled as wrangler does it, run by miniflare.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

import { ANSWERS, ASK, emptyProject } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
});
after(() => project?.remove());

/** @param {string} script the Worker */
async function startWorker(script) {
  await project.write({ "worker.mjs": script });
  const { outputFiles } = await build({
    entryPoints: [join(project.folder, "worker.mjs")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  const miniflare = new Miniflare({
    compatibilityDate: "2026-01-01",
    modulesRoot: "/worker",
    modules: outputFiles
      .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
      .map(({ path, contents }) => ({ type: isScript(path) ? "ESModule" : "CompiledWasm", path, contents })),
  });
  await miniflare.ready;
  return miniflare;
}

test("a Worker loads the wasm as a module and asks for access", async () => {
  const worker = await startWorker(`
    import * as wasmOidc from "wasm-oidc";
    ${ASK}
    export default { async fetch() { return Response.json(await ask(wasmOidc)); } };`);
  try {
    assert.deepEqual(await (await worker.dispatchFetch("http://worker/")).json(), ANSWERS);
  } finally {
    await worker.dispose();
  }
});

test("loading may stand at module scope of a Worker", async () => {
  const worker = await startWorker(`
    import { hasAccess, ready } from "wasm-oidc";
    await ready();
    const granted = hasAccess(["projects:**"], "write", "projects.tasks");
    export default { async fetch() { return Response.json(granted); } };`);
  try {
    assert.equal(await (await worker.dispatchFetch("http://worker/")).json(), true);
  } finally {
    await worker.dispose();
  }
});
