// @ts-check
// Serves the suite and the built package to browsers as they are: an import map takes the place of a bundler.
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const ROOTS = {
  "/pkg/": new URL(".", import.meta.resolve("wasm-oidc/package.json")),
  "/node_modules/": new URL("../../node_modules/", import.meta.url),
  "/suite/": new URL("suite/", import.meta.url),
  "/": new URL("./", import.meta.url),
};

const FILES = new Set(["/here.mjs", "/page.mjs"]);

const TYPES = /** @type {Record<string, string>} */ ({
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
});

const IMPORTS = {
  ...dependencies(),
  "wasm-oidc": "/pkg/browser.js",
  "wasm-oidc/callback": "/pkg/callback.js",
  "wasm-oidc/edge": "/pkg/edge/browser.js",
};

/** What the package imports of others in a page, and where that is. @returns {Record<string, string>} */
function dependencies() {
  const folder = new URL("edge/", ROOTS["/pkg/"]);
  const modules = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const imported = modules.flatMap((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return [...text.matchAll(/^(?:import|export)\b[^"]* from "((?!node:)\w[^"]*)";$/gm)].map(([, name]) => name);
  });
  const at = (/** @type {string} */ name) => import.meta.resolve(name).replace(ROOTS["/node_modules/"].href, "/node_modules/");
  return Object.fromEntries([...new Set(imported)].map((name) => [name, at(name)]));
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>wasm-oidc in every runtime</title>
    <link rel="icon" href="data:,">
    <script>addEventListener("error", ({ message }) => (globalThis.broken ??= message), true);</script>
    <script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
    <script type="module" src="/page.mjs"></script>
  </head>
  <body></body>
</html>
`;

export async function startPages() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://pages");
    const file = fileOf(pathname);
    response.setHeader("cache-control", "no-store");
    if (file === undefined) return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(PAGE);
    try {
      const content = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[extname(pathname)] }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param {string} path @returns {URL | undefined} none: the page */
function fileOf(path) {
  if (FILES.has(path)) return new URL(`.${path}`, ROOTS["/"]);
  for (const folder of /** @type {const} */ (["/pkg/", "/node_modules/", "/suite/"])) {
    if (path.startsWith(folder)) return new URL(path.slice(folder.length), ROOTS[folder]);
  }
  return undefined;
}
