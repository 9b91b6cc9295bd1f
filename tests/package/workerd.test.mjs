// The packed package in workerd: bundled as wrangler does it, run by miniflare.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ANSWERS, ASK, emptyProject } from "./project.mjs";
import { startWorker } from "./worker.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
});
after(() => project?.remove());

test("a Worker loads the wasm as a module and asks for access", async () => {
  const worker = await startWorker(project, `
    import * as wasmOidc from "wasm-oidc";
    ${ASK}
    export default { async fetch() { return Response.json(await ask(wasmOidc)); } };`);
  try {
    assert.deepEqual(await (await worker.dispatchFetch("http://worker/")).json(), ANSWERS);
  } finally {
    await worker.dispose();
  }
});

test("loading may stand at module scope of a Worker", async () => {
  const worker = await startWorker(project, `
    import { hasAccess, ready } from "wasm-oidc";
    await ready();
    const granted = hasAccess(["projects:**"], "write", "projects.tasks");
    export default { async fetch() { return Response.json(granted); } };`);
  try {
    assert.equal(await (await worker.dispatchFetch("http://worker/")).json(), true);
  } finally {
    await worker.dispose();
  }
});

test("a Worker looks at a token by a wasm that loads when it is asked", async () => {
  const worker = await startWorker(project, `
    import { checkToken } from "wasm-oidc";
    const part = (value) => btoa(JSON.stringify(value)).replaceAll("=", "");
    export default {
      async fetch() {
        const token = part({ alg: "RS256" }) + "." + part({ iss: "https://other.example" }) + ".AAAA";
        return Response.json(await checkToken(token, { expectedIssuer: "https://idp.example" }));
      },
    };`);
  try {
    const report = await (await worker.dispatchFetch("http://worker/")).json();
    assert.deepEqual([report.valid, report.issuerMatch, report.payload.iss], [false, false, "https://other.example"]);
    assert.equal(report.steps.length, 6);
  } finally {
    await worker.dispose();
  }
});

test("a Worker reads a configuration by a wasm that loads when it is asked", async () => {
  const worker = await startWorker(project, `
    import { IdpClient, loadProviders } from "wasm-oidc";
    const config = { providers: { ours: { issuer: "https://idp.example", clientId: "\${ID}", redirectUri: "https://app.example/" } } };
    export default {
      async fetch() {
        const names = await loadProviders(config, { env: { ID: "a" } });
        const { options } = await IdpClient.fromConfig("ours");
        return Response.json([names, options.issuer, options.clientId]);
      },
    };`);
  try {
    const told = await (await worker.dispatchFetch("http://worker/")).json();
    assert.deepEqual(told, [["ours"], "https://idp.example", "a"]);
  } finally {
    await worker.dispose();
  }
});
