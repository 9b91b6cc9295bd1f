// @ts-check
// A demo API on loopback: tasks of organizations, for whoever brings an access token of the identity provider.
//
// The page asks `hasAccessIn` to decide what to show. This is where it is decided: the API judges the token itself and asks
// the same rules, here in Node, about the organizations that the provider vouches for.
import { createServer } from "node:http";
import { once } from "node:events";
import { hasAccess, ready } from "wasm-oidc";
import { tokenChecker } from "./token.mjs";

/** A task of the demo is a line of text; whatever is longer is not one. */
const MAX_BODY_BYTES = 4 * 1024;

/**
 * @typedef {{id: number, organization: string, title: string, done: boolean}} Task
 * @typedef {{id: string, scopes: string[]}} Membership
 */

/** @returns {Task[]} */
const demoTasks = () => [
  { id: 1, organization: "org_engines", title: "Order brass for the second mill", done: true },
  { id: 2, organization: "org_engines", title: "Compute the seventh Bernoulli number", done: false },
  { id: 3, organization: "org_engines", title: "Translate Menabrea’s paper, with notes", done: false },
  { id: 4, organization: "org_society", title: "Return the library’s copy of Euler", done: false },
];

/**
 * @param {object} options
 * @param {string} options.issuer whose tokens count
 * @param {string[]} options.origins of pages that may call
 * @param {string} [options.host]
 * @param {number} [options.port] 0: any free one
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function startApi({ issuer, origins, host = "127.0.0.1", port = 0 }) {
  await ready();
  const tasks = demoTasks();
  const server = createServer();
  server.listen(port, host);
  await once(server, "listening");
  const url = `http://${host}:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const check = tokenChecker({ issuer, audience: url });

  server.on("request", async (req, res) => {
    const origin = req.headers.origin;
    res.setHeader("vary", "Origin");
    if (origin && origins.includes(origin)) {
      res.setHeader("access-control-allow-origin", origin);
      res.setHeader("access-control-expose-headers", "www-authenticate");
    }
    if (req.method === "OPTIONS") {
      res.setHeader("access-control-allow-methods", "GET, POST");
      res.setHeader("access-control-allow-headers", "authorization, content-type");
      return res.writeHead(204).end();
    }
    if (new URL(req.url ?? "/", url).pathname !== "/api/tasks") return answer(res, 404, { error: "not_found" });

    try {
      const [, token] = /^Bearer ([\w\-.~+/]+=*)$/i.exec(req.headers.authorization ?? "") ?? [];
      const caller = token && (await check(token));
      if (!caller) {
        res.setHeader("www-authenticate", token ? `Bearer error="invalid_token"` : "Bearer");
        return answer(res, 401, { error: token ? "invalid_token" : "no_token" });
      }
      const mayIn = (/** @type {string} */ action) =>
        caller.organizations.filter(({ scopes }) => hasAccess(scopes, action, "projects.tasks")).map(({ id }) => id);

      if (req.method === "GET") {
        const readable = mayIn("read");
        if (readable.length === 0) return forbid(res, "projects.tasks:read");
        return answer(res, 200, { tasks: tasks.filter((task) => readable.includes(task.organization)) });
      }
      if (req.method === "POST") {
        const [organization] = mayIn("write");
        if (!organization) return forbid(res, "projects.tasks:write");
        const title = (await readJson(req))?.title;
        if (typeof title !== "string" || title.trim() === "") return answer(res, 400, { error: "title_missing" });
        const task = { id: tasks.length + 1, organization, title: title.trim(), done: false };
        tasks.push(task);
        return answer(res, 201, { task });
      }
      return answer(res, 405, { error: "method_not_allowed" });
    } catch (error) {
      // The provider could not be asked: that says nothing about the token, so it is no 401.
      return answer(res, 503, { error: "provider_unavailable", message: error instanceof Error ? error.message : "" });
    }
  });

  return {
    url,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** RFC 6750 3.1: the token is good, what it may do is not enough. */
function forbid(/** @type {import("node:http").ServerResponse} */ res, /** @type {string} */ scope) {
  res.setHeader("www-authenticate", `Bearer error="insufficient_scope", scope="${scope}"`);
  return answer(res, 403, { error: "insufficient_scope", required: scope });
}

function answer(/** @type {import("node:http").ServerResponse} */ res, /** @type {number} */ status, /** @type {object} */ body) {
  res.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  res.end(JSON.stringify(body));
}

/** @param {import("node:http").IncomingMessage} req @returns {Promise<any>} `undefined` for what is too long or no JSON */
async function readJson(req) {
  const parts = [];
  let bytes = 0;
  for await (const part of req) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return undefined;
  }
}
