// @ts-check
// A Worker of the built package: bundled as wrangler does it, run by workerd.

import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @param {string} script the Worker
 * @param {object} [options] of Miniflare
 */
export async function startWorker(script, options) {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    entryNames: "worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  const miniflare = new Miniflare({
    compatibilityDate: "2026-01-01",
    ...options,
    modulesRoot: "/worker",
    modules: outputFiles
      .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
      .map(({ path, contents }) => ({ type: isScript(path) ? "ESModule" : "CompiledWasm", path, contents })),
  });
  await miniflare.ready;
  return miniflare;
}
