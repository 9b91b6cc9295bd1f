// The packed package built by Vite and opened in Chromium: each wasm beside the bundle, loaded when it is needed, and not
// a word on the console.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";
import { build, preview } from "vite";

import { ANSWERS, ASK, emptyProject } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
  await project.write({
    "index.html": `<!doctype html><link rel="icon" href="data:,"><title>app</title><script type="module" src="./app.js"></script>`,
    "app.js": `import * as wasmOidc from "wasm-oidc";${ASK}globalThis.told = ask(wasmOidc);
      globalThis.configure = () => wasmOidc.loadProviders({ providers: { ours: { issuer: "https://idp.example", clientId: "a" } } });
      globalThis.look = () => wasmOidc.checkToken("no token", { expectedIssuer: "https://idp.example" });`,
  });
  await build({ root: project.folder, configFile: false, logLevel: "error" });
});
after(() => project?.remove());

test("Vite emits each wasm", async () => {
  const files = await readdir(join(project.folder, "dist"), { recursive: true });
  const wasms = files.filter((file) => file.endsWith(".wasm")).map((file) => file.replace(/^assets\/|-.+/g, ""));
  assert.deepEqual(wasms.sort(), ["configuration", "core", "tools"], files.join(", "));
});

test("the built page loads one wasm once and asks for access, and each other when it is needed, in Chromium", async () => {
  const server = await preview({
    root: project.folder, configFile: false, logLevel: "error", preview: { host: "127.0.0.1", port: 0 },
  });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
  });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    /** @type {string[]} */
    const wasms = [];
    page.on("request", (request) => request.url().endsWith(".wasm") && wasms.push(request.url()));
    await page.goto(server.resolvedUrls?.local[0] ?? "");
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).told), ANSWERS);
    assert.match(wasms.join(), /^[^,]+\/core-[^,]+$/);
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).configure()), ["ours"]);
    assert.match(wasms.slice(1).join(), /^[^,]+\/configuration-[^,]+$/);
    const report = await page.evaluate(() => /** @type {any} */ (globalThis).look());
    assert.equal(report.valid, false);
    assert.match(wasms.slice(2).join(), /^[^,]+\/tools-[^,]+$/);
    assert.deepEqual(said, []);
  } finally {
    await browser.close();
    await server.close();
  }
});
