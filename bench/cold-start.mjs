// @ts-check
// How long a Worker takes from its start to the first verified request, beside the same Worker with jose and one that
// verifies nothing: in workerd, bundled and minified as it is deployed, a new workerd for each run. The contestants take
// turns, so that whatever else the machine does meets them alike. It is a measurement; nothing is held to it.

import { once } from "node:events";
import { createServer } from "node:http";
import { brotliCompressSync } from "node:zlib";
import { fileURLToPath } from "node:url";

import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { Miniflare } from "miniflare";

import { bundledWorker } from "../tests/runtimes/bundle.mjs";

/**
 * @typedef {{ issuer: string, audience: string, jwksUri: string }} Trust
 *
 * @typedef {object} Times milliseconds
 * @property {number} listening from the start until workerd listens
 * @property {number} first the first request, with the fetch of the keys
 * @property {number} total both
 * @property {number} second one more request with the same token
 */

const CONTESTANTS = /** @type {const} */ ([
  ["wasm-oidc/edge", "wasm-oidc"],
  ["jose", "jose"],
  ["nothing verified", "nothing"],
]);

/**
 * @param {number} runs of each contestant
 * @returns {Promise<{ name: string, kilobytes: number, runs: Times[], median: Times }[]>}
 */
export async function coldStarts(runs) {
  const { trust, token, close } = await startIssuer();
  try {
    const contestants = [];
    for (const [name, file] of CONTESTANTS) {
      const options = await bundledWorker(fileURLToPath(new URL(`workers/${file}.mjs`, import.meta.url)), { minify: true });
      const bytes = options.modules.reduce((sum, { contents }) => sum + brotliCompressSync(contents).length, 0);
      contestants.push({ name, kilobytes: bytes / 1000, options, runs: /** @type {Times[]} */ ([]) });
    }
    // The first start of all brings workerd into the machine's memory.
    await start(contestants[2].options, trust, token);
    for (let run = 0; run < runs; run += 1) {
      for (const contestant of contestants) contestant.runs.push(await start(contestant.options, trust, token));
    }
    return contestants.map(({ name, kilobytes, runs }) => ({ name, kilobytes, runs, median: medians(runs) }));
  } finally {
    await close();
  }
}

/** An issuer's keys, and a token of it (RFC 9068). */
async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keySet = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "key-1", alg: "RS256", use: "sig" }] });
  const server = createServer((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(keySet));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const trust = { issuer, audience: "https://api.example.com/", jwksUri: `${issuer}/jwks` };
  const token = await new SignJWT({ client_id: "app", scope: "users:read" })
    .setProtectedHeader({ alg: "RS256", kid: "key-1", typ: "at+jwt" })
    .setIssuer(issuer).setAudience(trust.audience).setSubject("usr_1").setJti("token-1").setIssuedAt().setExpirationTime("1h")
    .sign(privateKey);
  return {
    trust,
    token,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param {Awaited<ReturnType<typeof bundledWorker>>} options @param {Trust} trust @param {string} token @returns {Promise<Times>} */
async function start(options, trust, token) {
  const started = performance.now();
  const miniflare = new Miniflare({ ...options, bindings: trust });
  try {
    await miniflare.ready;
    const listening = performance.now();
    await ask(miniflare, token);
    const answered = performance.now();
    await ask(miniflare, token);
    const second = performance.now() - answered;
    return { listening: listening - started, first: answered - listening, total: answered - started, second };
  } finally {
    await miniflare.dispose();
  }
}

/** @param {Miniflare} miniflare @param {string} token */
async function ask(miniflare, token) {
  const response = await miniflare.dispatchFetch("https://api.example.com/notes", { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (response.status !== 200 || text !== "usr_1") throw new Error(`the Worker answered ${response.status}: ${text}`);
}

/** @param {Times[]} runs @returns {Times} */
function medians(runs) {
  const median = (/** @type {keyof Times} */ name) => {
    const sorted = runs.map((run) => run[name]).sort((one, other) => one - other);
    return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
  };
  return { listening: median("listening"), first: median("first"), total: median("total"), second: median("second") };
}

/** @param {Awaited<ReturnType<typeof coldStarts>>} results */
export function shown(results) {
  const rows = [["", "listens", "first request", "both", "second request", "kB brotli"]];
  for (const { name, median, kilobytes } of results) {
    const { listening, first, total, second } = median;
    rows.push([name, ...[listening, first, total, second].map((value) => value.toFixed(1)), kilobytes.toFixed(1)]);
  }
  const widths = [18, 9, 14, 8, 15, 10];
  return rows.map((row) => `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at]))).join(" ")}`).join("\n");
}
