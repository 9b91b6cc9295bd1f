// @ts-check
// A real HTTP server on loopback, in Node. `seen` is what it noticed of its clients.

import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

/** @type {Record<string, (response: import("node:http").ServerResponse, request: import("node:http").IncomingMessage) => void>} */
const PATHS = {
  "/json": (response) =>
    response.writeHead(200, { "Content-Type": "application/json", "X-Two": ["a", "b"] }).end('{"really":true}'),
  "/missing": (response) => response.writeHead(404, { "content-type": "text/plain" }).end("not here"),
  "/empty": (response) => response.writeHead(204).end(),
  "/redirect": (response) => response.writeHead(302, { location: "/json" }).end("moved"),
  "/echo": async (response, request) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end(JSON.stringify({ method: request.method, type: request.headers["content-type"], body }));
  },
  "/endless": (response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on("drain", more);
    more();
  },
  "/bomb": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(16 << 20))),
  "/trickle": (response) => {
    const timer = setInterval(() => response.write("."), 5);
    response.on("close", () => clearInterval(timer));
  },
  "/never": () => {},
  "/reset": (response) => {
    response.writeHead(200, { "content-length": "1000" }).write("half of it");
    setTimeout(() => response.destroy(), 20);
  },
};

/** Starts the server; `requests` are the paths that were asked for, `closed` those whose connection the client ended. */
export async function serve() {
  /** @type {string[]} */
  const requests = [];
  /** @type {string[]} */
  const aborted = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    response.on("close", () => response.writableFinished || aborted.push(path));
    PATHS[path](response, request);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${port}`, requests, aborted, close };
}
