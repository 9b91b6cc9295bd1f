// @ts-check
// An identity provider with one fault. It is a proxy before the real provider: the user signs in there for real, and the
// proxy changes what passes. Each fault of `faults.mjs` has an issuer of its own, `http://127.0.0.1:PORT/FAULT`, which is
// right in all else: its metadata, the `iss` of its responses (RFC 9207), its ID tokens and the keys that sign them.
//
// The authorization response passes too, because the proxy sends the browser to the real provider with a redirect URI of
// its own, `/return`, and from there on to the app's.
import { createServer } from "node:http";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { startTestProvider, testClients } from "./provider.mjs";
import { faults as allFaults } from "./faults.mjs";
import { signingKeys } from "./signing.mjs";

/** @typedef {import("./faults.mjs").Fault} Fault */
/** @typedef {import("./faults.mjs").Endpoint} Endpoint */

/** Paths below an issuer, and the members of the metadata that announce them. */
const endpoints = /** @type {const} */ ({
  authorize: "authorization_endpoint",
  token: "token_endpoint",
  jwks: "jwks_uri",
  userinfo: "userinfo_endpoint",
  end_session: "end_session_endpoint",
  revocation: "revocation_endpoint",
  introspection: "introspection_endpoint",
});

const everywhere = {
  "cache-control": "no-store",
  // A browser asks again by itself when a connection that it had used before is cut, and nobody would see the fault.
  connection: "close",
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type, dpop",
  "access-control-expose-headers": "www-authenticate",
  "access-control-max-age": "0",
};

/**
 * @typedef {object} SeenRequest
 * @property {string} fault
 * @property {Endpoint | "return" | "elsewhere"} endpoint
 * @property {string} method
 * @property {string} [grantType] of a token request
 */

/**
 * @param {object} [options] those of `startTestProvider`, for the real provider behind, and
 * @param {number} [options.port] of the proxy; 0: any free one
 * @param {Record<string, Fault>} [options.faults]
 * @param {string[]} [options.redirectUris] of the client `test-spa`
 * @param {string[]} [options.postLogoutRedirectUris] of the client `test-spa`
 * @param {Record<string, any>[]} [options.clients] further clients
 * @param {Record<string, number>} [options.ttl]
 */
export async function startHostile({ port = 0, faults = allFaults, ...behind } = {}) {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

  const upstream = await startTestProvider(behind);
  const addClient = (/** @type {Record<string, any>} */ metadata) =>
    upstream.addClient({ ...metadata, redirect_uris: [...metadata.redirect_uris, `${origin}/return`] });
  for (const client of testClients(behind)) await addClient(client);
  const metadata = await fetchJson(`${upstream.issuer}/.well-known/openid-configuration`);

  const keys = signingKeys();
  /** @type {SeenRequest[]} */
  const requests = [];
  /** @type {Map<string, number>} how often an endpoint of a fault was asked */
  let counts = new Map();
  /** @type {Map<string, {fault: string, redirectUri: string, state: string | null, mode: string | null}>} */
  const pending = new Map();
  /** @type {Map<string, string>} the real provider's ID token for each that the proxy signed: its logout wants its own */
  const originals = new Map();

  server.on("request", async (req, res) => {
    const url = new URL(req.url ?? "/", origin);
    try {
      if (url.pathname === "/return") return comeBack(url, res);
      const [, name, ...rest] = url.pathname.split("/");
      const fault = faults[name];
      const endpoint = endpointOf(rest.join("/"));
      if (!fault || !endpoint) return send(res, 501, `no route for ${req.method} ${url.pathname}`, {});
      if (req.method === "OPTIONS") return send(res, 204, "", {});

      const body = await read(req);
      const grantType = new URLSearchParams(body).get("grant_type") ?? undefined;
      requests.push({ fault: name, endpoint, method: req.method ?? "", ...(grantType && { grantType }) });
      const count = (counts.get(`${name} ${endpoint}`) ?? 0) + 1;
      counts.set(`${name} ${endpoint}`, count);

      const base = `${origin}/${name}`;
      if (endpoint === "elsewhere") return await token(req, res, base, name, fault, body);
      const instead = fault.answer?.(endpoint, { count, base });
      if (instead === "hang up") return req.socket.destroy();
      if (instead) return send(res, instead.status, instead.body ?? "", instead.headers ?? {});

      switch (endpoint) {
        case "discovery": {
          const document = announced(metadata, base);
          return sendJson(res, 200, fault.discovery?.(document) ?? document);
        }
        case "authorize":
          return await setOut(url, res, name);
        case "token":
          return await token(req, res, base, name, fault, body);
        case "jwks": {
          const keySet = keys.keySet();
          return sendJson(res, 200, fault.keySet?.(keySet) ?? keySet);
        }
        case "userinfo": {
          const answer = await forward(metadata.userinfo_endpoint, req, body);
          const claims = answer.ok && fault.userinfo ? fault.userinfo(answer.json) : answer.json;
          return sendJson(res, answer.status, claims);
        }
        case "end_session": {
          const hint = url.searchParams.get("id_token_hint");
          if (hint) url.searchParams.set("id_token_hint", originals.get(hint) ?? hint);
          return redirect(res, `${metadata.end_session_endpoint}${url.search}`);
        }
        case "revocation":
        case "introspection": {
          const answer = await forward(metadata[endpoints[endpoint]], req, body);
          return sendJson(res, answer.status, answer.json);
        }
        default:
          return endpoint;
      }
    } catch (error) {
      send(res, 500, `the hostile proxy itself failed: ${error instanceof Error ? error.stack : error}`, {});
    }
  });

  /** The authorization request goes to the real provider, its answer to `/return`. */
  async function setOut(/** @type {URL} */ url, /** @type {import("node:http").ServerResponse} */ res, /** @type {string} */ fault) {
    const params = url.searchParams;
    const redirectUri = params.get("redirect_uri") ?? "";
    const client = await upstream.provider.Client.find(params.get("client_id") ?? "");
    if (!client?.redirectUriAllowed(redirectUri)) return send(res, 400, `not a redirect URI of this client: ${redirectUri}`, {});
    const ticket = randomUUID();
    pending.set(ticket, { fault, redirectUri, state: params.get("state"), mode: params.get("response_mode") });
    params.set("redirect_uri", `${origin}/return`);
    params.set("state", ticket);
    params.delete("response_mode");
    return redirect(res, `${metadata.authorization_endpoint}?${params}`);
  }

  /** The authorization response goes on to the app, as if this issuer had made it. */
  function comeBack(/** @type {URL} */ url, /** @type {import("node:http").ServerResponse} */ res) {
    const params = url.searchParams;
    const ticket = pending.get(params.get("state") ?? "");
    if (!ticket) return send(res, 400, "nobody set out with this state", {});
    pending.delete(params.get("state") ?? "");
    requests.push({ fault: ticket.fault, endpoint: "return", method: "GET" });
    params.set("iss", `${origin}/${ticket.fault}`);
    if (ticket.state === null) params.delete("state");
    else params.set("state", ticket.state);
    const answer = faults[ticket.fault].response?.(params) ?? params;
    const join = ticket.mode === "fragment" ? "#" : ticket.redirectUri.includes("?") ? "&" : "?";
    return redirect(res, `${ticket.redirectUri}${join}${answer}`);
  }

  /** The token response, with an ID token of this issuer in place of the real provider's. */
  async function token(
    /** @type {import("node:http").IncomingMessage} */ req,
    /** @type {import("node:http").ServerResponse} */ res,
    /** @type {string} */ base,
    /** @type {string} */ name,
    /** @type {Fault} */ fault,
    /** @type {string} */ body,
  ) {
    const form = new URLSearchParams(body);
    if (form.has("redirect_uri")) form.set("redirect_uri", `${origin}/return`);
    const answer = await forward(metadata.token_endpoint, req, form.toString());
    if (!answer.ok) return sendJson(res, answer.status, answer.json);
    const applies = fault.on === undefined || fault.on === form.get("grant_type");
    let tokens = answer.json;
    if (tokens.id_token) {
      const honest = { ...claimsOf(tokens.id_token), iss: base };
      const now = Math.floor(Date.now() / 1000);
      const claims = (applies && fault.claims?.(honest, { now })) || honest;
      let jwt = keys.sign(claims, (applies && fault.algorithm) || "RS256");
      if (applies && fault.token) jwt = fault.token(jwt, { claims, keys });
      originals.set(jwt, tokens.id_token);
      tokens = { ...tokens, id_token: jwt };
    }
    return sendJson(res, answer.status, (applies && fault.tokens?.(tokens)) || tokens);
  }

  return {
    /** The issuer that has this fault. @param {string} fault */
    issuer(fault) {
      if (!faults[fault]) throw new Error(`no fault is called ${fault}`);
      return `${origin}/${fault}`;
    },
    /** What the proxy was asked, preflight requests left out. `provider.requests` has what reached the real provider. */
    requests,
    /** What the app asked one fault's issuer for. @param {string} fault */
    seen: (fault) => requests.filter((request) => request.fault === fault).map(({ endpoint }) => endpoint),
    /** Forgets what was asked, so that a fault of the first request happens again. */
    reset() {
      requests.length = 0;
      counts = new Map();
    },
    addClient,
    /** The real provider behind the proxy. */
    provider: upstream,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, upstream.close()]);
    },
  };
}

/** @param {string} path @returns {Endpoint | "elsewhere" | undefined} */
function endpointOf(path) {
  if (path === ".well-known/openid-configuration") return "discovery";
  if (path === "elsewhere/token") return "elsewhere";
  return path in endpoints ? /** @type {keyof typeof endpoints} */ (path) : undefined;
}

/**
 * The real provider's metadata with the proxy's issuer and endpoints, and no endpoint that it does not pass on.
 *
 * @param {Record<string, any>} metadata @param {string} base
 */
function announced(metadata, base) {
  const kept = Object.entries(metadata).filter(([name]) => !/_(endpoint|uri)$/.test(name));
  const own = Object.entries(endpoints).map(([path, member]) => [member, `${base}/${path}`]);
  return { ...Object.fromEntries(kept), issuer: base, ...Object.fromEntries(own) };
}

/** @param {string} jwt @returns {Record<string, any>} */
function claimsOf(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString("utf8"));
}

/** @param {string} url @param {import("node:http").IncomingMessage} req @param {string} body */
async function forward(url, req, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (const name of ["authorization", "content-type", "dpop"]) {
    const value = req.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const response = await fetch(url, { method: req.method, headers, ...(req.method === "POST" && { body }) });
  const text = await response.text();
  return { ok: response.ok, status: response.status, json: text === "" ? undefined : JSON.parse(text) };
}

/** @param {import("node:http").IncomingMessage} req */
async function read(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

/** @param {string} url */
async function fetchJson(url) {
  return (await fetch(url)).json();
}

/** @param {import("node:http").ServerResponse} res @param {number} status @param {string} body @param {Record<string, string>} headers */
function send(res, status, body, headers) {
  res.writeHead(status, { ...everywhere, ...headers });
  res.end(body);
}

/** @param {import("node:http").ServerResponse} res @param {number} status @param {unknown} body */
function sendJson(res, status, body) {
  const text = body === undefined ? "" : JSON.stringify(body);
  send(res, status, text, { "content-type": "application/json; charset=utf-8" });
}

/** @param {import("node:http").ServerResponse} res @param {string} location */
function redirect(res, location) {
  send(res, 303, "", { location });
}
