// How the wasm is loaded: from where, how often, and what happens when it cannot be.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, beforeEach, mock, test } from "node:test";

const RUNTIME = new URL("../../pkg/runtime.js", import.meta.url).href;
const WASM = new URL("../../pkg/wasm/core.wasm", import.meta.url);

/** @type {Buffer} */
let bytes;
/** @type {import("node:http").Server} */
let server;
/** @type {string} */
let origin;
/** How many requests the server saw, and whether it is down. */
const seen = { requests: 0, isDown: false, type: "application/wasm" };
/** @type {typeof import("../../pkg-template/runtime.js")} */
let runtime;
let copies = 0;

before(async () => {
  bytes = await readFile(WASM);
  server = createServer((_request, response) => {
    seen.requests += 1;
    response.writeHead(seen.isDown ? 503 : 200, { "content-type": seen.type }).end(seen.isDown ? "" : bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

beforeEach(async () => {
  Object.assign(seen, { requests: 0, isDown: false, type: "application/wasm" });
  // A query makes it a module of its own, with a state of its own.
  runtime = await import(`${RUNTIME}?copy=${(copies += 1)}`);
});

/** @param {() => Promise<unknown>} act */
async function warningsOf(act) {
  const warn = mock.method(console, "warn", () => {});
  try {
    await act();
    return warn.mock.callCount();
  } finally {
    warn.mock.restore();
  }
}

test("before loading, acquire throws not_ready", () => {
  assert.equal(runtime.isReady(), false);
  assert.throws(() => runtime.acquire(), { name: "ConfigurationError", code: "not_ready", recovery: "fix" });
});

test("a URL, a string, an answer, a promise of one, bytes and a module are all sources", async () => {
  const sources = [
    new URL(origin), origin, await fetch(origin), fetch(origin), bytes, new Uint8Array(bytes).buffer,
    await WebAssembly.compile(bytes),
  ];
  for (const source of sources) {
    const fresh = await import(`${RUNTIME}?copy=${(copies += 1)}`);
    await fresh.ready(source);
    assert.equal(fresh.isReady(), true);
    assert.equal(fresh.acquire().dead, false);
  }
});

test("a server that does not know the media type of wasm is good enough", async () => {
  seen.type = "application/octet-stream";
  await runtime.ready(origin);
  assert.equal(runtime.isReady(), true);
});

test("concurrent and repeated calls load once and give the same instance", async () => {
  runtime.setSources({ core: { async: () => fetch(origin) }, configuration: {}, tools: {} });
  await Promise.all([runtime.ready(), runtime.ready(), runtime.ready()]);
  const instance = runtime.acquire();
  await runtime.ready();
  assert.equal(seen.requests, 1);
  assert.equal(runtime.acquire(), instance);
});

test("a load that failed says wasm_unavailable, and the next one can succeed", async () => {
  runtime.setSources({ core: { async: () => fetch(origin) }, configuration: {}, tools: {} });
  seen.isDown = true;
  await assert.rejects(runtime.ready(), { name: "ConfigurationError", code: "wasm_unavailable", recovery: "retry", message: /503/ });
  assert.equal(runtime.isReady(), false);
  seen.isDown = false;
  await runtime.ready();
  assert.equal(runtime.isReady(), true);
  assert.equal(seen.requests, 2);
});

test("an answer that failed is not asked twice: the next attempt goes where the entry says", async () => {
  runtime.setSources({ core: { async: () => fetch(origin) }, configuration: {}, tools: {} });
  await assert.rejects(runtime.ready(Promise.resolve(new Response("<!doctype html>"))), { code: "wasm_unavailable" });
  await runtime.ready();
  assert.equal(seen.requests, 1);
});

test("the first source wins, and only a different one warns", async () => {
  assert.equal(await warningsOf(() => Promise.all([runtime.ready(origin), runtime.ready(new URL(origin).href.slice(0, -1))])), 0);
  assert.equal(await warningsOf(() => runtime.ready(origin)), 0);
  assert.equal(await warningsOf(() => runtime.ready("http://127.0.0.1:1/other.wasm")), 1);
  assert.equal(seen.requests, 1);
});

test("loading synchronously works where the host can, and says not_ready where it cannot", () => {
  assert.throws(() => runtime.readySync(), { name: "ConfigurationError", code: "not_ready" });
  runtime.setSources({ core: { async: () => fetch(origin) }, configuration: {}, tools: {} });
  assert.throws(() => runtime.readySync(), { name: "ConfigurationError", code: "not_ready" });
  runtime.setSources({ core: { sync: () => new WebAssembly.Module(bytes) }, configuration: {}, tools: {} });
  runtime.readySync();
  const instance = runtime.acquire();
  runtime.readySync();
  assert.equal(runtime.acquire(), instance);
});

test("a synchronous load that is quicker than one under way keeps its instance", async () => {
  const module = await WebAssembly.compile(bytes);
  const loading = runtime.ready(module);
  runtime.readySync();
  const instance = runtime.acquire();
  await loading;
  assert.equal(runtime.acquire(), instance);
});
