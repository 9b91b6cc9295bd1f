// @ts-check
// Keys that are renewed ahead of their time, while nobody waits for them: by `waitUntil`, as a Worker gives it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, mock, test } from "node:test";

import { createVerifier } from "wasm-oidc/edge";

import { signingKeys } from "../op/signing.mjs";

const AUDIENCE = "https://api.example";

/** A verifier whose issuer counts the requests for its keys, and a request with a token that lives for hours. */
async function setting() {
  const keys = signingKeys();
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(keys.keySet()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: AUDIENCE, exp: now + 14_400, iat: now, sub: "usr_1", client_id: "spa", jti: "j1" };
  const token = keys.sign({ claims: JSON.stringify(claims), header: (right) => ({ ...right, typ: "at+jwt" }) });
  const verifier = createVerifier({ issuer, audience: AUDIENCE, jwksUri: `${issuer}/keys`, maxCacheSeconds: 86_400 });
  return {
    verifier,
    request: new Request("https://api.example/", { headers: { authorization: `Bearer ${token}` } }),
    asked: () => asked,
    close: () => server.close(),
  };
}

afterEach(() => mock.reset());

test("are asked for once when they are soon too old, and the request that finds that does not wait", async () => {
  const { verifier, request, asked, close } = await setting();
  try {
    /** @type {Promise<unknown>[]} */
    const later = [];
    const needs = { waitUntil: (/** @type {Promise<unknown>} */ work) => void later.push(work) };
    const agent = await verifier.verify(request, needs);
    assert.equal(await verifier.verify(request, needs), agent);
    assert.deepEqual([asked(), later.length], [1, 0]);

    mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_100_000 });
    assert.equal(await verifier.verify(request, needs), agent);
    assert.equal(await verifier.verify(request, needs), agent);
    assert.equal(later.length, 1);
    await later[0];
    assert.equal(asked(), 2);

    // Past the age of the first keys: those that were renewed are in use.
    mock.timers.setTime(Date.now() + 1_000_000);
    assert.equal(await verifier.verify(request, needs), agent);
    assert.deepEqual([asked(), later.length], [2, 1]);
  } finally {
    close();
  }
});

test("are renewed all the same by a method that was taken from its object, and the request is answered", async () => {
  const { verifier, request, asked, close } = await setting();
  const said = mock.method(console, "error", () => {});
  class Context {
    #kept = /** @type {Promise<unknown>[]} */ ([]);
    /** @param {Promise<unknown>} work */
    waitUntil(work) {
      this.#kept.push(work);
    }
  }
  try {
    const { waitUntil } = new Context();
    const agent = await verifier.verify(request, { waitUntil });
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_100_000 });
    assert.equal(await verifier.verify(request, { waitUntil }), agent);
    assert.match(String(said.mock.calls[0]?.arguments[0]), /waitUntil/);
    for (let turn = 0; asked() < 2 && turn < 200; turn += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(asked(), 2);
  } finally {
    close();
  }
});
