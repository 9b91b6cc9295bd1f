// @ts-check
// What may stand at module scope of a Worker, where workerd refuses random numbers, timers and requests: importing every
// entry, loading, and making what serves all requests.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { CLIENT, startProvider } from "./provider.mjs";
import { startWorker } from "./worker.mjs";

/** The entries that no Worker loads: of Node, the page at the redirect URI, and what is no module. */
const NOT_IN_WORKERS = [/^\.\/node$/, /^\.\/callback$/, /\.(json|wasm)$/, /^\.\/wasm\//];

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

/** @param {string} script */
async function answerOf(script) {
  const worker = await startWorker(script);
  try {
    return await worker.ask("").answer;
  } finally {
    await worker.dispose();
  }
}

const options = () => JSON.stringify({ issuer: provider.issuer, ...CLIENT });

test("every entry is imported and does nothing", async () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../pkg/package.json", import.meta.url), "utf8"));
  const entries = Object.keys(exports).filter((entry) => !NOT_IN_WORKERS.some((one) => one.test(entry)));
  assert.ok(entries.includes("."), entries.join());
  const imports = entries.map((entry, at) => `import * as entry${at} from "wasm-oidc${entry.slice(1)}";`);
  const names = await answerOf(`
    ${imports.join("\n")}
    const entries = [${entries.map((_, at) => `entry${at}`)}];
    export default { fetch: () => Response.json(entries.map((entry) => Object.keys(entry).length)) };`);
  assert.equal(names.length, entries.length);
});

test("a client is made, and its requests are sent when it is asked", async () => {
  const sent = provider.requests.length;
  const told = await answerOf(`
    import { IdpClient, hasAccess, memoryStorage, ready } from "wasm-oidc";
    await ready();
    const idp = IdpClient.createSync(${options()});
    const one = IdpClient.createSync({ ...${options()}, storage: { ...memoryStorage(), lock: (_, run) => run() }, sessionKey: "a" });
    const told = [idp.agent, one.agent, idp.options.clientId, hasAccess(["a:read"], "read", "a")];
    export default { fetch: async () => Response.json([...told, (await idp.createAuthorizationRequest()).state.length > 20]) };`);
  assert.deepEqual(told, [null, null, CLIENT.clientId, true, true]);
  assert.equal(provider.requests.length, sent + 1);
});

test("a client that asks at module scope all the same is made, and asks again when a request needs it", async () => {
  const sent = provider.requests.length;
  const told = await answerOf(`
    import { IdpClient } from "wasm-oidc";
    const idp = await IdpClient.create(${options()});
    const known = idp.metadata;
    export default { fetch: async () => Response.json([known, (await idp.discover()).issuer]) };`);
  assert.deepEqual(told, [null, provider.issuer]);
  assert.equal(provider.requests.length, sent + 1);
});

test("what needs a request says so as a typed error, and the client still works", async () => {
  const told = await answerOf(`
    import { IdpClient } from "wasm-oidc";
    const idp = IdpClient.createSync(${options()});
    const failed = ({ name, code }) => [name, code];
    const asked = [
      await idp.discover().catch(failed),
      await idp.createAuthorizationRequest().catch(failed),
      await idp.clientCredentials().catch(failed),
      await idp.getUserInfo({ tokens: { access_token: "a", token_type: "Bearer" } }).catch(failed),
    ];
    export default { fetch: async () => Response.json([...asked, (await idp.discover()).issuer]) };`);
  assert.equal(told.pop(), provider.issuer);
  for (const [name, code] of told) assert.match(`${name} ${code}`, /^(NetworkError network_failure|ConfigurationError \w+)$/);
});

test("a verifier and a session handler are made, on their own and as middleware", async () => {
  const sent = provider.requests.length;
  const told = await answerOf(`
    import { createSessionHandler, createVerifier } from "wasm-oidc/edge";
    import { bearer, session } from "wasm-oidc/hono";
    const audience = "https://api.example/";
    const verifying = { issuer: ${options()}.issuer, audience };
    const signingIn = {
      client: { issuer: verifying.issuer, clientId: "app", clientSecret: "a-secret-of-the-tests" },
      publicOrigin: "https://app.example",
      secrets: "a secret of the tests that is long enough to be one, at least 32 bytes",
      rotatesRefreshTokens: false,
    };
    const made = [createVerifier(verifying), createSessionHandler(signingIn), bearer(verifying), session(signingIn)];
    export default {
      async fetch() {
        const { response } = await made[0].tryVerify(new Request(audience));
        const login = new Request("https://app.example/auth/login", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" } });
        const { status, headers } = await made[1].handle(login, {});
        return Response.json([made.length, response.status, status, new URL(headers.get("location")).pathname]);
      },
    };`);
  assert.deepEqual(told, [4, 401, 303, "/authorize"], JSON.stringify(told));
  assert.ok(provider.requests.length > sent);
});
