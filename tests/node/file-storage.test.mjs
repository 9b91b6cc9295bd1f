// Sessions in files: who may read them, what a crash leaves, what a broken file does, and that nothing of others is touched.

import assert from "node:assert/strict";
import { chmod, chown, lstat, mkdir, readFile, readdir, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, afterEach, test } from "node:test";

import { IdpClient, StorageError } from "wasm-oidc";
import { encryptedFileStorage, fileStorage, login } from "wasm-oidc/node";

import { startTestProvider } from "../op/provider.mjs";
import { browserOf, emptyFolder, runProgram, startSetting } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
before(async () => {
  setting = await startSetting();
});
after(() => setting?.provider.close());

/** @type {Awaited<ReturnType<typeof emptyFolder>>} */
let place;
let path = "";
beforeEach(async () => {
  place = await emptyFolder();
  path = join(place.folder, "session.json");
});
afterEach(() => place?.remove());

/** Both kinds, made anew each time. @type {[string, (path: string) => import("wasm-oidc/node").FileStorage][]} */
const KINDS = [["plain", fileStorage], ["encrypted", (path) => encryptedFileStorage(path, { key: new Uint8Array(32).fill(7) })]];

const modeOf = async (/** @type {string} */ file) => ((await stat(file)).mode & 0o777).toString(8);

/** @param {Promise<unknown>} call @param {RegExp} says @param {string} [recovery] */
const assertRefused = (call, says, recovery = "fix") =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof StorageError && error.code === "storage_unavailable", String(error));
    assert.equal(error.recovery, recovery);
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, says);
    return true;
  });

for (const [kind, make] of KINDS) {
  test(`${kind}: keeps, lists, forgets and clears, and another program sees it`, async () => {
    const [one, other] = [make(path), make(path)];
    assert.equal(await one.load("a"), null);
    assert.deepEqual(await readdir(place.folder), []);
    await one.save("a", "1");
    await one.save("a", "2");
    await one.save("b:1", "");
    assert.deepEqual([await other.load("a"), await other.load("b:1")], ["2", ""]);
    assert.deepEqual([await other.list("b:"), (await other.list()).sort()], [["b:1"], ["a", "b:1"]]);
    await other.delete("a");
    await other.delete("a");
    assert.deepEqual([await one.exists("a"), await one.exists("b:1")], [false, true]);
    await one.save("__proto__", "x");
    assert.equal(await other.load("__proto__"), "x");
    assert.equal(/** @type {any} */ ({}).text, undefined);
    await one.clear();
    assert.deepEqual([await one.list(), await readdir(place.folder)], [[], []]);
  });

  test(`${kind}: the last entry that goes takes the file with it`, async () => {
    const storage = make(path);
    await storage.save("a", "1");
    await storage.delete("a");
    assert.deepEqual(await readdir(place.folder), []);
  });

  test(`${kind}: what has an end is forgotten after it`, async () => {
    const storage = make(path);
    const now = Math.floor(Date.now() / 1000);
    await storage.save("over", "1", { expiresAt: now - 2 });
    await storage.save("soon", "2", { expiresAt: now + 600 });
    assert.deepEqual([await storage.load("over"), await storage.exists("over"), await storage.load("soon")], [null, false, "2"]);
    assert.deepEqual(await storage.list(), ["soon"]);
    assert.doesNotMatch(await readFile(path, "utf8"), /over/);
  });

  test(`${kind}: changes that are asked for at once are all there`, async () => {
    const storages = Array.from({ length: 4 }, () => make(path));
    await Promise.all(storages.flatMap((storage, one) => Array.from({ length: 10 }, (_, two) => storage.save(`${one}.${two}`, `${one * two}`))));
    assert.equal((await make(path).list()).length, 40);
    assert.equal(await make(path).load("3.9"), "27");
    assert.deepEqual(await readdir(place.folder), ["session.json"]);
  });

  test(`${kind}: the file and the folders that it makes are its owner's alone, whatever the umask is`, async () => {
    const before = process.umask(0);
    try {
      path = join(place.folder, "a", "b", "session.json");
      await make(path).save("a", "secret");
      assert.deepEqual([await modeOf(path), await modeOf(join(place.folder, "a")), await modeOf(join(place.folder, "a", "b"))], ["600", "700", "700"]);
    } finally {
      process.umask(before);
    }
  });

  test(`${kind}: a file that others could read is closed to them when it is read`, async () => {
    const storage = make(path);
    await storage.save("a", "1");
    await chmod(path, 0o644);
    assert.equal(await storage.load("a"), "1");
    assert.equal(await modeOf(path), "600");
  });

  test(`${kind}: a symbolic link, a folder and a file of another program are refused with their path, and stay as they are`, async () => {
    const storage = make(path);
    const target = join(place.folder, "target");
    await writeFile(target, "other");
    await symlink(target, path);
    for (const call of [() => storage.load("a"), () => storage.save("a", "1"), () => storage.delete("a"), () => storage.list(), () => storage.clear()]) {
      await assertRefused(call(), /is a symbolic link: it is left as it is/);
    }
    assert.equal(await readFile(target, "utf8"), "other");
    assert.ok((await lstat(path)).isSymbolicLink());

    path = join(place.folder, "folder");
    await mkdir(path);
    await assertRefused(make(path).load("a"), /is not a file/);
    await assertRefused(make(path).save("a", "1"), /is not a file/);

    path = join(place.folder, "notes.txt");
    for (const text of ["my notes", '{"name":"app"}', "[]", "null"]) {
      await writeFile(path, text);
      const other = make(path);
      for (const call of [() => other.load("a"), () => other.save("a", "1"), () => other.delete("a"), () => other.exists("a"), () => other.clear()]) {
        await assertRefused(call(), /is no file of this library/);
      }
      assert.equal(await readFile(path, "utf8"), text);
    }
  });

  test(`${kind}: what a newer version wrote is left in place`, async () => {
    const text = '{"wasm-oidc":2,"more":true}';
    await writeFile(path, text);
    await assertRefused(make(path).load("a"), /newer version/);
    await assertRefused(make(path).save("a", "1"), /newer version/);
    assert.equal(await readFile(path, "utf8"), text);
  });

  test(`${kind}: a broken file is no session, never a crash, and the next change writes a whole one`, async () => {
    await make(path).save("a", "1");
    const whole = await readFile(path, "utf8");
    const broken = [
      whole.slice(0, whole.length / 2), `${whole.slice(0, 30)}\0\0\0`, "\0".repeat(200), '{"wasm-oidc":1}', '{"wasm-oidc":1,"entries":null}',
      `{"wasm-oidc":1,"kind":"${kind}","header":null,"entries":{"a":7}}`, '{"wasm-oidc":"1"}',
    ];
    for (const text of broken) {
      await writeFile(path, text);
      const storage = make(path);
      assert.equal(await storage.load("a"), "unreadable", text);
      assert.deepEqual([await storage.list(), await storage.exists("a")], [[], false]);
      await storage.delete("a");
      assert.deepEqual(await readdir(place.folder), [], text);
      await writeFile(path, text);
      await storage.save("b", "2");
      assert.deepEqual([await storage.list(), await storage.load("b")], [["b"], "2"]);
    }
    await truncate(path, 0);
    assert.equal(await make(path).load("b"), null);
  });

  test(`${kind}: what a program left behind that ended while it wrote goes with the next change`, async () => {
    await writeFile(`${path}.0123456789ab.tmp`, "tokens");
    await writeFile(`${path}.mine.tmp`, "of somebody else");
    await make(path).save("a", "1");
    assert.deepEqual((await readdir(place.folder)).sort(), ["session.json", "session.json.mine.tmp"]);
  });

  test(`${kind}: whoever reads while others write sees a whole file each time`, async () => {
    const [writer, reader] = [make(path), make(path)];
    await writer.save("a", "0".repeat(50_000));
    let isWriting = true;
    const writing = (async () => {
      for (let turn = 1; turn < 10; turn += 1) await writer.save("a", String(turn).repeat(50_000));
      isWriting = false;
    })();
    let looks = 0;
    while (isWriting) {
      const text = await reader.load("a");
      assert.ok(text?.length === 50_000 && new Set(text).size === 1, text?.slice(0, 20));
      looks += 1;
    }
    await writing;
    assert.ok(looks > 5, String(looks));
  });

  test(`${kind}: a login survives the program, several providers have one file, and signing out of one leaves the other`, async () => {
    const options = { ...setting.options, storage: make(path) };
    const provider = await startTestProvider({ redirectUris: [`http://127.0.0.1:${setting.port}/callback`] });
    const { issuer } = provider;
    const ada = await login({ ...options, openBrowser: browserOf("ada") });
    const ben = await login({ ...options, issuer, openBrowser: browserOf("ben") });
    assert.equal((await make(path).list("wasm-oidc:session:")).length, 2);
    for (const { idp } of [ada, ben]) idp.dispose();
    assert.equal(await modeOf(path), "600");

    const { port, ...mine } = options;
    const again = { ...mine, storage: make(path), redirectUri: `http://127.0.0.1:${port}/callback`, session: /** @type {const} */ ("single-user") };
    const [first, second] = [await IdpClient.create(again), await IdpClient.create({ ...again, issuer })];
    assert.deepEqual([first.agent?.id, second.agent?.id], ["usr_ada", "usr_ben"]);
    assert.equal((await first.refresh()).id, "usr_ada");
    await first.signOut({ redirect: false });
    assert.equal((await make(path).list()).length, 1);
    assert.equal((await second.refresh()).id, "usr_ben");
    for (const idp of [first, second]) idp.dispose();
    await provider.close();
  });

  test(`${kind}: a broken file is dropped by the client with a warning, and one that cannot be used leaves it in memory`, async () => {
    const redirectUri = `http://127.0.0.1:${setting.port}/callback`;
    const { issuer, clientId } = setting.options;
    for (const [text, warned] of [['{"wasm-oidc":1,"kind":', "session_dropped"], ["my notes", "storage_unavailable"]]) {
      await writeFile(path, text);
      const idp = await IdpClient.create({ issuer, clientId, redirectUri, session: "single-user", storage: make(path) });
      /** @type {string[]} */
      const warnings = [];
      idp.on("warning", ({ detail }) => warnings.push(detail.reason ?? ""));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual([idp.agent, warnings], [null, [warned]]);
      const signedIn = await login({ client: idp, openBrowser: browserOf() });
      assert.equal(signedIn.agent.id, "usr_ada");
      assert.equal((await readFile(path, "utf8")) === text, warned === "storage_unavailable");
      idp.dispose();
    }
  });
}

test("a file holds the tokens in plain text only where it is not encrypted", async () => {
  for (const [kind, make] of KINDS) {
    await make(path).save("a", "a-refresh-token");
    assert.equal((await readFile(path, "utf8")).includes("a-refresh-token"), kind === "plain");
    await make(path).clear();
  }
});

test("a file of somebody else, or one without permission, is refused with its path", async () => {
  if (process.geteuid?.() !== 0) {
    // Who is not root can make nothing that belongs to others, but can lock themselves out.
    await fileStorage(path).save("a", "1");
    await chmod(path, 0);
    return assertRefused(fileStorage(path).load("a"), /may not be read and written by this user/);
  }
  const told = async (/** @type {string} */ how) => (await runProgram("as-nobody.mjs", { path, folder: place.folder, how })).told;
  await chmod(place.folder, 0o777);
  await fileStorage(path).save("a", "1");
  assert.deepEqual(await told("load"), { name: "StorageError", code: "storage_unavailable", recovery: "fix", message: `${path} may not be read and written by this user: it is left as it is; delete it, change it, or give the store another path` });
  // Planted, so that the program acts as another person.
  await chmod(path, 0o666);
  assert.match((await told("load")).message, /belongs to another user/);
  await chown(path, 65_534, 65_534);
  await chmod(path, 0o600);
  assert.equal((await told("load")).value, "1");
  await chmod(place.folder, 0o555);
  assert.match((await told("save")).message, new RegExp(`^${path}\\S* may not be read and written`));
});

test("the path is where it was when the storage was made, whatever folder the program goes to", async () => {
  const before = process.cwd();
  process.chdir(place.folder);
  try {
    const storage = fileStorage("session.json");
    process.chdir(before);
    await storage.save("a", "1");
    assert.deepEqual(await readdir(place.folder), ["session.json"]);
  } finally {
    process.chdir(before);
  }
});

test("what is no path is refused at once", () => {
  for (const odd of [undefined, "", 7, null, {}]) {
    assert.throws(() => fileStorage(/** @type {any} */ (odd)), { name: "ConfigurationError", code: "invalid_option" });
  }
});

test("a lock of a process that is gone is taken away in seconds, one of a process that lives is not", async () => {
  const storage = fileStorage(path);
  await runProgram("killed.mjs", { path });
  const begun = performance.now();
  await storage.save("a", "1");
  const waited = performance.now() - begun;
  assert.ok(waited > 1000 && waited < 8000, String(waited));

  // As a process would look that is stopped for a while: it lives, and its lock was touched just now.
  await writeFile(`${path}.lock`, JSON.stringify({ pid: process.ppid, host: (await import("node:os")).hostname(), id: "other" }));
  let isSaved = false;
  const saving = Promise.resolve(storage.save("a", "2")).then(() => (isSaved = true));
  for (let second = 0; second < 4; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await utimes(`${path}.lock`, new Date(), new Date());
    assert.equal(isSaved, false);
  }
  const { unlink } = await import("node:fs/promises");
  await unlink(`${path}.lock`);
  await saving;
  assert.equal(await storage.load("a"), "2");
});

test("a lock without a sign of life is taken away, by one of those who wait", async () => {
  await writeFile(`${path}.lock`, "not even written to the end");
  let [inside, most, turns] = [0, 0, 0];
  const { withLock } = await import("../../pkg/node/lock-file.js");
  // The same file by other names, so that those who wait do not know of each other.
  const names = ["", "./", "././", "./././", "././././"];
  await Promise.all(names.map((name) => withLock(`${place.folder}/${name}session.json.lock`, async () => {
    most = Math.max(most, (inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    inside -= 1;
    turns += 1;
  })));
  assert.deepEqual([most, turns], [1, names.length]);
  assert.deepEqual(await readdir(place.folder), []);
});

test("a lock is held for as long as its holder lives, however long that takes", async () => {
  const { withLock } = await import("../../pkg/node/lock-file.js");
  /** @type {string[]} */
  const order = [];
  const held = withLock(`${path}.lock`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 11_500));
    order.push("first");
  });
  // The same file by another name, so that this process does not know that it waits for itself.
  const waiting = withLock(`${place.folder}/./session.json.lock`, async () => order.push("second"));
  await Promise.all([held, waiting]);
  assert.deepEqual(order, ["first", "second"]);
});

test("a lock that showed life since it was judged stays, and what is to be taken away is so once", async () => {
  const { takeAway } = await import("../../pkg/node/lock-file.js");
  const lock = `${path}.lock`;
  await writeFile(lock, "somebody's");
  await takeAway(lock, "as it was before");
  assert.deepEqual(await readdir(place.folder), ["session.json.lock"]);
  const { ino, mtimeMs } = await stat(lock);
  // Somebody else is at it.
  await writeFile(`${lock}.stale`, "");
  await takeAway(lock, `${ino} ${mtimeMs} somebody's`);
  assert.equal((await readdir(place.folder)).length, 2);
  // And was killed at it.
  await utimes(`${lock}.stale`, new Date(0), new Date(0));
  await takeAway(lock, `${ino} ${mtimeMs} somebody's`);
  await takeAway(lock, `${ino} ${mtimeMs} somebody's`);
  assert.deepEqual(await readdir(place.folder), []);
});
