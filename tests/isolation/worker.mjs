// @ts-check
// A Worker of the built package: bundled as wrangler does it, run by workerd, with requests that can be broken off.
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @param {string} script the Worker
 * @param {{ compatibilityDate?: string, compatibilityFlags?: string[], package?: string }} [options] `package`: a folder to
 *   take instead of the one that ships
 */
export async function startWorker(script, { package: folder, ...options } = {}) {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    ...(folder !== undefined && { alias: { "wasm-oidc": join(ROOT, folder, "workerd.js") } }),
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
  const url = await miniflare.ready;
  return {
    /**
     * Asks the Worker over a connection of its own.
     *
     * @param {string} job
     * @param {object} [values]
     * @returns {{ answer: Promise<any>, leave: () => void }} `leave` breaks the connection
     */
    ask(job, values = {}) {
      const sent = request(new URL(`/${job}`, url), { method: "POST", agent: false });
      const answer = new Promise((resolve, reject) => {
        sent.on("error", reject);
        sent.on("response", async (response) => {
          const parts = [];
          try {
            for await (const part of response) parts.push(part);
            const text = Buffer.concat(parts).toString();
            resolve(response.statusCode === 200 ? JSON.parse(text) : { failed: response.statusCode, text });
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.end(JSON.stringify(values));
      return { answer, leave: () => void (answer.catch(() => {}), sent.destroy()) };
    },
    dispose: () => miniflare.dispose(),
  };
}

/**
 * The answer, unless it takes as long as no answer would.
 *
 * @param {Promise<any>} answer
 * @param {number} [seconds]
 */
export function soon(answer, seconds = 20) {
  return Promise.race([answer, new Promise((resolve) => setTimeout(resolve, seconds * 1000, "no answer").unref())]);
}
