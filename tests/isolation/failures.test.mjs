// @ts-check
// One client that many requests share, when the provider is down and when the wasm traps: the right error for each, nobody
// hangs, and the next request works.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { CLIENT, startProvider } from "./provider.mjs";
import { soon, startWorker } from "./worker.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

const TRAPS = "target/pkg-traps";

const script = (/** @type {string} */ more = "") => `
  import { IdpClient } from "wasm-oidc";
  ${more}
  const options = ${JSON.stringify({ issuer: provider.issuer, ...CLIENT, apiOrigins: [provider.issuer], timeoutSeconds: 5 })};
  const idp = IdpClient.createSync(options);
  const kept = { verify: "claims", autoRefresh: false };
  const jobs = {
    discover: async () => (await idp.discover()).issuer,
    begin: async () => (await idp.createAuthorizationRequest()).state.length > 0,
    createAgent: async ({ tokens }) => (await idp.createAgent(tokens)).id,
    refresh: async ({ tokens }) => (await (await idp.createAgent(tokens, kept)).refresh()).id,
    userInfo: async ({ tokens }) => (await idp.getUserInfo(await idp.createAgent(tokens, kept))).sub,
    machine: async () => (await idp.clientCredentials(["a"])).type,
    trap: () => trap(),
  };
  export default {
    async fetch(request) {
      const job = new URL(request.url).pathname.slice(1);
      try {
        return Response.json((await jobs[job](await request.json())) ?? null);
      } catch (error) {
        const { name, code, recovery } = error;
        return Response.json({ name, code, recovery, message: String(error.message) });
      }
    },
  };`;

const PERSONAL = ["createAgent", "refresh", "userInfo"];

describe("a provider that is down", () => {
  /** @type {Awaited<ReturnType<typeof startWorker>>} */
  let worker;
  before(async () => {
    worker = await startWorker(script());
  });
  after(() => worker?.dispose());

  test("is a NetworkError or RefreshError to try again for every request at the same time, and none when it is back", async () => {
    const users = ["user1person", "user2person", "user3person"];
    const asked = users.flatMap((user) =>
      ["discover", "begin", "machine", ...PERSONAL].map((job) => ({ job, user, values: { tokens: provider.tokensOf(user) } })));
    provider.fall();
    const failed = await Promise.all(asked.map(({ job, values }) => soon(worker.ask(job, values).answer)));
    for (const [at, { name, code, recovery, message }] of failed.entries()) {
      const { job } = asked[at];
      assert.deepEqual([name, code, recovery], [job === "refresh" ? "RefreshError" : "NetworkError", "network_failure", "retry"], `${job}: ${message}`);
      assert.doesNotMatch(message, /user\dperson|(rt|at)-/, job);
    }
    provider.rise();
    for (const { job, user, values } of asked) {
      const told = await soon(worker.ask(job, values).answer);
      if (PERSONAL.includes(job) && job !== "refresh") assert.equal(told, user, job);
      // A refresh that failed a moment ago is kept back for a while.
      else assert.ok(typeof told !== "object" || told.recovery === "retry", `${job}: ${JSON.stringify(told)}`);
    }
  });

  test("that takes the connection and says nothing is a TimeoutError for everybody who waits", async () => {
    const fresh = await startWorker(script());
    const hold = provider.hold("/.well-known/openid-configuration");
    try {
      const asked = Array.from({ length: 5 }, () => fresh.ask("discover"));
      for (const { answer } of asked) {
        const { name, code, recovery } = await soon(answer, 30);
        assert.deepEqual([name, code, recovery], ["TimeoutError", "timeout", "retry"]);
      }
      hold.release();
      assert.equal(await soon(fresh.ask("discover").answer), provider.issuer);
    } finally {
      hold.release();
      await fresh.dispose();
    }
  });
});

describe("a trap in one request", () => {
  const trap = `
    import { acquire } from "./${TRAPS}/runtime.js";
    const trap = () => acquire().call((glue) => glue.trap_panic());`;

  test("is a PanicError for the others that are in flight too, and the next request works with the same client", async () => {
    assert.ok(existsSync(new URL(`../../${TRAPS}/wasm/core.wasm`, import.meta.url)), "`npm run build -- --traps` comes first");
    const worker = await startWorker(script(trap), { package: TRAPS });
    const hold = provider.hold("/.well-known/openid-configuration");
    try {
      const others = ["discover", "begin", "discover"].map((job) => worker.ask(job));
      await hold.arrived;
      await new Promise((resolve) => setTimeout(resolve, 300));
      const told = await Promise.all([worker.ask("trap"), ...others].map(({ answer }) => soon(answer)));
      assert.deepEqual(told.map(({ name, recovery }) => [name, recovery]), told.map(() => ["PanicError", "retry"]));
      hold.release();
      assert.equal(await soon(worker.ask("discover").answer), provider.issuer);
      const [first, second] = ["user1person", "user2person"].map((user) =>
        worker.ask("refresh", { tokens: provider.tokensOf(user) }));
      assert.deepEqual([await soon(first.answer), await soon(second.answer)], ["user1person", "user2person"]);
    } finally {
      hold.release();
      await worker.dispose();
    }
  });

  test("brings back neither a client that was disposed of nor one with a session of its own", async () => {
    const inTraps = (/** @type {string} */ file) => import(new URL(`../../${TRAPS}/${file}`, import.meta.url).href);
    const [{ IdpClient }, { acquire }] = [await inTraps("node.js"), await inTraps("runtime.js")];
    const made = (/** @type {object} */ more) => IdpClient.createSync({ issuer: provider.issuer, ...CLIENT, ...more });
    const [many, disposed, one] = [made({}), made({}), made({ session: "single-user" })];
    disposed.dispose();
    assert.throws(() => acquire().call((/** @type {any} */ glue) => glue.trap_panic()), { name: "PanicError" });
    assert.equal((await many.discover()).issuer, provider.issuer);
    for (const gone of [disposed, one]) await assert.rejects(gone.discover(), { name: "PanicError" });
  });
});
