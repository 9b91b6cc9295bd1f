// @ts-check
// The example for Cloudflare Workers in workerd: bundled as wrangler does it, set up as its configuration says.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { describeExample } from "./examples.mjs";

const folder = fileURLToPath(new URL("../../www-example/worker/", import.meta.url));

/** @param {import("./examples.mjs").Setting} setting */
async function start({ origin, env }) {
  const configuration = JSON.parse(readFileSync(`${folder}wrangler.jsonc`, "utf8").replace(/^\s*\/\/.*$/gm, ""));
  const secrets = parseEnv(readFileSync(`${folder}.dev.vars`, "utf8"));
  const { PUBLIC_ORIGIN, OIDC_ISSUER } = env;
  const { outputFiles } = await build({
    entryPoints: [`${folder}${configuration.main}`],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:workers"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  /** @type {any} The script that starts comes first. */
  const modules = outputFiles
    .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
    .map(({ path, contents }) => ({ type: isScript(path) ? "ESModule" : "CompiledWasm", path, contents }));
  const classes = configuration.migrations.flatMap((/** @type {any} */ one) => one.new_sqlite_classes);
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: Number(new URL(origin).port),
    compatibilityDate: configuration.compatibility_date,
    bindings: { ...configuration.vars, ...secrets, PUBLIC_ORIGIN, OIDC_ISSUER },
    durableObjects: Object.fromEntries(
      configuration.durable_objects.bindings.map((/** @type {any} */ { name, class_name: className }) => [
        name,
        { className, useSQLite: classes.includes(className) },
      ]),
    ),
    modulesRoot: "/worker",
    modules,
  });
  await miniflare.ready;
  return { stop: () => miniflare.dispose() };
}

describeExample("the example for Workers", start);
