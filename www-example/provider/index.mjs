// @ts-check
// A small identity provider on loopback: node-oidc-provider with demo users, for the example app and for tests.
import { createServer } from "node:http";
import { once } from "node:events";
import { configuration } from "./configuration.mjs";
import { interactions } from "./interaction.mjs";
import { demoUsers } from "./users.mjs";

export { demoUsers };

/**
 * @typedef {object} LoggedRequest one request that the provider got
 * @property {string} method
 * @property {string} path without the query
 * @property {string} search the query with its `?`, or nothing
 * @property {string} [origin] of the page that asked; absent for navigations and other servers
 * @property {number} status 0 until it was answered
 * @property {string} [grantType] of a token request
 * @property {number} at milliseconds since 1970
 *
 * @typedef {object} RunningProvider
 * @property {string} issuer
 * @property {import("oidc-provider").default} provider
 * @property {LoggedRequest[]} requests in the order in which they came; `length = 0` forgets them
 * @property {(metadata: Record<string, any>) => Promise<void>} addClient registers a client, or replaces it
 * @property {() => Promise<void>} close
 */

/**
 * Starts the provider.
 *
 * @param {object} [options]
 * @param {string} [options.host] a loopback address
 * @param {number} [options.port] 0: any free one
 * @param {Record<string, any>[]} [options.clients] as RFC 7591 names their metadata; a client that says nothing else is
 *   public, first-party and may refresh
 * @param {import("./users.mjs").User[]} [options.users]
 * @param {Record<string, number>} [options.ttl] seconds, named as node-oidc-provider does: `{AccessToken: 5}`
 * @param {Record<string, any>} [options.features] of node-oidc-provider, over those of the demo
 * @returns {Promise<RunningProvider>}
 * @throws an `EADDRINUSE` error when the port is taken
 */
export async function startProvider(options = {}) {
  const { host = "127.0.0.1", port = 0, clients = [], users = demoUsers, ttl, features } = options;
  const Provider = await importProvider();

  // The issuer holds the port, so the server listens before there is anything to serve.
  const server = createServer();
  server.listen(port, host);
  await once(server, "listening");
  const issuer = `http://${host}:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

  const provider = new Provider(issuer, configuration({ users, ttl, features }));
  /** @type {LoggedRequest[]} */
  const requests = [];
  /** @type {WeakMap<import("node:http").IncomingMessage, LoggedRequest>} */
  const entries = new WeakMap();
  provider.use(async (ctx, next) => {
    await next();
    const grantType = ctx.oidc?.body?.grant_type;
    const entry = entries.get(ctx.req);
    if (entry && grantType) entry.grantType = String(grantType);
  });

  const respond = provider.callback();
  const interact = interactions(provider, users);
  server.on("request", async (req, res) => {
    const { pathname, search } = new URL(req.url ?? "/", issuer);
    /** @type {LoggedRequest} */
    const entry = { method: req.method ?? "", path: pathname, search, status: 0, at: Date.now() };
    if (req.headers.origin) entry.origin = req.headers.origin;
    requests.push(entry);
    entries.set(req, entry);
    res.on("finish", () => (entry.status = res.statusCode));
    try {
      if (!(await interact(req, res))) await respond(req, res);
    } catch (error) {
      // A stale interaction, such as the back button after signing in.
      res.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      res.end(`Start again from the app: ${error instanceof Error ? error.message : error}\n`);
    }
  });

  /** @param {Record<string, any>} metadata */
  const addClient = async (metadata) => {
    const { adapter } = provider.Client;
    await adapter.upsert(metadata.client_id, { ...clientDefaults, ...metadata });
    try {
      // Reading it back is what makes the provider judge it, and throw for what is wrong with it.
      await provider.Client.find(metadata.client_id);
    } catch (error) {
      await adapter.destroy(metadata.client_id);
      throw error;
    }
  };
  for (const client of clients) await addClient(client);

  return { issuer, provider, requests, addClient, close: () => close(server) };
}

const clientDefaults = {
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};

/** node-oidc-provider asks for Node 22 on stderr when it is loaded; this project supports Node 20, where it works. */
async function importProvider() {
  const { warn } = console;
  console.warn = () => {};
  try {
    return (await import("oidc-provider")).default;
  } finally {
    console.warn = warn;
  }
}

/** @param {import("node:http").Server} server */
async function close(server) {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
