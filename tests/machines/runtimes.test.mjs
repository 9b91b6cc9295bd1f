// @ts-check
// Machines in Node, Deno, Bun and a Worker, by every way to prove who they are, against the real provider: any number of calls
// is one token request, and the next one comes ahead of the token's end.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { runProgram } from "../node/setting.mjs";
import { emptyProject } from "../package/project.mjs";
import { startWorker } from "../package/worker.mjs";
import { METHODS, clientIdOf, optionsOf, startMachinesProvider } from "./provider.mjs";

const bin = (/** @type {string} */ name) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));

/** @type {[string, string, string[]][]} */
const RUNTIMES = [
  ["Node", process.execPath, ["--no-warnings"]],
  ["Deno", bin("deno"), ["run", "--allow-all", "--quiet", "--no-lock"]],
  ["Bun", bin("bun"), ["run"]],
];

/** @type {Awaited<ReturnType<typeof startMachinesProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  [provider, project] = await Promise.all([startMachinesProvider(), emptyProject()]);
});
after(async () => {
  await provider?.close();
  await project?.remove();
});

/** What a program is told: a key cannot be, so it goes as a JWK and is imported there. */
function settings() {
  return Object.fromEntries(
    Object.entries(METHODS).map(([method, algorithm]) => {
      const options = optionsOf(provider, method);
      if (options.clientAuth.key === undefined) return [method, { options }];
      const { jwk, key } = provider.keys[String(algorithm)];
      const { kid, ...material } = jwk;
      return [method, { options: { ...options, clientAuth: { ...options.clientAuth, key: undefined } }, jwk: material, parameters: key.algorithm }];
    }),
  );
}

/** @param {string} method */
const expected = (method) => ({ id: clientIdOf(method), isOneAgent: true, isOneToken: true, isRenewedOnce: true, has: true });

const tokenRequests = () => provider.requests.filter(({ path, status }) => path === "/token" && status === 200).length;

for (const [runtime, command, args] of RUNTIMES) {
  test(`machines in ${runtime} prove who they are in every way, once for all calls and once ahead of the end`, async () => {
    provider.requests.length = 0;
    const { code, told } = await runProgram("../../machines/program.mjs", settings(), { command, args });
    assert.deepEqual(told, Object.fromEntries(Object.keys(METHODS).map((method) => [method, expected(method)])));
    assert.equal(tokenRequests(), 2 * Object.keys(METHODS).length);
    assert.equal(code, 0);
  });
}

test("machines in a Worker prove who they are in every way, once for all calls and once ahead of the end", async () => {
  provider.requests.length = 0;
  const worker = await startWorker(project, `
    import { IdpClient } from "wasm-oidc";
    import { exercise, withKey } from ${JSON.stringify(fileURLToPath(new URL("exercise.mjs", import.meta.url)))};
    export default {
      async fetch(request) {
        const setting = await request.json();
        const told = await exercise(IdpClient.createSync(await withKey(setting))).catch(({ name, code, message }) => ({ name, code, message }));
        return Response.json(told);
      },
    };`);
  try {
    for (const [method, setting] of Object.entries(settings())) {
      const answer = await worker.dispatchFetch("http://worker/", { method: "POST", body: JSON.stringify(setting) });
      assert.deepEqual(await answer.json(), expected(method), method);
    }
    assert.equal(tokenRequests(), 2 * Object.keys(METHODS).length);
  } finally {
    await worker.dispose();
  }
});

test("a machine at a Worker's module scope takes its key as text, and serves requests at the same time by one token", async () => {
  provider.requests.length = 0;
  const { pem, kid } = provider.keys.ES256;
  const options = { ...optionsOf(provider, "private_key_jwt ES256"), clientAuth: { method: "private_key_jwt", key: pem, keyId: kid } };
  const worker = await startWorker(project, `
    import { IdpClient } from "wasm-oidc";
    const idp = IdpClient.createSync(${JSON.stringify(options)});
    export default {
      async fetch(request) {
        if (new URL(request.url).pathname === "/later") {
          const now = Date.now;
          Date.now = () => now() + 40_000;
        }
        return new Response(await (await idp.clientCredentials(["users:read"])).getAccessToken());
      },
    };`);
  try {
    const ask = async (/** @type {string} */ path) => (await worker.dispatchFetch(`http://worker${path}`)).text();
    const first = await Promise.all(Array.from({ length: 12 }, () => ask("/")));
    assert.equal(new Set([...first, await ask("/")]).size, 1);
    assert.equal(tokenRequests(), 1);
    const renewed = await ask("/later");
    assert.notEqual(renewed, first[0]);
    assert.deepEqual(await Promise.all(Array.from({ length: 12 }, () => ask("/"))), Array(12).fill(renewed));
    assert.equal(tokenRequests(), 2);
  } finally {
    await worker.dispose();
  }
});
