// A Worker that only verifies requests: its bundle holds the wasm of verifying and no other, and nothing of signing in.

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { emptyProject } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
});
after(() => project?.remove());

/**
 * A Worker as wrangler bundles it.
 *
 * @param {string} script
 * @returns {Promise<{ wasms: string[], sources: string[] }>} the wasms of the bundle, and the files that something in it is of
 */
async function bundled(script) {
  await project.write({ "worker.mjs": script });
  const { metafile } = await build({
    entryPoints: [join(project.folder, "worker.mjs")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    metafile: true,
    write: false,
  });
  const outputs = Object.entries(metafile.outputs);
  const nameOf = (/** @type {string} */ path) => basename(path).replace(/-\w+(?=\.wasm$)/, "");
  const sources = outputs
    .filter(([path]) => path.endsWith(".js"))
    .flatMap(([, { inputs }]) => Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path));
  return {
    wasms: outputs.map(([path]) => nameOf(path)).filter((name) => name.endsWith(".wasm")).sort(),
    sources: sources.map((path) => path.replace(/^.*node_modules\//, "")).sort(),
  };
}

test("a Worker that imports createVerifier alone bundles edge.wasm alone, and no code of clients or sessions", async () => {
  const { wasms, sources } = await bundled(`
    import { createVerifier } from "wasm-oidc/edge";
    const verifier = createVerifier({ issuer: "https://idp.example", audience: "https://api.example" });
    export default { fetch: async (request) => (await verifier.tryVerify(request)).response ?? new Response("hello") };`);
  assert.deepEqual(wasms, ["edge.wasm"]);
  assert.ok(sources.includes("wasm-oidc/edge/verifier.js"), sources.join());
  const foreign = /client\.js$|\/session\/|\/coordination\/|wasm\/(core|tools|configuration)|^jose\/|^cookie-es\//;
  assert.deepEqual(sources.filter((path) => foreign.test(path)), []);
});

test("a Worker that makes a client bundles the wasms of clients, and not that of verifying", async () => {
  const { wasms } = await bundled(`
    import { IdpClient } from "wasm-oidc";
    const idp = IdpClient.createSync({ issuer: "https://idp.example", clientId: "app" });
    export default { fetch: async () => Response.json(idp.options) };`);
  assert.deepEqual(wasms, ["configuration.wasm", "core.wasm", "tools.wasm"]);
});
