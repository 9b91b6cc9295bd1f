// A Worker of the packed package: bundled as wrangler does it, run by miniflare.

import { join } from "node:path";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

/**
 * @param {{ folder: string, write(files: Record<string, string>): Promise<void> }} project
 * @param {string} script the Worker
 */
export async function startWorker(project, script) {
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
