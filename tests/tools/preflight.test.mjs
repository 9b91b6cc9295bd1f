// @ts-check
// A preflight in Node: the real provider, providers with a fault, and none at all.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";

import { IdpClient } from "wasm-oidc";

import { startHostile } from "../op/hostile.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { metadataOf, notable, startBare, stepOf } from "./bare.mjs";

const REDIRECT_URI = "http://127.0.0.1:4200/callback";

/** @type {(() => Promise<unknown>)[]} */
const endings = [];
after(() => Promise.all(endings.map((end) => end())));

/** Closes it after the tests. @template {{ close(): Promise<unknown> }} T @param {T} server */
function closing(server) {
  endings.push(() => server.close());
  return server;
}

/** @param {object} options */
async function look(options) {
  const idp = IdpClient.createSync(
    /** @type {import("wasm-oidc").ClientOptions} */ ({ clientId: "test-spa", redirectUri: REDIRECT_URI, ...options }),
  );
  return idp.preflight();
}

/** @param {Parameters<typeof startBare>[0]} [change] @param {Parameters<typeof startBare>[1]} [options] */
const bare = async (change, options) => closing(await startBare(change, options));

/** A port at which nobody listens. */
async function nobody() {
  const server = await startBare();
  await server.close();
  return server.issuer;
}

describe("a preflight of a provider that does what it should", () => {
  it("finds the real provider fit for a public client, and says what is not as good as it could be", async () => {
    const provider = closing(await startTestProvider({ redirectUris: [REDIRECT_URI] }));
    const report = await look({ issuer: provider.issuer, scopes: "openid email offline_access" });
    assert.equal(report.ok, true, JSON.stringify(report, null, 2));
    assert.equal(report.provider, provider.issuer);
    assert.deepEqual(notable(report), ["exposed_headers: warning headers_hidden"]);
    const { details } = stepOf(report, "exposed_headers");
    assert.ok(/** @type {string[]} */ (details.hidden).includes("Date"));
    assert.equal(details.headerLine, "Access-Control-Expose-Headers: Retry-After, WWW-Authenticate, DPoP-Nonce, Date");
    const clock = stepOf(report, "clock").details;
    assert.ok(Math.abs(Number(clock.differenceSeconds)) <= 2 && Number(clock.uncertaintySeconds) >= 1);
    const discovery = stepOf(report, "discovery");
    assert.ok(discovery.durationMs >= 0 && discovery.details.status === 200);
  });

  it("names a client that the real provider does not know", async () => {
    const provider = closing(await startTestProvider({ redirectUris: [REDIRECT_URI] }));
    const report = await look({ issuer: provider.issuer, clientId: "nobody" });
    assert.deepEqual(stepOf(report, "token_endpoint").details.findings.map(({ code }) => code), ["client_unknown"]);
  });

  it("sends no more than it says, no secret, and counts the keys", async () => {
    const { issuer, asked } = await bare();
    const report = await look({ issuer, clientSecret: "canary", clientId: "web" });
    assert.deepEqual(asked.map(({ method, path, body }) => `${method} ${path} ${body}`).sort(), [
      "GET /.well-known/openid-configuration ",
      "GET /keys ",
      "GET /me ",
      "POST /token client_id=web",
    ]);
    assert.deepEqual(asked.map(({ headers }) => headers.authorization).filter(Boolean), ["Bearer preflight"]);
    assert.doesNotMatch(JSON.stringify(report), /canary/);
    assert.deepEqual(stepOf(report, "key_set").details.usable, { RS256: 1 });
    assert.equal(stepOf(report, "cors_token").status, "skipped");
  });

  it("looks at a plain OAuth provider whose metadata is given by hand", async () => {
    const { issuer, asked } = await bare();
    const { token_endpoint, authorization_endpoint, revocation_endpoint } = metadataOf(issuer);
    const metadata = { token_endpoint, authorization_endpoint, revocation_endpoint };
    const report = await look({ type: "oauth2", name: "forge", metadata, scopes: "repo" });
    assert.equal(report.ok, true);
    assert.equal(report.provider, "forge");
    assert.deepEqual(asked.map(({ path }) => path), ["/token"]);
    assert.equal(stepOf(report, "reachability").details.url, token_endpoint);
    const skipped = ["discovery", "issuer", "signing_algorithms", "key_set", "cors_discovery", "cors_key_set", "cors_userinfo"];
    for (const name of skipped) assert.equal(stepOf(report, name).status, "skipped", name);
  });

  it("finds a plain OAuth provider by RFC 8414, and names it where the type says otherwise [M2]", async () => {
    const server = await bare((answers) => {
      answers["/.well-known/oauth-authorization-server"] = answers["/.well-known/openid-configuration"];
      delete answers["/.well-known/openid-configuration"];
    });
    const right = await look({ issuer: server.issuer, type: "oauth2" });
    assert.deepEqual([right.ok, stepOf(right, "discovery").status], [true, "success"]);
    const wrong = await look({ issuer: server.issuer });
    const { findings } = stepOf(wrong, "discovery").details;
    assert.deepEqual(findings.map(({ code }) => code), ["discovery_not_found", "discovery_elsewhere"]);
    assert.match(findings[1].remedy, /`type` to "oauth2"/);
  });
});

describe("a preflight of a provider with a fault", () => {
  it("names the faults of the hostile provider", async () => {
    const hostile = closing(await startHostile({ redirectUris: [REDIRECT_URI] }));
    for (const [fault, name, code] of [
      ["discovery_wrong_issuer", "issuer", "issuer_differs"],
      ["discovery_html", "discovery", "discovery_media_type"],
      ["token_redirect", "token_endpoint", "token_endpoint_unavailable"],
      ["jwks_unreachable_once", "key_set", "unreachable"],
    ]) {
      const report = await look({ issuer: hostile.issuer(fault) });
      assert.equal(report.ok, false, fault);
      const [finding] = stepOf(report, name).details.findings;
      assert.ok(finding?.code === code && finding.remedy.endsWith("."), `${fault}: ${JSON.stringify(finding)}`);
    }
  });

  it("says that a provider takes only what this client does not send, and what it does not offer [P5, B8]", async () => {
    const { issuer } = await bare((answers, base) => {
      answers["/.well-known/openid-configuration"].body = {
        ...metadataOf(base),
        require_pushed_authorization_requests: true,
        code_challenge_methods_supported: ["plain"],
        authorization_response_iss_parameter_supported: false,
        end_session_endpoint: undefined,
      };
    });
    const report = await look({ issuer });
    assert.deepEqual(notable(report), [
      "endpoints: warning end_session_endpoint_missing",
      "authorization_request: failure par_required",
      "pkce: failure pkce_plain_only",
      "issuer_parameter: warning issuer_parameter_not_advertised",
    ]);
  });

  it("names an endpoint on http that is not on this device [B14]", async () => {
    const { issuer } = await bare((answers, base) => {
      answers["/.well-known/openid-configuration"].body = { ...metadataOf(base), token_endpoint: "http://idp.example.com/token" };
    });
    const report = await look({ issuer });
    assert.equal(report.ok, false);
    assert.deepEqual(stepOf(report, "endpoints").details.findings.map(({ code }) => code), ["endpoint_insecure"]);
  });

  it("measures a clock that is wrong, in the answers of the real provider", async () => {
    const provider = closing(await startTestProvider({ redirectUris: [REDIRECT_URI] }));
    const ahead = (/** @type {number} */ seconds) => ({
      issuer: provider.issuer,
      fetch: async (/** @type {Request} */ request) => {
        const answer = await fetch(request);
        const headers = new Headers(answer.headers);
        headers.set("date", new Date(Date.now() + seconds * 1000).toUTCString());
        return new Response(answer.body, { status: answer.status, headers });
      },
    });
    for (const [seconds, status] of /** @type {[number, string][]} */ ([[0, "success"], [45, "warning"], [-300, "failure"]])) {
      const report = await look(ahead(seconds));
      const clock = stepOf(report, "clock");
      assert.equal(clock.status, status, clock.message);
      assert.ok(Math.abs(Number(clock.details.differenceSeconds) - seconds) <= 2, clock.message);
      assert.equal(report.ok, status !== "failure");
    }
  });

  it("judges CORS as a page at the redirect URI's origin would find it", async () => {
    const { issuer, asked } = await bare(undefined, { headers: {} });
    const report = await look({ issuer });
    assert.equal(report.ok, true, "whether a page asks at all, only a page knows");
    for (const name of ["cors_discovery", "cors_key_set", "cors_token", "cors_userinfo"]) {
      const { status, details } = stepOf(report, name);
      assert.deepEqual([status, details.findings.map(({ code }) => code)], ["warning", ["cors_refused"]]);
      assert.match(details.findings[0].remedy, /"Access-Control-Allow-Origin: http:\/\/127\.0\.0\.1:4200"/);
    }
    assert.ok(asked.every(({ headers }) => headers.origin === "http://127.0.0.1:4200"));
    const before = asked.find(({ method }) => method === "OPTIONS");
    assert.equal(before?.headers["access-control-request-headers"], "authorization");
    assert.equal(before?.path, "/me");
  });

  it("judges no CORS for a program that signs in by itself", async () => {
    const { issuer, asked } = await bare(undefined, { headers: {} });
    const report = await look({ issuer, session: "single-user" });
    assert.equal(stepOf(report, "cors_token").status, "skipped");
    assert.ok(asked.every(({ headers }) => headers.origin === undefined));
  });
});

describe("a preflight of a provider that is not there", () => {
  it("tells a port at which nobody listens", async () => {
    const report = await look({ issuer: await nobody() });
    assert.equal(report.ok, false);
    assert.deepEqual(stepOf(report, "reachability").details.findings.map(({ code }) => code), ["connection_refused"]);
    assert.equal(stepOf(report, "pkce").status, "skipped");
  });

  it("tells a host name without an address", async () => {
    const report = await look({ issuer: "https://nobody.invalid" });
    assert.deepEqual(stepOf(report, "reachability").details.findings.map(({ code }) => code), ["name_unknown"]);
  });

  it("tells a certificate that nobody trusts", async () => {
    const server = await selfSigned();
    endings.push(server.close);
    const report = await look({ issuer: server.issuer });
    assert.deepEqual(stepOf(report, "reachability").details.findings.map(({ code }) => code), ["tls_failed"]);
  });

  it("ends within the time limit where nothing is ever answered", async () => {
    const started = performance.now();
    const report = await look({ issuer: "https://idp.example.com", timeoutSeconds: 1, fetch: () => new Promise(() => {}) });
    assert.deepEqual(stepOf(report, "reachability").details.findings.map(({ code }) => code), ["timed_out"]);
    assert.ok(performance.now() - started < 10_000);
  });

  it("reports whatever a fetch of the app's own does", async () => {
    for (const broken of [() => Promise.reject("a string"), () => 3, () => { throw new TypeError("no"); }]) {
      const report = await look({ issuer: "https://idp.example.com", fetch: broken });
      assert.deepEqual([report.ok, stepOf(report, "reachability").status], [false, "failure"]);
    }
  });

  it("is refused after dispose", async () => {
    const idp = IdpClient.createSync({ issuer: "https://idp.example.com", clientId: "spa" });
    idp.dispose();
    await assert.rejects(idp.preflight(), { name: "ConfigurationError", code: "disposed" });
  });
});

/** A server of 127.0.0.1 whose certificate only itself has signed. */
async function selfSigned() {
  const folder = await mkdtemp(join(tmpdir(), "wasm-oidc-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert];
  await promisify(execFile)("openssl", [...made, ...subject]);
  const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_, res) => void res.end());
  await rm(folder, { recursive: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    issuer: `https://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
