// @ts-check
// A plain OAuth 2.0 provider as GitHub is one: no discovery and no ID token, answers that are forms unless JSON is asked
// for, scopes with commas, errors with status 200, and a `/user` endpoint whose ids are numbers.
//
// A client id says how it authenticates: `basic-…` takes its secret in the header alone, `post-…` in the form alone, any
// other in both. Its secret is `secret of <client id>`.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { read } from "./http.mjs";

/**
 * @typedef {{ status?: number, type?: string, body: string }} Planned an answer instead of the usual one
 * @typedef {{ id: unknown, login: string, name?: string | null, email?: string | null, [member: string]: unknown }} User
 * @typedef {{ path: string, authorization?: string, accept?: string, form: URLSearchParams }} Seen
 */

/** @type {User} */
export const octocat = { id: 583231, login: "octocat", name: "The Octocat", email: "octocat@github.example" };

export async function startGitHubLike() {
  /** @type {Map<string, { challenge: string, redirectUri: string, clientId: string, scope: string }>} */
  const codes = new Map();
  /** @type {Map<string, { scope: string }>} */
  const tokens = new Map();
  /** @type {Map<string, { scope: string }>} */
  const refreshTokens = new Map();
  const provider = {
    url: "",
    /** Who is signed in there. @type {User} */
    user: octocat,
    /** Access tokens live so many seconds, with a refresh token beside them; 0: for ever, and without. */
    lifetime: 0,
    /** What it writes, whatever is asked for: GitHub writes a form unless JSON is asked for. @type {"form" | "json"} */
    writes: /** @type {"form" | "json"} */ ("form"),
    /** The next answers of a path. @type {Record<string, Planned[]>} */
    instead: /** @type {Record<string, Planned[]>} */ ({}),
    /** @type {Seen[]} */
    seen: [],
    /** Manual metadata; the members of `more` over the usual ones. @param {Record<string, unknown>} [more] */
    metadata: (more) => ({
      authorization_endpoint: `${provider.url}/login/oauth/authorize`,
      token_endpoint: `${provider.url}/login/oauth/access_token`,
      userinfo_endpoint: `${provider.url}/user`,
      ...more,
    }),
    /** How many requests a path had. @param {string} path */
    count: (path) => provider.seen.filter((seen) => seen.path === path).length,
    /** What the user's consent leads to. @param {string} authorizationUrl */
    async authorize(authorizationUrl) {
      const response = await fetch(authorizationUrl, { redirect: "manual" });
      return response.headers.get("location") ?? (await response.text());
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  /** @param {string} scope */
  const issue = (scope) => {
    const made = { access_token: `gho_${randomBytes(12).toString("hex")}`, scope: scope.replaceAll(" ", ","), token_type: "bearer" };
    tokens.set(made.access_token, { scope });
    if (provider.lifetime === 0) return made;
    const refresh_token = `ghr_${randomBytes(12).toString("hex")}`;
    refreshTokens.set(refresh_token, { scope });
    return { ...made, expires_in: provider.lifetime, refresh_token, refresh_token_expires_in: 15_897_600 };
  };

  const refusal = (/** @type {string} */ error, /** @type {string} */ description) => ({
    error, error_description: description, error_uri: "https://docs.example/errors",
  });

  /** @param {URLSearchParams} form @param {string | undefined} authorization */
  const answer = (form, authorization) => {
    const clientId = authenticated(form, authorization);
    if (clientId === undefined) {
      return refusal("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
    }
    if (form.get("grant_type") === "refresh_token") {
      const known = refreshTokens.get(form.get("refresh_token") ?? "");
      if (known === undefined) return refusal("bad_refresh_token", "The refresh token passed is incorrect or expired.");
      refreshTokens.delete(form.get("refresh_token") ?? "");
      return issue(known.scope);
    }
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (code === undefined || code.clientId !== clientId || code.challenge !== challenge) {
      return refusal("bad_verification_code", "The code passed is incorrect or expired.");
    }
    if (code.redirectUri !== form.get("redirect_uri")) {
      return refusal("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL.");
    }
    return issue(code.scope);
  };

  const server = createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", provider.url);
    const { authorization, accept } = req.headers;
    const form = new URLSearchParams(await read(req));
    provider.seen.push({ path: pathname, authorization, accept, form });
    const say = (/** @type {number} */ status, /** @type {string} */ type, /** @type {string} */ body) =>
      void res.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    const planned = provider.instead[pathname]?.shift();
    if (planned !== undefined) return say(planned.status ?? 200, planned.type ?? "application/json", planned.body);
    if (pathname === "/login/oauth/authorize") {
      const asked = Object.fromEntries(searchParams);
      if (asked.code_challenge_method !== "S256" || asked.nonce !== undefined) return say(400, "text/plain", "no PKCE, or a nonce");
      const code = randomBytes(10).toString("hex");
      codes.set(code, {
        challenge: asked.code_challenge, redirectUri: asked.redirect_uri, clientId: asked.client_id, scope: asked.scope ?? "",
      });
      const to = new URL(asked.redirect_uri);
      to.search = String(new URLSearchParams({ code, state: asked.state }));
      return void res.writeHead(302, { location: to.href }).end();
    }
    if (pathname === "/login/oauth/access_token" && req.method === "POST") {
      const members = answer(form, authorization);
      if (provider.writes === "json") return say(200, "application/json; charset=utf-8", JSON.stringify(members));
      const pairs = Object.entries(members).map(([name, value]) => /** @type {[string, string]} */ ([name, String(value)]));
      return say(200, "application/x-www-form-urlencoded; charset=utf-8", String(new URLSearchParams(pairs)));
    }
    if (pathname === "/user") {
      const known = tokens.get(/^Bearer (.*)$/.exec(authorization ?? "")?.[1] ?? "");
      if (known === undefined) return say(401, "application/json; charset=utf-8", '{"message":"Bad credentials"}');
      return say(200, "application/json; charset=utf-8", JSON.stringify(provider.user));
    }
    say(404, "application/json; charset=utf-8", '{"message":"Not Found"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  provider.url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  return provider;
}

/**
 * The client that a token request proves to come from.
 *
 * @param {URLSearchParams} form
 * @param {string | undefined} authorization
 */
function authenticated(form, authorization) {
  const basic = /^Basic (.*)$/.exec(authorization ?? "")?.[1];
  const inHeader = Buffer.from(basic ?? "", "base64").toString().split(":").map((part) => decodeURIComponent(part.replaceAll("+", " ")));
  const inForm = [form.get("client_id") ?? "", form.get("client_secret") ?? ""];
  const [clientId, secret] = basic === undefined ? inForm : inHeader;
  if (basic !== undefined ? clientId.startsWith("post-") : clientId.startsWith("basic-")) return undefined;
  // One of the two ways, never both (RFC 6749 2.3).
  if (basic !== undefined && form.has("client_secret")) return undefined;
  return secret === `secret of ${clientId}` ? clientId : undefined;
}
