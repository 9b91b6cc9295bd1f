// A machine's agent in a Worker, whose client stands at module scope and serves all requests.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { MACHINE, startGrantsProvider } from "../op/grants.mjs";
import { emptyProject } from "../package/project.mjs";
import { startWorker } from "../package/worker.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  [project, provider] = await Promise.all([emptyProject(), startGrantsProvider()]);
});
after(async () => {
  await provider?.close();
  project?.remove();
});

test("a Worker asks for a machine's token once, for requests at the same time and later ones", async () => {
  const worker = await startWorker(project, `
    import { IdpClient } from "wasm-oidc";
    const idp = IdpClient.createSync(${JSON.stringify({ issuer: provider.issuer, ...MACHINE, apiOrigins: [provider.issuer] })});
    export default {
      async fetch() {
        const agent = await idp.clientCredentials(["users:read"]);
        return Response.json([agent.id, agent.type, agent.hasAccess("read", "users"), await agent.getAccessToken()]);
      },
    };`);
  try {
    const ask = async () => (await worker.dispatchFetch("http://worker/")).json();
    const answers = await Promise.all([ask(), ask(), ask()]);
    answers.push(await ask());
    const [first] = answers;
    assert.deepEqual(first.slice(0, 3), ["agt_machine1", "agent", true]);
    assert.deepEqual(answers, [first, first, first, first]);
    assert.equal(provider.requests.filter(({ grantType }) => grantType === "client_credentials").length, 1);
  } finally {
    await worker.dispose();
  }
});
