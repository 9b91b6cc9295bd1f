// @ts-check
// Serves the test page at every path, and the built package as it is: browsers need no bundler for it.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const packageFolder = new URL(".", import.meta.resolve("wasm-oidc/package.json"));
const pageFolder = new URL("page/", import.meta.url);

const mediaTypes = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
});

/** @returns {Promise<{url: string, setHeaders: (headers: Record<string, string>) => void, close: () => Promise<void>}>} */
export async function startPages() {
  /** @type {Record<string, string>} */
  let headers = {};
  const server = createServer(async (req, res) => {
    const file = fileOf(new URL(req.url ?? "/", "http://page").pathname);
    try {
      const content = await readFile(file);
      res.writeHead(200, { "content-type": mediaTypes[extname(file.pathname)], "cache-control": "no-store", ...headers });
      res.end(content);
    } catch {
      res.writeHead(404, { "cache-control": "no-store" }).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    /** Headers of every answer from now on. */
    setHeaders: (given) => void (headers = given),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What is not the test page. @type {Record<string, string>} */
const OTHERS = {
  "/page.js": "page.js",
  "/popped": "popped.html",
  "/popped.js": "popped.js",
  "/relay": "relay.html",
};

/** @param {string} path */
function fileOf(path) {
  if (path.startsWith("/pkg/")) return new URL(`.${path.slice("/pkg".length)}`, packageFolder);
  return new URL(OTHERS[path] ?? "index.html", pageFolder);
}
