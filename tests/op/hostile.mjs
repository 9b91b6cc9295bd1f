// @ts-check
// An identity provider with one fault. It is a proxy before the real provider: the user signs in there for real, and the
// proxy changes what passes. Each fault of `faults.mjs` has an issuer of its own, `http://127.0.0.1:PORT/FAULT`, which is
// right in all else: its metadata, the `iss` of its responses (RFC 9207), its ID tokens and the keys that sign them. Below
// it `/trap` is an address that only a client asks which follows what a token says; its key set is a stranger's.
//
// The authorization response passes too, because the proxy sends the browser to the real provider with a redirect URI of
// its own, `/return`, and from there on to the app's.
import { createServer } from "node:http";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { startTestProvider, testClients } from "./provider.mjs";
import { faults as allFaults } from "./faults.mjs";
import { announced, endpointOf, endpoints } from "./endpoints.mjs";
import { everywhere, fetchJson, forward, read, redirect, send } from "./http.mjs";
import { signingKeys } from "./signing.mjs";

/** @typedef {import("./faults.mjs").Fault} Fault @typedef {import("./faults.mjs").Endpoint} Endpoint */

/**
 * @typedef {object} SeenRequest
 * @property {string} fault
 * @property {Endpoint | "return" | "elsewhere" | "trap"} endpoint
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
  const addClient = (/** @type {Record<string, any>} */ one) =>
    upstream.addClient({ ...one, redirect_uris: [...one.redirect_uris, `${origin}/return`] });
  for (const client of testClients(behind)) await addClient(client);
  const metadata = await fetchJson(`${upstream.issuer}/.well-known/openid-configuration`);

  const generations = [signingKeys()];
  const keysOf = (/** @type {number} */ generation) => (generations[generation] ??= signingKeys());
  /** @type {SeenRequest[]} */
  const requests = [];
  /** @type {Map<string, number>} how often an endpoint of a fault was asked */
  let counts = new Map();
  /** @type {Map<string, {fault: string, redirectUri: string, state: string | null, mode: string | null}>} */
  const pending = new Map();
  /** @type {Map<string, string>} the real provider's ID token for each that the proxy signed: its logout wants its own */
  const originals = new Map();
  /** @type {Map<string, string>} whom each access token was given to */
  const clients = new Map();

  server.on("request", async (req, res) => {
    const url = new URL(req.url ?? "/", origin);
    try {
      if (url.pathname === "/return") return comeBack(url, res);
      const [, name, ...rest] = url.pathname.split("/");
      const fault = faults[name];
      const elsewhere = rest[0] === "elsewhere";
      const endpoint = elsewhere ? rest[1] : endpointOf(rest.join("/"));
      if (!fault || !endpoint) return send(res, 501, `no route for ${req.method} ${url.pathname}`, {});
      if (req.method === "OPTIONS") return send(res, 204, "", {});

      const body = await read(req);
      const grantType = new URLSearchParams(body).get("grant_type") ?? undefined;
      const place = /** @type {SeenRequest["endpoint"]} */ (elsewhere ? "elsewhere" : endpoint);
      requests.push({ fault: name, endpoint: place, method: req.method ?? "", ...(grantType && { grantType }) });
      const count = (counts.get(`${name} ${place}`) ?? 0) + 1;
      counts.set(`${name} ${place}`, count);

      const base = `${origin}/${name}`;
      const instead = elsewhere || endpoint === "trap" ? undefined : fault.answer?.(/** @type {Endpoint} */ (endpoint), { count, base });
      if (instead === "hang up") return req.socket.destroy();
      if (instead === "never end") {
        res.writeHead(200, { ...everywhere, "content-type": "application/json" });
        return res.write('{"a":"');
      }
      if (instead) return send(res, instead.status, instead.body ?? "", instead.headers ?? {});
      return await answer(/** @type {Endpoint | "trap"} */ (endpoint), { req, res, url, body, name, base });
    } catch (error) {
      send(res, 500, `the hostile proxy itself failed: ${error instanceof Error ? error.stack : error}`, {});
    }
  });

  /** How often each endpoint of a fault was asked. @param {string} name */
  const askedOf = (name) => {
    const asked = { discovery: 0, authorize: 0, token: 0, jwks: 0, userinfo: 0, end_session: 0, revocation: 0, introspection: 0 };
    for (const { fault, endpoint } of requests) if (fault === name && endpoint in asked) asked[/** @type {Endpoint} */ (endpoint)] += 1;
    return asked;
  };

  /** The keys that sign or are published now. @param {string} name @param {"sign" | "publish"} use */
  const keysNow = (name, use) => keysOf(faults[name].generation?.(use, { asked: askedOf(name) }) ?? 0);

  /** What the words of a row stand for. @param {string} name @param {string} [clientId] @param {string} [grant] */
  const wordsOf = (name, clientId, grant) => ({
    issuer: `${origin}/${name}`,
    trap: `${origin}/${name}/trap`,
    client_id: clientId,
    grant,
    key_id: keysOf(0).publicKey("RS256").kid,
    stranger: keysOf(0).stranger(),
  });

  /**
   * @param {Endpoint | "trap"} endpoint
   * @param {{req: import("node:http").IncomingMessage, res: import("node:http").ServerResponse, url: URL, body: string, name: string, base: string}} asked
   */
  async function answer(endpoint, { req, res, url, body, name, base }) {
    const fault = faults[name];
    /** @param {number} status @param {unknown} value */
    const sendJson = (status, value) => {
      const json = value === undefined ? "" : JSON.stringify(value);
      const text = endpoint === "trap" ? json : (fault.text?.(endpoint, json) ?? json);
      const type = (endpoint !== "trap" && fault.type?.[endpoint]) || "application/json; charset=utf-8";
      const changed = (endpoint !== "trap" && status === 200 && fault.status?.[endpoint]) || status;
      send(res, changed, text, { "content-type": type, ...fault.headers });
    };
    switch (endpoint) {
      case "discovery": {
        const document = announced(metadata, base);
        return sendJson(200, fault.discovery?.(document, wordsOf(name)) ?? document);
      }
      case "authorize":
        return await setOut(url, res, name);
      case "token": {
        const { status, json } = await token(req, name, fault, body);
        return sendJson(status, json);
      }
      case "jwks": {
        const keySet = keysNow(name, "publish").keySet();
        return sendJson(200, fault.keySet?.(keySet, wordsOf(name)) ?? keySet);
      }
      case "userinfo": {
        const { ok, status, json } = await forward(metadata.userinfo_endpoint, req, body);
        if (!ok) return sendJson(status, json);
        const claims = fault.userinfo?.(json, wordsOf(name, clients.get(req.headers.authorization ?? ""))) ?? json;
        const signed = fault.signedUserinfo;
        if (!signed) return sendJson(status, claims);
        const header = (/** @type {Record<string, any>} */ right) => ({ ...right, ...(signed.alg && { alg: signed.alg }) });
        const jwt = keysNow(name, "sign").sign({ ...signed, claims: JSON.stringify(claims), header });
        return send(res, 200, jwt, { "content-type": "application/jwt", ...fault.headers });
      }
      case "end_session": {
        if (fault.logout) return goOn(url.searchParams, res, name);
        const hint = url.searchParams.get("id_token_hint");
        if (hint) url.searchParams.set("id_token_hint", originals.get(hint) ?? hint);
        return redirect(res, `${metadata.end_session_endpoint}${url.search}`);
      }
      case "revocation":
      case "introspection": {
        const { status, json } = await forward(metadata[endpoints[endpoint]], req, body);
        return sendJson(status, json);
      }
      case "trap":
        return sendJson(200, { keys: [{ ...keysOf(0).stranger(), alg: "RS256", use: "sig", kid: keysOf(0).publicKey("RS256").kid }] });
      default:
        return endpoint;
    }
  }

  /** The real provider asks the user before it signs anybody out; where that is not the point, this one does not. */
  function goOn(/** @type {URLSearchParams} */ asked, /** @type {import("node:http").ServerResponse} */ res, /** @type {string} */ name) {
    const back = new URL(asked.get("post_logout_redirect_uri") ?? "");
    const state = asked.get("state");
    const params = faults[name].logout?.(new URLSearchParams(state === null ? {} : { state }), wordsOf(name));
    back.search = String(params);
    return redirect(res, back.href);
  }

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
    const answer = faults[ticket.fault].response?.(params, wordsOf(ticket.fault)) ?? params;
    const join = ticket.mode === "fragment" ? "#" : ticket.redirectUri.includes("?") ? "&" : "?";
    return redirect(res, `${ticket.redirectUri}${join}${answer}`);
  }

  /** The token response, with an ID token of this issuer in place of the real provider's. */
  async function token(
    /** @type {import("node:http").IncomingMessage} */ req,
    /** @type {string} */ name,
    /** @type {Fault} */ fault,
    /** @type {string} */ body,
  ) {
    const form = new URLSearchParams(body);
    const grant = form.get("grant_type") ?? "";
    if (form.has("redirect_uri")) form.set("redirect_uri", `${origin}/return`);
    const real = await forward(metadata.token_endpoint, req, form.toString());
    if (!real.ok) return real;
    const applies = fault.on === undefined || fault.on === grant;
    const right = real.json.id_token ? claimsOf(real.json.id_token) : {};
    const words = wordsOf(name, right.aud, grant);
    let tokens = real.json;
    if (tokens.id_token) {
      const honest = { ...right, iss: words.issuer };
      const claims = JSON.stringify((applies && fault.claims?.(honest, words)) || honest);
      let jwt = keysNow(name, "sign").sign(
        applies
          ? {
              claims: fault.payload?.(claims) ?? claims,
              algorithm: fault.algorithm,
              wrong: fault.wrong,
              header: (header) => fault.header?.(header, words) ?? header,
            }
          : { claims },
      );
      if (applies && fault.token) jwt = fault.token(jwt);
      originals.set(jwt, tokens.id_token);
      clients.set(`Bearer ${tokens.access_token}`, right.aud);
      tokens = { ...tokens, id_token: jwt };
    }
    return { ...real, json: (applies && fault.tokens?.(tokens, words)) || tokens };
  }

  return {
    /** The issuer that has this fault. @param {string} fault */
    issuer(fault) {
      if (!faults[fault]) throw new Error(`no fault is called ${fault}`);
      return `${origin}/${fault}`;
    },
    /**
     * A logout token of this issuer (OpenID Connect Back-Channel Logout 1.0, section 2.4).
     *
     * @param {string} name of a fault @param {string} clientId
     */
    logoutToken(name, clientId) {
      const [fault, words] = [faults[name], wordsOf(name, clientId, "logout")];
      const now = Math.floor(Date.now() / 1000);
      const honest = {
        iss: words.issuer,
        aud: clientId,
        iat: now,
        exp: now + 120,
        jti: randomUUID(),
        sub: "usr_ada",
        sid: "session-1",
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      };
      return keysNow(name, "sign").sign({
        claims: JSON.stringify(fault.claims?.(honest, words) ?? honest),
        wrong: fault.wrong,
        header: (header) => fault.header?.(header, words) ?? header,
      });
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

/** @param {string} jwt @returns {Record<string, any>} */
function claimsOf(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString("utf8"));
}
