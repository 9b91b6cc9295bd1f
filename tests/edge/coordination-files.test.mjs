// @ts-check
// Processes of one machine that share a file: one refresh, and what is left when one of them is killed.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { processFor } from "./processes.mjs";
import { startEdgeProvider, until } from "./provider.mjs";

/** @type {Awaited<ReturnType<typeof startEdgeProvider>>} */
let provider;
/** @type {string} */
let folder;
before(async () => {
  [provider, folder] = await Promise.all([startEdgeProvider(), mkdtemp(join(tmpdir(), "wasm-oidc-files-"))]);
});
after(async () => {
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => provider.forget());

test("two processes that share a file send one refresh", async (t) => {
  const shared = { file: join(folder, "one.json"), options: provider.options, session: await provider.session(), count: 10 };
  const processes = await Promise.all([processFor(shared), processFor(shared)]);
  provider.forget();
  for (const { go } of processes) go();
  const answers = (await Promise.all(processes.map((one) => one.answers()))).flat();
  t.diagnostic(`20 calls in 2 processes: ${provider.refreshes()} refresh at the provider`);
  assert.equal(provider.refreshes(), 1);
  assert.equal(new Set(answers).size, 1, answers.join());
  assert.match(answers[0], /^[\w-]{40,}$/);
});

test("a process that is killed in the middle leaves a lock that ends and a mark that stays", async () => {
  const shared = { file: join(folder, "two.json"), options: provider.options, session: await provider.session(), patience: { leaseSeconds: 1 } };
  const processes = await Promise.all([processFor(shared), processFor(shared)]);
  provider.forget();
  const letGo = provider.hold();
  processes[0].go();
  await until(() => provider.arrived() === 1);
  await processes[0].kill();
  letGo();
  await until(() => provider.refreshes() === 1);
  processes[1].go();
  assert.deepEqual(await processes[1].answers(), ["refresh_outcome_lost"]);
  assert.equal(provider.refreshes(), 2);
});
