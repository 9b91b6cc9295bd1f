// @ts-check
// An app's own API on loopback: says what it got, or does what a test tells it to. Other origins may call it.
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * @typedef {object} ApiRequest what the API got
 * @property {string} method
 * @property {string} path with the query
 * @property {string} [authorization]
 * @property {string} [cookie]
 * @property {string} [type] of the body
 * @property {string} body
 *
 * @typedef {(request: ApiRequest, response: import("node:http").ServerResponse) => void} Answer
 */

/**
 * @returns {Promise<{ url: string, requests: ApiRequest[], on: (path: string, answer: Answer) => void,
 *   redirect: (path: string, status: number, to: string) => void, paths: () => string[], close: () => Promise<void> }>}
 */
export async function startApi() {
  /** @type {ApiRequest[]} */
  const requests = [];
  /** @type {Map<string, Answer>} */
  const answers = new Map();
  const server = createServer(async (req, res) => {
    res.setHeader("access-control-allow-origin", "*");
    res.setHeader("access-control-allow-headers", "authorization, content-type");
    res.setHeader("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS");
    if (req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined) return res.end();
    let body = "";
    for await (const chunk of req) body += chunk;
    const { authorization, cookie, "content-type": type } = req.headers;
    const request = { method: req.method ?? "", path: req.url ?? "", authorization, cookie, type, body };
    requests.push(request);
    const answer = answers.get(request.path.split("?")[0]);
    if (answer !== undefined) return answer(request, res);
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify(request));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    requests,
    /** From now on this path is answered so. */
    on: (path, answer) => void answers.set(path, answer),
    redirect: (path, status, to) => void answers.set(path, (_, res) => void res.writeHead(status, { location: to }).end("moved")),
    paths: () => requests.map(({ method, path }) => `${method} ${path}`),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
