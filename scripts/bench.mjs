// `npm run bench`: how long an answer about access takes, beside @casl/ability and a plain loop over the scopes, in Node
// and in Chromium; then how long verifying an access token takes, beside jose and Hono, in Node and in workerd. Ends with 1
// where a goal is missed. By command only: what a machine measures while it tests is no measure.
//
// `npm run bench -- cold-start [runs]`: how long a Worker takes from its start to its first verified request, beside jose.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { benchVerify } from "./bench-verify.mjs";
import { buildPackage } from "./build.mjs";
import { BUILDS } from "./builds.mjs";
import { GaveUp, ifStarted, inRoot, say } from "./run.mjs";
import { setUp } from "./set-up.mjs";

/** From so many scopes on a new question is at least as fast as the loop. */
const MANY = 1_000;

/** How much longer a new question may take among 10,000 scopes than among 1,000: what the machine's caches make of it. */
const MAX_GROWTH = 1.5;

/** @typedef {import("../bench/measure.mjs").Row} Row */
/** @typedef {Awaited<ReturnType<typeof import("../bench/measure.mjs").measure>>} Measured */

/** @returns {Promise<Measured>} */
async function inNode() {
  const { measure } = await import("../bench/measure.mjs");
  return measure();
}

/** @param {string} executablePath @returns {Promise<Measured>} */
async function inChromium(executablePath) {
  // Not at the top: set-up has to have installed them.
  const [{ build }, { chromium }] = await Promise.all([import("esbuild"), import("playwright-core")]);
  const { chromiumFlags } = await import("../tests/e2e/browser.mjs");
  const { outputFiles } = await build({
    entryPoints: [inRoot("bench", "page.mjs")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  /** @type {Record<string, [string, string | Uint8Array]>} */
  const files = {
    "/": ["text/html", '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", outputFiles[0].contents],
    "/core.wasm": ["application/wasm", await readFile(inRoot("pkg", "wasm", "core.wasm"))],
  };
  const server = createServer(({ url = "" }, res) => {
    const [type, content] = files[url] ?? [];
    // Isolated, so that the browser's clock is exact.
    const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    res.writeHead(content === undefined ? 404 : 200, { ...isolated, "content-type": type ?? "text/plain" }).end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({ executablePath, args: chromiumFlags });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`);
    return await page.evaluate(() => /** @type {any} */ (globalThis).measureHere());
  } finally {
    await browser.close();
    server.close();
  }
}

/**
 * What the row is held to.
 *
 * @param {Row} row
 * @param {Row[]} rows
 * @returns {{ goal: string, holds: boolean }[]}
 */
function goalsOf({ kind, where, scopes, organizations, microseconds }, rows) {
  const { wasmOidc, casl, plainLoop } = microseconds;
  if (kind === "repeated") return [{ goal: "as fast as CASL", holds: wasmOidc <= casl }];
  if (scopes < MANY) return [];
  const goals = [{ goal: "as fast as the loop", holds: wasmOidc <= plainLoop }];
  const fewer = rows.find((row) => row.kind === kind && row.where === where && row.scopes === MANY && row.organizations === organizations);
  if (scopes > MANY && fewer !== undefined) {
    const growth = wasmOidc / fewer.microseconds.wasmOidc;
    goals.push({ goal: `no growth: ${growth.toFixed(2)}`, holds: growth <= MAX_GROWTH });
  }
  return goals;
}

/** @param {string} host @param {Measured} measured @returns {number} how many goals are missed */
function show(host, { rows, first }) {
  let missed = 0;
  console.log(`\n${host}: microseconds for an answer\n`);
  console.log(line(["asked", "of", "organizations", "scopes", "wasm-oidc", "CASL", "loop", "goal"]));
  for (const kind of /** @type {const} */ (["repeated", "new"])) {
    for (const row of rows.filter((one) => one.kind === kind)) {
      const goals = goalsOf(row, rows);
      missed += goals.filter(({ holds }) => !holds).length;
      const { wasmOidc, casl, plainLoop } = row.microseconds;
      console.log(line([
        ...[kind, row.where === "anywhere" ? "any" : "one", String(row.organizations), String(row.scopes)],
        ...[wasmOidc, casl, plainLoop].map((value) => value.toFixed(value < 10 ? 3 : 1)),
        goals.map(({ goal, holds }) => `${holds ? "holds" : "MISSED"} (${goal})`).join(", "),
      ]));
    }
  }
  const times = first.map(({ organizations, scopes, microseconds }) => `${scopes} in ${organizations}: ${(microseconds / 1000).toFixed(1)} ms`);
  console.log(`\n  the first question compiles the scopes: ${times.join("; ")}`);
  return missed;
}

/** @param {string[]} cells */
function line(cells) {
  const widths = [9, 4, 14, 7, 10, 9, 9];
  return `  ${cells.map((cell, at) => (at < 2 || at > 6 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at]))).join(" ")}`.trimEnd();
}

/** @param {number} runs */
async function coldStart(runs) {
  await setUp();
  await buildPackage(BUILDS.package);
  const { coldStarts, shown } = await import("../bench/cold-start.mjs");
  say(`starting each Worker ${runs} times`);
  console.log(`\nworkerd: milliseconds, medians of ${runs} starts\n\n${shown(await coldStarts(runs))}\n`);
}

await ifStarted(import.meta.url, async () => {
  const [which, runs = "15"] = process.argv.slice(2);
  if (which === "cold-start") return coldStart(Number(runs));
  const { CHROMIUM } = await setUp({ browser: true });
  await buildPackage(BUILDS.package);
  say("measuring in Node");
  let missed = show(`Node ${process.versions.node}`, await inNode());
  say("measuring in Chromium");
  missed += show("Chromium", await inChromium(CHROMIUM));
  console.log("\n  repeated: 100 questions again and again; new: never asked of this agent before; CASL has no **, and denies those");
  say("measuring what verifies");
  missed += await benchVerify();
  if (missed > 0) throw new GaveUp(`${missed} goals are missed`);
  say("all goals hold");
});
