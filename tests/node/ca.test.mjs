// A `fetch` that trusts a certificate authority of one's own, and nothing beyond that.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync, brotliCompressSync } from "node:zlib";

import { IdpClient } from "wasm-oidc";
import { fetchTrusting } from "wasm-oidc/node";

import { makeCertificates, startHttps } from "./certificates.mjs";
import { emptyFolder } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof emptyFolder>>} */
let place;
/** @type {ReturnType<typeof makeCertificates>} */
let certificates;
/** @type {Awaited<ReturnType<typeof startHttps>>} */
let server;
/** @type {Awaited<ReturnType<typeof startHttps>>} */
let misnamed;
/** @type {import("node:http").Server} */
let plain;
let plainOrigin = "";

/** What came, by path. @type {{ method: string, url: string, headers: import("node:http").IncomingHttpHeaders, body: string }[]} */
const seen = [];

/** @type {import("node:http").RequestListener} */
const answer = async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { method = "", url = "", headers } = request;
  seen.push({ method, url, headers, body });
  const [path, to] = url.split("?to=");
  const status = Number(path.slice(1)) || 200;
  if (to !== undefined) return response.writeHead(status, { location: decodeURIComponent(to) }).end("moved");
  if (path === "/gzip") return response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("packed"));
  if (path === "/br") return response.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync("packed"));
  if (path === "/cookies") return response.writeHead(200, [["set-cookie", "a=1"], ["set-cookie", "b=2"]].flat()).end();
  if (path === "/hang") return response.writeHead(200).write("begin");
  if (path === "/cut") return request.socket.destroy();
  response.writeHead(status, { "x-method": method, "content-type": "text/plain" }).end(status === 204 ? undefined : `${method} ${body}`);
};

before(async () => {
  place = await emptyFolder();
  certificates = makeCertificates(place.folder);
  server = await startHttps(certificates.serving(), answer);
  misnamed = await startHttps(certificates.serving("DNS:elsewhere.example"), answer);
  plain = createServer(answer);
  await new Promise((resolve) => plain.listen(0, "127.0.0.1", () => resolve(undefined)));
  plainOrigin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (plain.address()).port}`;
});
after(async () => {
  await Promise.all([server?.close(), misnamed?.close(), new Promise((resolve) => plain?.close(resolve)), place?.remove()]);
});

test("a server with a certificate of that authority is trusted, given as text, as a path, as a URL or among others", async () => {
  await assert.rejects(fetch(`${server.origin}/`), TypeError);
  const { ca, otherCa, caFile } = certificates;
  for (const source of [ca, caFile, pathToFileURL(caFile), [otherCa, caFile], `${otherCa}\n${ca}`]) {
    const response = await fetchTrusting(source)(`${server.origin}/`);
    assert.deepEqual([response.status, await response.text()], [200, "GET "]);
  }
});

test("another authority's certificate, and one for another name, are refused as ever", async () => {
  await assert.rejects(fetchTrusting(certificates.otherCa)(`${server.origin}/`), (error) => {
    assert.ok(error instanceof TypeError);
    assert.match(String(/** @type {any} */ (error.cause).code), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED/);
    return true;
  });
  await assert.rejects(fetchTrusting(certificates.ca)(`${misnamed.origin}/`), (error) => /** @type {any} */ (error).cause.code === "ERR_TLS_CERT_ALTNAME_INVALID");
});

test("the authorities of the platform stay trusted", async () => {
  const { rootCertificates } = await import("node:tls");
  const { httpsFetch } = await import("../../pkg/node/https-fetch.js");
  const https = (await import("node:https")).default;
  assert.ok(rootCertificates.length > 50);
  assert.equal(typeof httpsFetch, "function");
  /** @type {any} */
  let options;
  const { request } = https;
  https.request = /** @type {any} */ ((/** @type {any} */ url, /** @type {any} */ given, /** @type {any} */ more) => ((options = given), request(url, given, more)));
  const { syncBuiltinESMExports } = await import("node:module");
  syncBuiltinESMExports();
  try {
    await (await fetchTrusting(certificates.ca)(`${server.origin}/`)).text();
  } finally {
    https.request = request;
    syncBuiltinESMExports();
  }
  const { ca, rejectUnauthorized } = options.agent.options;
  assert.ok(ca.includes(rootCertificates[0]) && ca.includes(certificates.ca));
  assert.equal(rejectUnauthorized, undefined);
});

test("what is no certificate is refused with what was expected, a file that is not there at each request until it is", async () => {
  for (const odd of [undefined, "", [], 7, [""]]) {
    assert.throws(() => fetchTrusting(/** @type {any} */ (odd)), { name: "ConfigurationError", code: "invalid_option" });
  }
  const later = join(place.folder, "later.pem");
  const trusting = fetchTrusting(later);
  await assert.rejects(trusting(`${server.origin}/`), { code: "invalid_option", message: /later\.pem cannot be read \(ENOENT\)/ });
  await writeFile(later, "no certificate");
  await assert.rejects(trusting(`${server.origin}/`), { code: "invalid_option", message: /holds no certificate in PEM/ });
  await writeFile(later, certificates.ca);
  assert.equal((await trusting(`${server.origin}/`)).status, 200);
});

test("requests and responses are those of fetch: methods, headers, bodies, streams, statuses, encodings", async () => {
  const trusting = fetchTrusting(certificates.ca);
  const url = (/** @type {string} */ path) => `${server.origin}${path}`;
  const posted = await trusting(new Request(url("/a?b=c"), { method: "POST", body: new URLSearchParams({ d: "é" }), headers: { "x-own": "1" } }));
  assert.equal(await posted.text(), "POST d=%C3%A9");
  const { headers } = seen.at(-1) ?? { headers: {} };
  assert.deepEqual([headers["x-own"], headers["content-type"]], ["1", "application/x-www-form-urlencoded;charset=UTF-8"]);
  const stream = new ReadableStream({ start: (controller) => (controller.enqueue(new TextEncoder().encode("streamed")), controller.close()) });
  assert.equal(await (await trusting(url("/"), { method: "PUT", body: stream, duplex: "half" })).text(), "PUT streamed");
  assert.equal(await (await trusting(url("/gzip"))).text(), "packed");
  assert.equal(await (await trusting(url("/br"))).text(), "packed");
  for (const status of [204, 404, 500]) assert.equal((await trusting(url(`/${status}`))).status, status);
  const head = await trusting(url("/"), { method: "HEAD" });
  assert.deepEqual([head.headers.get("x-method"), head.body], ["HEAD", null]);
  assert.deepEqual((await trusting(url("/cookies"))).headers.getSetCookie(), ["a=1", "b=2"]);
});

test("redirects are followed, shown or refused as fetch does, and a token stays with its origin", async () => {
  const trusting = fetchTrusting(certificates.ca);
  const to = (/** @type {number} */ status, /** @type {string} */ target) => `${server.origin}/${status}?to=${encodeURIComponent(target)}`;
  const shown = await trusting(to(302, "/there"), { redirect: "manual" });
  assert.deepEqual([shown.status, shown.headers.get("location")], [302, "/there"]);
  await assert.rejects(trusting(to(302, "/there"), { redirect: "error" }), TypeError);
  const followed = await trusting(to(302, "/there"), { headers: { authorization: "Bearer x" } });
  assert.equal(await followed.text(), "GET ");
  assert.equal(seen.at(-1)?.headers.authorization, "Bearer x");
  await (await trusting(to(307, `${plainOrigin}/there`), { headers: { authorization: "Bearer x", cookie: "a=1" } })).text();
  assert.deepEqual([seen.at(-1)?.url, seen.at(-1)?.headers.authorization, seen.at(-1)?.headers.cookie], ["/there", undefined, undefined]);
  assert.equal(await (await trusting(to(303, "/there"), { method: "POST", body: "x" })).text(), "GET ");
  await assert.rejects(trusting(to(307, "/there"), { method: "POST", body: "x" }), /second time/);
  await assert.rejects(trusting(to(302, "file:///etc/passwd")), TypeError);
});

test("redirects that lead round in a circle end", async () => {
  const before = seen.length;
  await assert.rejects(fetchTrusting(certificates.ca)(`${server.origin}/302?to=`), /too many redirects/);
  assert.equal(seen.length - before, 21);
});

test("aborting, a connection that is cut and a server that is not there reject as those of fetch do", async () => {
  const trusting = fetchTrusting(certificates.ca);
  await assert.rejects(trusting(`${server.origin}/`, { signal: AbortSignal.abort(new Error("before")) }), /before/);
  const controller = new AbortController();
  const hanging = await trusting(`${server.origin}/hang`, { signal: controller.signal });
  controller.abort();
  await assert.rejects(hanging.text());
  await assert.rejects(trusting(`${server.origin}/cut`), TypeError);
  await assert.rejects(trusting("https://127.0.0.1:9/"), TypeError);
});

test("a client finds its provider by it, and plain http still goes the platform's way", async () => {
  const issuer = server.origin;
  const document = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
  const provider = await startHttps(certificates.serving(), (_request, response) => {
    const own = JSON.parse(JSON.stringify(document).replaceAll(issuer, provider.origin));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(own));
  });
  const idp = await IdpClient.create({ issuer: provider.origin, clientId: "x", fetch: fetchTrusting(certificates.caFile) });
  assert.equal((await idp.discover()).token_endpoint, `${provider.origin}/token`);
  idp.dispose();
  await provider.close();
  assert.equal(await (await fetchTrusting(certificates.ca)(`${plainOrigin}/`)).text(), "GET ");
});
