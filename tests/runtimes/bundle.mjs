// @ts-check
// A Worker's modules, as wrangler bundles them: every .wasm is a module of its own.
import { build } from "esbuild";

/**
 * @param {string} entry path of the Worker
 * @param {{ minify?: boolean }} [options]
 * @returns {Promise<import("miniflare").WorkerOptions & { modules: any[] }>} for Miniflare
 */
export async function bundledWorker(entry, { minify = false } = {}) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    outExtension: { ".js": ".mjs" },
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".mjs");
  return {
    compatibilityDate: "2026-01-01",
    modulesRoot: "/worker",
    modules: outputFiles
      .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
      .map(({ path, contents }) => ({ type: isScript(path) ? "ESModule" : "CompiledWasm", path, contents })),
  };
}
