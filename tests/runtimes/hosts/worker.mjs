// @ts-check
// workerd: each life of the suite is a Worker of its own, bundled as wrangler does it.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { bundledWorker } from "../bundle.mjs";
import { Miniflare } from "miniflare";

/** @returns {Promise<import("./index.mjs").Host>} */
export async function workerd() {
  const modules = await bundledWorker(fileURLToPath(new URL("../worker.mjs", import.meta.url)));
  const require = createRequire(import.meta.url);
  const { version } = createRequire(require.resolve("miniflare"))("workerd/package.json");
  return {
    kind: "worker",
    version: () => version,
    async run(setting, life) {
      const miniflare = new Miniflare(modules);
      try {
        const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify({ setting, life }) });
        const text = await response.text();
        if (response.status !== 200) throw new Error(text);
        return JSON.parse(text);
      } finally {
        await miniflare.dispose();
      }
    },
    close: async () => {},
  };
}
