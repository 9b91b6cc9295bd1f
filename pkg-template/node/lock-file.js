// @ts-check
// One at a time among all processes that share a file: a file beside it that only one of them can create. Its holder
// touches it every second; one that shows no life for long is taken away, by whose clock it did so does not matter.

import { randomUUID } from "node:crypto";
import { mkdir, open, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { FILE_MODE, FOLDER_MODE, unusable } from "./private-file.js";

/** Milliseconds between two looks; a little more, so that those who wait do not look at the same time. */
const LOOK_EVERY = 20;
const HEARTBEAT = 1000;

/** Milliseconds without a sign of life after which a lock has no holder; less where its process is known to be gone. */
const STALE = 10_000;
const STALE_OF_GONE = 2000;

/** Milliseconds to wait for a holder that lives. Callers who have less patience give up before. */
const LONGEST_WAIT = 60 * 60 * 1000;

/** Who is next in this process, by the lock's path. @type {Map<string, Promise<unknown>>} */
const turns = new Map();

/**
 * Runs `run` while nobody else has the lock, in this process or another.
 *
 * @template T
 * @param {string} path of the lock
 * @param {() => T | PromiseLike<T>} run
 * @returns {Promise<T>} rejects with a StorageError where the lock is not to be had
 */
export function withLock(path, run) {
  const turn = Promise.resolve(turns.get(path)).then(() => held(path, run));
  const leave = () => void (turns.get(path) === over && turns.delete(path));
  // The next in line does not care how this one ends.
  const over = turn.then(leave, leave);
  turns.set(path, over);
  return turn;
}

/**
 * @template T
 * @param {string} path
 * @param {() => T | PromiseLike<T>} run
 */
async function held(path, run) {
  const { file, mine } = await take(path);
  // By the open file and not by its name, which may be somebody else's by now.
  const heartbeat = setInterval(() => file.utimes(new Date(), new Date()).catch(() => {}), HEARTBEAT);
  heartbeat.unref();
  try {
    return await run();
  } finally {
    clearInterval(heartbeat);
    const found = await look(path).catch(() => undefined);
    if (found?.text === mine) await unlink(path).catch(() => {});
    await file.close().catch(() => {});
  }
}

/** @param {string} path */
async function take(path) {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  const end = performance.now() + LONGEST_WAIT;
  /** @type {{ mark: string, since: number } | undefined} */
  let watched;
  while (performance.now() < end) {
    const file = await created(path, mine);
    if (file !== undefined) return { file, mine };
    const found = await look(path);
    if (found === undefined) continue;
    const now = performance.now();
    if (watched?.mark !== found.mark) watched = { mark: found.mark, since: now };
    if (now - watched.since >= (isGone(found.text) ? STALE_OF_GONE : STALE)) await takeAway(path, found.mark);
    else await sleep(LOOK_EVERY * (1 + Math.random()));
  }
  throw unusable(path, new Error("another process holds this lock for more than an hour"));
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Promise<import("node:fs/promises").FileHandle | undefined>} nothing where it is there already
 */
async function created(path, text) {
  let file;
  try {
    file = await open(path, "wx", FILE_MODE).catch(async (thrown) => {
      if (thrown?.code !== "ENOENT") throw thrown;
      await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
      return open(path, "wx", FILE_MODE);
    });
    await file.writeFile(text);
    return file;
  } catch (/** @type {any} */ thrown) {
    if (thrown?.code === "EEXIST") return undefined;
    if (file !== undefined) await Promise.allSettled([file.close(), unlink(path)]);
    throw unusable(path, thrown);
  }
}

/**
 * @param {string} path
 * @returns {Promise<{ text: string, mark: string } | undefined>} `mark` changes with every sign of life
 */
async function look(path) {
  let file;
  try {
    file = await open(path, "r");
    const { ino, mtimeMs } = await file.stat();
    const text = await file.readFile("utf8");
    return { text, mark: `${ino} ${mtimeMs} ${text}` };
  } catch (/** @type {any} */ thrown) {
    if (thrown?.code === "ENOENT") return undefined;
    throw unusable(path, thrown);
  } finally {
    await file?.close();
  }
}

/**
 * Whether the holder was a process of this machine that is gone.
 *
 * @param {string} text
 */
function isGone(text) {
  try {
    const { pid, host } = JSON.parse(text);
    if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    // A text that is not whole was perhaps being written.
    return /** @type {any} */ (thrown)?.code === "ESRCH";
  }
}

/**
 * Takes a lock away that nobody holds. Two who want to do so must not take away what a third has created since, so
 * that this needs a lock too, which is held for a moment.
 *
 * @param {string} path
 * @param {string} mark as it was when it was judged
 */
export async function takeAway(path, mark) {
  const guard = `${path}.stale`;
  const file = await created(guard, "");
  if (file === undefined) {
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > STALE) await unlink(guard).catch(() => {});
    await sleep(LOOK_EVERY);
    return;
  }
  try {
    if ((await look(path))?.mark === mark) await unlink(path).catch(() => {});
  } finally {
    await file.close();
    await unlink(guard).catch(() => {});
  }
}
