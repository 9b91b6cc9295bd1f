// @ts-check
// A provider and an API of ten users whose answers can be kept back: what requests see of each other shows while one waits.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { read } from "../op/http.mjs";
import { signingKeys } from "../op/signing.mjs";

export const CLIENT = { clientId: "app", clientSecret: "a-secret-of-the-tests", redirectUri: "https://app.example/callback" };

/** @typedef {{ path: string, grant: string, user: string, sent: string }} Seen what was asked for; of tokens: which was sent */

export async function startProvider() {
  const keys = signingKeys();
  /** @type {Seen[]} */
  const requests = [];
  /** Whom a code, a refresh token or an access token is for. @type {Map<string, { user: string, nonce?: string, challenge?: string }>} */
  const issued = new Map();
  /** Refresh tokens that were sent, and how often. @type {Map<string, number>} */
  const spent = new Map();
  /** @type {Map<string, { arrived: () => void, gate: Promise<void> }>} */
  const holds = new Map();
  let lifetime = 600;
  let dawdles = 0;
  let isDown = false;

  const server = createServer(async (request, response) => {
    if (isDown) return void request.socket.destroy();
    const path = new URL(request.url ?? "/", "http://provider").pathname;
    const body = await read(request);
    const form = new URLSearchParams(body);
    const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const sent = form.get("refresh_token") ?? form.get("code") ?? form.get("token") ?? bearer;
    const grant = form.get("grant_type") ?? "";
    requests.push({ path, grant, user: issued.get(sent)?.user ?? form.get("username") ?? "", sent });
    const [status, answered] = path === "/echo" ? echo(body, bearer) : answer(path, form, bearer);
    if (dawdles > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * dawdles));
    const hold = holds.get(path);
    if (hold !== undefined) {
      hold.arrived();
      await hold.gate;
    }
    const headers = { "content-type": "application/json", "cache-control": "no-store", connection: "close" };
    response.writeHead(status, headers).end(JSON.stringify(answered));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const issuer = `http://127.0.0.1:${port}`;

  /** @param {string} body @param {string} bearer @returns {[number, object]} */
  function echo(body, bearer) {
    return [200, { body, bearer }];
  }

  /** @param {string} path @param {URLSearchParams} form @param {string} bearer @returns {[number, object]} */
  function answer(path, form, bearer) {
    if (path === "/.well-known/openid-configuration") {
      const at = (/** @type {string} */ name) => `${issuer}/${name}`;
      return [200, {
        issuer,
        authorization_endpoint: at("authorize"),
        token_endpoint: at("token"),
        userinfo_endpoint: at("userinfo"),
        revocation_endpoint: at("revoke"),
        introspection_endpoint: at("introspect"),
        device_authorization_endpoint: at("device"),
        end_session_endpoint: at("logout"),
        jwks_uri: at("keys"),
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
        code_challenge_methods_supported: ["S256"],
      }];
    }
    if (path === "/keys") return [200, keys.keySet()];
    if (path === "/token") return token(form);
    if (path === "/revoke") return [200, {}];
    if (path === "/device") {
      const code = `device-${form.get("scope")?.split(" ").at(-1)}-${text()}`;
      issued.set(code, { user: String(form.get("scope")?.split(" ").at(-1)) });
      return [200, {
        device_code: code, user_code: "AB-CD", verification_uri: `${issuer}/d`, expires_in: 60, interval: 1,
      }];
    }
    if (path === "/introspect") {
      const of = issued.get(form.get("token") ?? "");
      return [200, of === undefined ? { active: false } : { active: true, sub: of.user, client_id: CLIENT.clientId }];
    }
    const of = issued.get(bearer);
    if (of === undefined) return [401, { error: "invalid_token" }];
    return [200, { sub: of.user, email: `${of.user}@app.example`, method: path }];
  }

  /** @param {URLSearchParams} form @returns {[number, object]} */
  function token(form) {
    const grant = form.get("grant_type");
    if (grant === "client_credentials") return [200, { ...bearerOf("machine"), scope: form.get("scope") ?? "" }];
    if (grant === "password") return [200, tokensFor(String(form.get("username")))];
    if (grant === "urn:ietf:params:oauth:grant-type:token-exchange") {
      const of = issued.get(form.get("subject_token") ?? "");
      if (of === undefined) return [400, { error: "invalid_grant" }];
      return [200, { ...bearerOf(of.user), issued_token_type: "urn:ietf:params:oauth:token-type:access_token" }];
    }
    if (grant === "urn:app:own") return [200, tokensFor(String(form.get("user")))];
    const sent = form.get("refresh_token") ?? form.get("code") ?? form.get("device_code") ?? "";
    const of = issued.get(sent);
    const times = (spent.get(sent) ?? 0) + 1;
    spent.set(sent, times);
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    const proven = of?.challenge === undefined || of.challenge === challenge;
    if (of === undefined || times > 1 || !proven) return [400, { error: "invalid_grant" }];
    return [200, tokensFor(of.user, of.nonce)];
  }

  /** @param {string} user */
  function bearerOf(user) {
    const access_token = `at-${user}-${text()}`;
    issued.set(access_token, { user });
    return { access_token, token_type: "Bearer", expires_in: lifetime, scope: `${user}:read` };
  }

  /** @param {string} user @param {string} [nonce] */
  function tokensFor(user, nonce) {
    const refresh_token = `rt-${user}-${text()}`;
    issued.set(refresh_token, { user });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, sub: user, aud: CLIENT.clientId, iat: now, exp: now + 600, nonce };
    return { ...bearerOf(user), refresh_token, id_token: keys.sign({ claims: JSON.stringify(claims), algorithm: "ES256" }) };
  }

  return {
    issuer,
    requests,
    /** How often each refresh token was sent. */
    sendings: () => [...spent].filter(([token]) => token.startsWith("rt-")).map(([, times]) => times),

    /** How long access tokens live that come from now on. @param {number} seconds */
    live: (seconds) => void (lifetime = seconds),

    /** Answers after up to so many milliseconds from now on. @param {number} milliseconds */
    dawdle: (milliseconds) => void (dawdles = milliseconds),

    /** Cuts every connection from now on. */
    fall: () => void (isDown = true),
    rise: () => void (isDown = false),

    /** A token set as an app would have kept it. @param {string} user */
    tokensOf(user) {
      const issuedAt = Math.floor(Date.now() / 1000);
      const { expires_in, ...tokens } = tokensFor(user);
      return { ...tokens, issued_at: issuedAt, expires_at: issuedAt + expires_in, version: 1 };
    },

    /** What the browser of a user comes back with. @param {string} authorizationUrl @param {string} user */
    authorize(authorizationUrl, user) {
      const asked = new URL(authorizationUrl).searchParams;
      const code = `code-${user}-${text()}`;
      const challenge = asked.get("code_challenge") ?? undefined;
      issued.set(code, { user, nonce: asked.get("nonce") ?? undefined, challenge });
      return `${asked.get("redirect_uri")}?${new URLSearchParams({ code, state: asked.get("state") ?? "" })}`;
    },

    /** A logout token for a user. @param {string} user */
    logoutToken(user) {
      const now = Math.floor(Date.now() / 1000);
      const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
      const claims = { iss: issuer, sub: user, aud: CLIENT.clientId, iat: now, exp: now + 60, jti: text(), events };
      const header = (/** @type {object} */ right) => ({ ...right, typ: "logout+jwt" });
      return keys.sign({ claims: JSON.stringify(claims), algorithm: "ES256", header });
    },

    /**
     * Keeps the answers of a path back until they are released.
     *
     * @param {string} path
     */
    hold(path) {
      /** @type {() => void} */
      let arrived = () => {};
      /** @type {() => void} */
      let release = () => {};
      const first = new Promise((resolve) => void (arrived = () => resolve(undefined)));
      const gate = /** @type {Promise<void>} */ (new Promise((resolve) => void (release = () => resolve(undefined))));
      holds.set(path, { arrived, gate });
      return {
        /** Until the first request is there. */
        arrived: first,
        release() {
          holds.delete(path);
          release();
        },
      };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function text() {
  return randomBytes(9).toString("base64url");
}
