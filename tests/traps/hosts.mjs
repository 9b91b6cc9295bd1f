// Where the scenarios run: in this Node, in a page of headless Chromium, in workerd. Each host answers
// `run(scenario, ...args)` with what the scenario told, and `uncaught()` with the errors that nobody caught.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGE = "target/pkg-traps";
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

export async function node() {
  const inPackage = (/** @type {string} */ file) => pathToFileURL(join(ROOT, PACKAGE, file)).href;
  await (await import(inPackage("node.js"))).ready();
  const runtime = await import(inPackage("runtime.js"));
  const scenarios = await import("./scenarios.mjs");
  /** @type {string[]} */
  const uncaught = [];
  const note = (/** @type {unknown} */ error) => uncaught.push(String(error));
  process.on("unhandledRejection", note).on("uncaughtException", note);
  return {
    run: (/** @type {string} */ name, /** @type {string[]} */ ...args) => scenarios[name](runtime, ...args),
    uncaught: () => uncaught,
    close: async () => void process.off("unhandledRejection", note).off("uncaughtException", note),
  };
}

export async function page() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const content = path === "/" ? "<!doctype html><title>traps</title>" : await readFile(join(ROOT, path)).catch(() => null);
    response.writeHead(content === null ? 404 : 200, { "content-type": TYPES[extname(path)] ?? "text/html" }).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
  });
  const tab = await browser.newPage();
  /** @type {string[]} */
  const uncaught = [];
  tab.on("pageerror", (error) => uncaught.push(String(error)));
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.evaluate(async (folder) => (await import(`/${folder}/browser.js`)).ready(), PACKAGE);
  return {
    run: (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
      tab.evaluate(async ([folder, scenario, rest]) => {
        const runtime = await import(`/${folder}/runtime.js`);
        const scenarios = await import("/tests/traps/scenarios.mjs");
        return scenarios[scenario](runtime, ...rest);
      }, [PACKAGE, name, args]),
    uncaught: () => uncaught,
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function worker() {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { readySync } from "./${PACKAGE}/runtime.js";
        import "./${PACKAGE}/workerd.js";
        import * as runtime from "./${PACKAGE}/runtime.js";
        import * as scenarios from "./tests/traps/scenarios.mjs";
        readySync();
        export default {
          async fetch(request) {
            const { name, args } = await request.json();
            return Response.json(await scenarios[name](runtime, ...args));
          },
        };`,
      resolveDir: ROOT,
    },
    bundle: true,
    format: "esm",
    outdir: "/worker",
    entryNames: "worker",
    assetNames: "[name]",
    loader: { ".wasm": "copy" },
    write: false,
  });
  const miniflare = new Miniflare({
    compatibilityDate: "2026-01-01",
    modulesRoot: "/worker",
    modules: outputFiles.map(({ path, contents }) => ({
      type: /** @type {const} */ (path.endsWith(".wasm") ? "CompiledWasm" : "ESModule"),
      path,
      contents,
    })).sort((one) => (one.type === "ESModule" ? -1 : 1)),
  });
  await miniflare.ready;
  return {
    run: async (/** @type {string} */ name, /** @type {string[]} */ ...args) => {
      const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify({ name, args }) });
      return response.json();
    },
    // workerd tells nobody; the other hosts have looked.
    uncaught: () => [],
    close: () => miniflare.dispose(),
  };
}
