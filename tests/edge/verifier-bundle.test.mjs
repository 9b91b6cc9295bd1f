// @ts-check
// A Worker that only verifies: its bundle holds the wasm of that and no other, and its verifier stands at module scope, where
// nothing may be sent and no random number taken.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

import { signingKeys } from "../op/signing.mjs";

const ISSUER = "https://idp.example.com";
const API = "https://api.example.com";

test("a bundle that only verifies holds edge.wasm alone, and verifies from module scope on", async () => {
  const keys = signingKeys();
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `
        import { createVerifier } from "wasm-oidc/edge";
        const verifier = createVerifier(${JSON.stringify({ issuer: ISSUER, audience: API, jwks: keys.keySet() })});
        export default {
          async fetch(request) {
            const { agent, response } = await verifier.tryVerify(request, { access: ["read", "orders"] });
            return response ?? Response.json(agent.id);
          },
        };`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      sourcefile: "worker.mjs",
    },
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
    metafile: true,
  });
  const wasms = outputFiles.filter(({ path }) => path.endsWith(".wasm"));
  assert.deepEqual(wasms.map(({ path }) => path.replace(/^.*\/(\w+)-\w+\.wasm$/, "$1")), ["edge"]);
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs: of }) => Object.entries(of).filter(([, { bytesInOutput }]) => bytesInOutput > 0));
  for (const [file] of inputs) assert.doesNotMatch(file, /\/(?:client|core|tools|configuration|handler|cookies|seal)\.js$/);

  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  const miniflare = new Miniflare({
    modules: outputFiles
      .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
      .map(({ path, contents }) => ({ type: /** @type {const} */ (isScript(path) ? "ESModule" : "CompiledWasm"), path, contents })),
    modulesRoot: "/worker",
    compatibilityDate: "2026-01-01",
  });
  try {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, aud: API, exp: now + 300, iat: now, sub: "usr_1", client_id: "spa", jti: "j", scope: "orders:read" };
    const token = keys.sign({ claims: JSON.stringify(claims), header: (right) => ({ ...right, typ: "at+jwt" }) });
    for (let round = 0; round < 3; round += 1) {
      const response = await miniflare.dispatchFetch("http://worker/", { headers: { authorization: `Bearer ${token}` } });
      assert.deepEqual([response.status, await response.json()], [200, "usr_1"]);
    }
    assert.equal((await miniflare.dispatchFetch("http://worker/")).status, 401);
  } finally {
    await miniflare.dispose();
  }
});
