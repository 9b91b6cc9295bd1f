// @ts-check
// A provider made of plain answers, in which a test changes one: status, headers, body, for each path. It redeems
// nothing; a preflight asks for nothing.
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: unknown }} Answer `body`: text, or what becomes JSON
 * @typedef {{ method: string, path: string, headers: import("node:http").IncomingHttpHeaders, body: string }} Asked
 */

/** What lets a page of any origin read everything. */
export const OPEN = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "Authorization",
  "access-control-expose-headers": "Retry-After, WWW-Authenticate, DPoP-Nonce, Date",
};

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** A key set with one RSA key. */
export const keySet = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" }] };

/**
 * @param {(answers: Record<string, Answer>, base: string) => void} [change] of the answers, by path
 * @param {{ headers?: Record<string, string> }} [options] `headers` of every answer, instead of {@link OPEN}
 */
export async function startBare(change = () => {}, { headers = OPEN } = {}) {
  /** @type {Asked[]} */
  const asked = [];
  const server = createServer(async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    const path = (req.url ?? "").split("?")[0];
    asked.push({ method: req.method ?? "", path, headers: req.headers, body: Buffer.concat(parts).toString() });
    const { status = 200, body, ...answer } = req.method === "OPTIONS" ? { status: 204 } : (answers[path] ?? { status: 404 });
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json", ...headers, .../** @type {Answer} */ (answer).headers });
    res.end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  /** @type {Record<string, Answer>} */
  const answers = {
    "/.well-known/openid-configuration": { body: metadataOf(base) },
    "/keys": { body: keySet },
    "/token": { status: 400, body: { error: "invalid_request" } },
    "/me": { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' }, body: { error: "invalid_token" } },
  };
  change(answers, base);
  return {
    issuer: base,
    asked,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param {string} base */
export function metadataOf(base) {
  return {
    issuer: base,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/keys`,
    userinfo_endpoint: `${base}/me`,
    end_session_endpoint: `${base}/logout`,
    revocation_endpoint: `${base}/revoke`,
    response_types_supported: ["code"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}

/** What is not a success: `step: status finding …`. @param {import("wasm-oidc").PreflightReport} report */
export function notable({ steps }) {
  return steps
    .filter(({ status }) => status !== "success")
    .map(({ name, status, details }) => [`${name}:`, status, ...details.findings.map(({ code }) => code)].join(" "));
}

/** @param {import("wasm-oidc").PreflightReport} report @param {string} name */
export function stepOf(report, name) {
  const step = report.steps.find((step) => step.name === name);
  if (step === undefined) throw new Error(`the report has no step ${name}`);
  return step;
}
