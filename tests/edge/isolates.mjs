// @ts-check
// Verifiers in this process and in real workerd, behind one function: which verifier, and the request that comes to it.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

import { createVerifier } from "wasm-oidc/edge";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The header that says which verifier a request is for; the API does not see it. */
const WHICH = "x-verifier";

/**
 * Answers a request as an API does that shows its caller.
 *
 * @param {import("wasm-oidc/edge").Verifier} verifier
 * @param {Request} request
 */
async function answered(verifier, request) {
  const responseHeaders = new Headers();
  const { agent, response } = await verifier.tryVerify(request, { responseHeaders });
  if (response) return response;
  const { id, claims } = agent;
  return Response.json({ id, claims, scopes: agent.getScopesFor?.("org") ?? null }, { headers: responseHeaders });
}

/** @param {Record<string, import("wasm-oidc/edge").VerifierOptions>} options by the name of the verifier */
export function inThisProcess(options) {
  const verifiers = Object.fromEntries(Object.entries(options).map(([name, one]) => [name, createVerifier(one)]));
  return {
    /** @param {string} name @param {Request} request */
    ask: (name, request) => answered(verifiers[name], request),
    dispose: async () => {},
  };
}

const WORKER = `
import { createVerifier } from "wasm-oidc/edge";
let verifiers;
${answered}
export default {
  async fetch(request, env) {
    verifiers ??= Object.fromEntries(Object.entries(env.OPTIONS).map(([name, one]) => [name, createVerifier(one)]));
    return answered(verifiers[request.headers.get("${WHICH}")], request);
  },
};`;

/** @param {Record<string, import("wasm-oidc/edge").VerifierOptions>} options data alone */
export async function inWorkerd(options) {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: HERE, sourcefile: "worker.mjs" },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  const modules = outputFiles
    .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
    .map(({ path, contents }) => ({ type: /** @type {const} */ (isScript(path) ? "ESModule" : "CompiledWasm"), path, contents }));
  const miniflare = new Miniflare({
    modules,
    modulesRoot: "/worker",
    compatibilityDate: "2026-01-01",
    bindings: { OPTIONS: /** @type {any} */ (options) },
  });
  await miniflare.ready;
  return {
    /** @param {string} name @param {Request} request */
    ask: async (name, request) => {
      const headers = new Headers(request.headers);
      headers.set(WHICH, name);
      const { url, method } = request;
      return /** @type {any} */ (await miniflare.dispatchFetch(url, { method, headers: [...headers] }));
    },
    dispose: () => miniflare.dispose(),
  };
}
