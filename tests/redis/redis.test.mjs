// @ts-check
// Processes that share a session through Redis: a real server, by unstorage, and a real provider that revokes the family
// of a refresh token that comes twice.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { redisLock, redisReplayStore, unstorageStorage } from "../edge/coordination.mjs";
import { processFor } from "../edge/processes.mjs";
import { startEdgeProvider, until } from "../edge/provider.mjs";
import { startRedis, storeAt } from "./server.mjs";

/** @type {Awaited<ReturnType<typeof startEdgeProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startRedis>>} */
let redis;
/** @type {ReturnType<typeof storeAt>} */
let own;
before(async () => {
  [provider, redis] = await Promise.all([startEdgeProvider(), startRedis()]);
  own = storeAt(redis.path);
});
after(async () => {
  await own?.close();
  await redis?.stop();
  await provider?.close();
});
beforeEach(() => provider.forget());

const shared = () => ({ path: redis.path, options: provider.options });

test("two processes that find one session expired send one refresh", async (t) => {
  const session = await provider.session();
  const processes = await Promise.all([processFor({ ...shared(), session, count: 25 }), processFor({ ...shared(), session, count: 25 })]);
  provider.forget();
  for (const { go } of processes) go();
  const answers = (await Promise.all(processes.map((one) => one.answers()))).flat();
  t.diagnostic(`50 calls in 2 processes: ${provider.refreshes()} refresh at the provider`);
  assert.equal(provider.refreshes(), 1);
  assert.equal(answers.length, 50);
  assert.equal(new Set(answers).size, 1, answers.join());
  assert.match(answers[0], /^[\w-]{40,}$/);
});

test("a process that is killed in the middle leaves a mark: the token is sent once more, and then told as lost", async () => {
  const session = await provider.session();
  const patience = { leaseSeconds: 1 };
  const locks = { holdSeconds: 1 };
  const processes = await Promise.all([processFor({ ...shared(), session, locks }), processFor({ ...shared(), session, locks, patience, count: 3 })]);
  provider.forget();
  const letGo = provider.hold();
  processes[0].go();
  await until(() => provider.arrived() === 1);
  await processes[0].kill();
  letGo();
  await until(() => provider.refreshes() === 1);
  processes[1].go();
  assert.deepEqual(new Set(await processes[1].answers()), new Set(["refresh_outcome_lost"]));
  assert.equal(provider.refreshes(), 2);
});

test("a store in Redis keeps texts under any key, ends them, and lists them", async () => {
  const { storage, client } = own;
  const store = unstorageStorage(storage, { prefix: "of this test" });
  const keys = ["plain", "https://a.example/b?c=d#e", "A", "a", "a:b", "a/b", "ä €", "", "long".repeat(100)];
  for (const key of keys) await store.save(key, `text of ${key}`);
  for (const key of keys) assert.equal(await store.load(key), `text of ${key}`);
  assert.deepEqual((await store.list()).sort(), [...keys].sort());
  assert.deepEqual(await store.list("https://"), ["https://a.example/b?c=d#e"]);
  for (const key of keys) await store.delete(key);
  assert.deepEqual([await store.list(), await store.load("plain")], [[], null]);

  await store.save("ends", "soon", { expiresAt: Date.now() / 1000 + 1.5 });
  assert.equal(await store.load("ends"), "soon");
  const [name] = await client.keys("*ends*");
  assert.ok((await client.ttl(name)) > 0, "Redis itself forgets it");
  await until(async () => (await store.load("ends")) === null);
});

test("a lock is held by one at a time, longer than its time where the holder lives, and given back at the end", async () => {
  const lock = redisLock(own.client, { holdSeconds: 0.3 });
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, (inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 900));
    inside -= 1;
    return most;
  };
  assert.deepEqual(await Promise.all([lock("a", work), lock("a", work), lock("b", async () => "of its own")]), [1, 1, "of its own"]);
  assert.deepEqual(await own.client.keys("wasm-oidc:lock:*"), []);
  await assert.rejects(lock("a", async () => Promise.reject(new Error("of the work"))), /of the work/);
  assert.deepEqual(await own.client.keys("wasm-oidc:lock:*"), []);
});

test("a holder whose lock became another's does not take it away", async () => {
  const lock = redisLock(own.client, { holdSeconds: 60 });
  await lock("stolen", async () => {
    await own.client.set("wasm-oidc:lock:stolen", "another");
  });
  assert.equal(await own.client.get("wasm-oidc:lock:stolen"), "another");
  await own.client.del("wasm-oidc:lock:stolen");
});

test("a lock of somebody who lives is waited for no longer than one likes, and one of somebody who died ends by itself", async () => {
  await own.client.set("wasm-oidc:lock:held", "somebody", "PX", 1500);
  const refused = { name: "StorageError", code: "storage_unavailable", recovery: "retry" };
  await assert.rejects(redisLock(own.client, { waitSeconds: 0.2 })("held", async () => "in"), refused);
  assert.equal(await redisLock(own.client)("held", async () => "in"), "in");
});

test("a lock takes the clients of ioredis and of redis, and a function; nothing else", async () => {
  const commands = { sendCommand: (/** @type {string[]} */ [name, ...args]) => own.client.call(name, ...args) };
  const clients = [own.client, commands, (/** @type {string[]} */ command) => commands.sendCommand(command)];
  for (const client of clients) {
    assert.equal(await redisLock(client)("kinds", async () => own.client.exists("wasm-oidc:lock:kinds")), 1);
    assert.equal(await own.client.exists("wasm-oidc:lock:kinds"), 0);
  }
  assert.throws(() => redisLock(/** @type {any} */ ({})), { name: "ConfigurationError", code: "invalid_option" });
  const gone = redisLock(async () => Promise.reject(new Error("connection refused")));
  await assert.rejects(gone("a", async () => "in"), { name: "StorageError", message: /connection refused/ });
});

test("a proof is new to one of all who ask at once, until it ends", async () => {
  const stores = [redisReplayStore(own.client), redisReplayStore((command) => own.client.call(command[0], ...command.slice(1)))];
  const end = Date.now() / 1000 + 1;
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => stores[at % 2].add("proof", end)));
  assert.deepEqual(answers.filter((isNew) => isNew).length, 1);
  await until(() => stores[0].add("proof", Date.now() / 1000 + 1));
  assert.throws(() => redisReplayStore(/** @type {any} */ ({})), { code: "invalid_option" });
});
