// The encrypted file: which keys open it, how a key is changed, and what somebody who can write the file can do with it.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { ConfigurationError, StorageError } from "wasm-oidc";
import { encryptedFileStorage } from "wasm-oidc/node";

import { emptyFolder } from "./setting.mjs";

const ONE = { key: new Uint8Array(32).fill(1) };
const TWO = { key: new Uint8Array(32).fill(2) };
const PASSPHRASE = { passphrase: "correct horse battery" };

/** @type {Awaited<ReturnType<typeof emptyFolder>>} */
let place;
let path = "";
beforeEach(async () => {
  place = await emptyFolder();
  path = join(place.folder, "session.json");
});
afterEach(() => place?.remove());

const readJson = async () => JSON.parse(await readFile(path, "utf8"));
const writeJson = (/** @type {any} */ value) => writeFile(path, JSON.stringify(value));

/** @param {Promise<unknown>} call */
const assertWrongKey = (call) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof StorageError && error.code === "wrong_key", String(error));
    assert.equal(error.recovery, "fix");
    assert.match(error.message, new RegExp(`^${path} was encrypted with another key: it is left as it is`));
    return true;
  });

test("bytes, a key of WebCrypto and a passphrase open what they sealed", async () => {
  const cryptoKey = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  for (const secret of [ONE, { key: ONE.key.buffer }, { key: cryptoKey }, PASSPHRASE]) {
    await encryptedFileStorage(path, secret).save("a", "text");
    assert.equal(await encryptedFileStorage(path, secret).load("a"), "text");
    await encryptedFileStorage(path, TWO).clear();
  }
});

test("a wrong key is an error of every method that reads or writes, and the file stays byte for byte", async () => {
  await encryptedFileStorage(path, ONE).save("a", "text");
  const before = await readFile(path);
  for (const secret of [TWO, PASSPHRASE, [TWO, PASSPHRASE]]) {
    const storage = encryptedFileStorage(path, /** @type {any} */ (secret));
    for (const call of [() => storage.load("a"), () => storage.save("a", "other"), () => storage.delete("a")]) await assertWrongKey(call());
  }
  assert.deepEqual(await readFile(path), before);
  await encryptedFileStorage(path, TWO).clear();
  await assert.rejects(readFile(path), { code: "ENOENT" });
});

test("a wrong passphrase is the same, and so is one that differs in a letter's case", async () => {
  await encryptedFileStorage(path, PASSPHRASE).save("a", "text");
  await assertWrongKey(encryptedFileStorage(path, { passphrase: "Correct horse battery" }).load("a"));
  await assertWrongKey(encryptedFileStorage(path, ONE).load("a"));
});

test("a passphrase is one in all spellings of Unicode", async () => {
  await encryptedFileStorage(path, { passphrase: "caf\u00e9 au lait" }).save("a", "text");
  assert.equal(await encryptedFileStorage(path, { passphrase: "cafe\u0301 au lait" }).load("a"), "text");
});

test("the key is changed by putting the new one in front: the next change puts everything under it", async () => {
  await encryptedFileStorage(path, ONE).save("a", "1");
  await encryptedFileStorage(path, ONE).save("b", "2");
  const both = encryptedFileStorage(path, [PASSPHRASE, ONE]);
  assert.equal(await both.load("a"), "1");
  assert.equal(await encryptedFileStorage(path, ONE).load("a"), "1");
  await both.save("c", "3");
  await assertWrongKey(encryptedFileStorage(path, ONE).load("a"));
  const alone = encryptedFileStorage(path, PASSPHRASE);
  assert.deepEqual([await alone.load("a"), await alone.load("b"), await alone.load("c")], ["1", "2", "3"]);
});

test("no text is sealed twice alike, and nothing of it can be read in the file", async () => {
  const storage = encryptedFileStorage(path, ONE);
  const nonces = new Set();
  const texts = new Set();
  for (let turn = 0; turn < 20; turn += 1) {
    await storage.save("a", "a-refresh-token");
    const { entries } = await readJson();
    nonces.add(entries.a.iv);
    texts.add(entries.a.ciphertext);
  }
  assert.deepEqual([nonces.size, texts.size], [20, 20]);
  assert.doesNotMatch(await readFile(path, "utf8"), /refresh/);
});

test("a passphrase is derived by scrypt with a salt of the file's own and at a cost that the file says", async () => {
  await encryptedFileStorage(path, PASSPHRASE).save("a", "text");
  const { kdf } = (await readJson()).header;
  assert.deepEqual([kdf.name, kdf.N, kdf.r, kdf.p], ["scrypt", 131_072, 8, 1]);
  assert.equal(Buffer.from(kdf.salt, "base64url").length, 16);
  await encryptedFileStorage(path, PASSPHRASE).clear();
  await encryptedFileStorage(path, PASSPHRASE).save("a", "text");
  assert.notEqual((await readJson()).header.kdf.salt, kdf.salt);
});

test("a file cannot make a passphrase cheap to guess, nor cost more than a program can bear", async () => {
  const storage = () => encryptedFileStorage(path, PASSPHRASE);
  await storage().save("a", "text");
  const whole = await readJson();
  for (const cost of [{ N: 2 ** 30 }, { N: 3 }, { N: 0 }, { N: -2 }, { r: 1000 }, { p: 1000 }, { N: "131072" }, { N: 2 }, { salt: 7 }, { name: "md5" }]) {
    await writeJson({ ...whole, header: { ...whole.header, kdf: { ...whole.header.kdf, ...cost } } });
    const begun = performance.now();
    await assertWrongKey(storage().load("a"));
    assert.ok(performance.now() - begun < 20_000, JSON.stringify(cost));
  }
});

test("an entry that was changed, renamed, given another end or put in from elsewhere is no session", async () => {
  const storage = encryptedFileStorage(path, ONE);
  const end = Math.floor(Date.now() / 1000) + 600;
  await storage.save("a", "of a", { expiresAt: end });
  await storage.save("b", "of b");
  const whole = await readJson();
  const { a, b } = whole.entries;
  const flipped = Buffer.from(a.ciphertext, "base64url");
  flipped[0] ^= 1;
  for (const changed of [
    b, { ...a, expiresAt: end + 1 }, { ...a, expiresAt: undefined }, { ...a, iv: b.iv }, { ...a, iv: "" }, { iv: 7 }, {},
    { ...a, ciphertext: flipped.toString("base64url") }, { ...a, ciphertext: a.ciphertext.slice(0, 10) }, { text: "in plain", ...b },
  ]) {
    await writeJson({ ...whole, entries: { a: changed, b } });
    assert.deepEqual([await storage.load("a"), await storage.load("b")], ["unreadable", "of b"], JSON.stringify(changed));
  }
  await writeJson({ ...whole, entries: { a: {}, b } });
  await encryptedFileStorage(path, [TWO, ONE]).save("c", "of c");
  assert.deepEqual((await encryptedFileStorage(path, TWO).list()).sort(), ["b", "c"]);
});

test("a file that is not encrypted is not taken for one that is, and the other way round", async () => {
  const { fileStorage } = await import("wasm-oidc/node");
  await fileStorage(path).save("a", "planted");
  await assert.rejects(encryptedFileStorage(path, ONE).load("a"), { code: "storage_unavailable", message: /is not encrypted/ });
  await encryptedFileStorage(`${path}2`, ONE).save("a", "text");
  await assert.rejects(fileStorage(`${path}2`).load("a"), { code: "storage_unavailable", message: /is encrypted/ });
});

test("the bytes of a key may be wiped as soon as the storage is made", async () => {
  const key = new Uint8Array(32).fill(1);
  const storage = encryptedFileStorage(path, { key });
  key.fill(0);
  await storage.save("a", "text");
  assert.equal(await encryptedFileStorage(path, ONE).load("a"), "text");
});

test("what is no key is refused at once, and the message holds nothing of it", async () => {
  const signing = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const oneWay = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const odd = [
    undefined, {}, [], Array(9).fill(ONE), { key: new Uint8Array(16) }, { key: "0123456789abcdef0123456789abcdef" }, { key: signing },
    { key: oneWay }, { passphrase: "secret7" }, { passphrase: 12_345_678 }, { ...ONE, ...PASSPHRASE }, [ONE, {}], null,
  ];
  for (const secrets of odd) {
    assert.throws(() => encryptedFileStorage(path, /** @type {any} */ (secrets)), (error) => {
      assert.ok(error instanceof ConfigurationError && error.code === "invalid_option", String(error));
      assert.doesNotMatch(error.message, /secret7|0123456789|12345678/);
      return true;
    });
  }
});
