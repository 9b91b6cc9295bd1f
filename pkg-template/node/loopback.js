// @ts-check
// The server that the browser comes back to (RFC 8252 7.3): on the loopback interface alone, for one authorization
// response, and gone afterwards.

import { once } from "node:events";
import { createServer } from "node:http";

import { configurationError } from "../errors.js";
import { notFoundPage, notWaitedForPage, pageHeaders, refusedPage, signedInPage, failedPage } from "./pages.js";

/** Milliseconds in which a request has to arrive, and in which its answer has to be taken. */
const REQUEST_LIMIT = 10_000;
const DELIVERY_LIMIT = 1000;

/** Connections at a time: a browser opens a few, also for its icon. */
const MAX_CONNECTIONS = 32;

/** How often another port is tried where any would do. */
const ATTEMPTS = 5;

/**
 * Takes the URL of a request: a promise if it is the answer that is waited for, of how the sign-in ends.
 *
 * @typedef {(url: string) => Promise<unknown> | undefined} Taker
 *
 * @typedef {object} Listening
 * @property {string} redirectUri
 * @property {(taker: Taker) => void} answerBy says who takes the response; before, nothing is one
 * @property {() => Promise<void>} close settles when the answer was delivered and nothing listens any more
 */

/**
 * @param {import("./address.js").Address} address
 * @returns {Promise<Listening>}
 */
export async function listen(address) {
  /** @type {Taker | undefined} */
  let take;
  /** @type {Promise<unknown>} */
  let delivered = Promise.resolve();
  let authority = "";

  /** @type {import("node:http").RequestListener} */
  const answer = (request, response) => {
    const url = request.url ?? "";
    // A page of another site that has its name lead here says its own name (DNS rebinding).
    if (request.headers.host?.toLowerCase() !== authority) return send(response, 421, refusedPage());
    if (url.split("?", 1)[0] !== address.path) return send(response, 404, notFoundPage());
    if (request.method !== "GET") return send(response, 405, refusedPage(), { allow: "GET" });
    const outcome = take?.(`http://${authority}${url}`);
    if (outcome === undefined) return send(response, 400, notWaitedForPage());
    take = undefined;
    delivered = outcome.then(
      () => send(response, 200, signedInPage()),
      (thrown) => send(response, 400, failedPage(thrown)),
    );
  };

  const { servers, port } = await bindAll(address, answer);
  authority = new URL(`http://${address.host}:${port}`).host;
  return {
    redirectUri: `http://${authority}${address.path}`,
    answerBy: (taker) => void (take = taker),
    async close() {
      take = undefined;
      await delivered;
      await Promise.all(servers.map(shut));
    },
  };
}

/**
 * One server for each address, all on one port.
 *
 * @param {import("./address.js").Address} address
 * @param {import("node:http").RequestListener} answer
 */
async function bindAll({ host, addresses, port }, answer) {
  for (let attempt = 1; ; attempt += 1) {
    /** @type {import("node:http").Server[]} */
    const servers = [];
    let common = port;
    try {
      for (const one of addresses) {
        const server = await bind(one, common, answer).catch((thrown) => {
          // Not every machine has IPv6.
          if (servers.length > 0 && isMissing(thrown)) return undefined;
          throw thrown;
        });
        if (server === undefined) continue;
        servers.push(server);
        common = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
      }
      return { servers, port: common };
    } catch (thrown) {
      await Promise.all(servers.map(shut));
      if (port === 0 && /** @type {any} */ (thrown)?.code === "EADDRINUSE" && attempt < ATTEMPTS) continue;
      throw notBound(thrown, host, common);
    }
  }
}

/**
 * @param {string} address
 * @param {number} port
 * @param {import("node:http").RequestListener} answer
 */
async function bind(address, port, answer) {
  const server = createServer({ requestTimeout: REQUEST_LIMIT, headersTimeout: REQUEST_LIMIT }, answer);
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ port, host: address, exclusive: true });
  await once(server, "listening");
  return server;
}

/** @param {any} thrown */
function isMissing(thrown) {
  return thrown?.code === "EADDRNOTAVAIL" || thrown?.code === "EAFNOSUPPORT";
}

/**
 * @param {any} thrown
 * @param {string} host
 * @param {number} port
 */
function notBound(thrown, host, port) {
  if (thrown?.code === "EADDRINUSE") {
    const message =
      `port ${port} of ${host} is taken by another program, perhaps by another login: end that, or choose another ` +
      "`port` that is registered as a redirect URI (0 for any that is free, where the provider allows it)";
    return configurationError("port_taken", message);
  }
  if (thrown?.code === "EACCES") {
    return configurationError("invalid_option", `option "port": this user may not listen on ${port}; those from 1024 on are free`);
  }
  if (isMissing(thrown)) {
    return configurationError("invalid_option", `option "host": this machine has no ${host}; the default is 127.0.0.1`);
  }
  return thrown;
}

/** @param {import("node:http").Server} server */
async function shut(server) {
  const closed = once(server, "close");
  server.close();
  // Whoever holds a connection open waits for nothing.
  server.closeAllConnections();
  await closed;
}

/**
 * Settles when the page is with the browser, or when it is not waited for any longer.
 *
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {string} page
 * @param {Record<string, string>} [headers]
 * @returns {Promise<void>}
 */
function send(response, status, page, headers) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DELIVERY_LIMIT);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    response.writeHead(status, { ...pageHeaders(page), ...headers, connection: "close" });
    response.end(page);
  });
}
