// Several programs on one session: a refresh token is sent once, because the provider takes a second time for theft.

import assert from "node:assert/strict";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { encryptedFileStorage, fileStorage, login } from "wasm-oidc/node";

import { browserOf, emptyFolder, runProgram, startSetting } from "./setting.mjs";

const PROGRAMS = 4;

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
before(async () => {
  setting = await startSetting();
});
after(() => setting?.provider.close());

/**
 * Lets the access token of the stored session be over.
 *
 * @param {import("wasm-oidc/node").FileStorage} storage
 */
async function expire(storage) {
  const [key] = await storage.list("wasm-oidc:session:");
  const record = JSON.parse((await storage.load(key)) ?? "");
  const now = Math.floor(Date.now() / 1000);
  record.tokens.issued_at = now - 200;
  record.tokens.expires_at = now - 100;
  await storage.save(key, JSON.stringify(record));
}

/** What a passphrase costs is not the point here. */
const KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

for (const [kind, rounds, key] of /** @type {[string, number, string | undefined][]} */ ([["plain", 2, undefined], ["encrypted", 1, KEY]])) {
  test(`${PROGRAMS} programs on one expired session in a file send one refresh, and each has the new token (${kind})`, async () => {
    const { folder, remove } = await emptyFolder();
    try {
      const path = join(folder, "session.json");
      const storage = key === undefined ? fileStorage(path) : encryptedFileStorage(path, { key: Buffer.from(key, "hex") });
      const { idp, agent } = await login({ ...setting.options, storage, openBrowser: browserOf() });
      const { access_token: old } = agent.tokens;
      const { port, ...others } = setting.options;
      const options = { ...others, redirectUri: String(idp.options.redirectUri) };
      idp.dispose();

      for (let round = 1; round <= rounds; round += 1) {
        await expire(storage);
        const before = setting.tokenRequests("refresh_token");
        const barrier = join(folder, "barrier");
        await mkdir(barrier);
        const running = Array.from({ length: PROGRAMS }, (_, one) =>
          runProgram("one-session.mjs", { options, path, key, ready: join(barrier, String(one)), go: join(folder, "go") }));
        const all = Promise.all(running);
        // What fails before it is ready is told below.
        all.catch(() => {});
        for (let look = 0; look < 1000 && (await readdir(barrier)).length < PROGRAMS; look += 1) await sleep(20);
        await writeFile(join(folder, "go"), "");
        const ended = await all;
        assert.equal(setting.tokenRequests("refresh_token") - before, 1, `round ${round}: ${ended.map(({ told }) => [told.id, ...told.events]).join("; ")}`);
        const [{ told: first }] = ended;
        assert.notEqual(first.token, old);
        assert.match(first.token, /^[\w-]{20,}$/);
        for (const { told, code } of ended) assert.deepEqual([told, code], [{ token: first.token, id: "usr_ada", events: [] }, 0]);
        for (const name of ["barrier", "go"]) await rm(join(folder, name), { recursive: true });
      }
      assert.deepEqual(await readdir(folder), ["session.json"]);
    } finally {
      await remove();
    }
  });
}

test("changes of several programs to one file are all there", async () => {
  const { folder, remove } = await emptyFolder();
  try {
    const path = join(folder, "session.json");
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => runProgram("changes.mjs", { path, name, count: 25 })));
    assert.equal((await fileStorage(path).list()).length, 100);
    assert.deepEqual(await readdir(folder), ["session.json"]);
  } finally {
    await remove();
  }
});
