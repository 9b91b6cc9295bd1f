// Several programs on one session: a refresh token is sent once, because the provider takes a second time for theft.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { encryptedFileStorage, fileStorage, login } from "wasm-oidc/node";

import { browserOf, emptyFolder, runProgram, startSetting } from "./setting.mjs";

const PROGRAMS = 4;
const LIFETIME = 3;

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
before(async () => {
  setting = await startSetting({ ttl: { AccessToken: LIFETIME } });
});
after(() => setting?.provider.close());

for (const [kind, rounds, passphrase] of /** @type {[string, number, string | undefined][]} */ ([["plain", 2, undefined], ["encrypted", 1, "correct horse battery"]])) {
  test(`${PROGRAMS} programs on one expired session in a file send one refresh, and each has the new token (${kind})`, async () => {
    const { folder, remove } = await emptyFolder();
    try {
      const path = join(folder, "session.json");
      const storage = passphrase === undefined ? fileStorage(path) : encryptedFileStorage(path, { passphrase });
      const { idp, agent } = await login({ ...setting.options, storage, openBrowser: browserOf() });
      const { access_token: old } = agent.tokens;
      const { port, ...others } = setting.options;
      const options = { ...others, redirectUri: String(idp.options.redirectUri) };
      idp.dispose();

      for (let round = 1; round <= rounds; round += 1) {
        await sleep(LIFETIME * 1000);
        const before = setting.tokenRequests("refresh_token");
        const at = Date.now() + 2500;
        const ended = await Promise.all(Array.from({ length: PROGRAMS }, () => runProgram("one-session.mjs", { options, path, passphrase, at })));
        assert.equal(setting.tokenRequests("refresh_token") - before, 1, `round ${round}`);
        const [{ told: first }] = ended;
        assert.notEqual(first.token, old);
        assert.match(first.token, /^[\w-]{20,}$/);
        for (const { told, code } of ended) assert.deepEqual([told, code], [{ token: first.token, id: "usr_ada", events: [] }, 0]);
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
