// @ts-check
// A file that only its owner may read, replaced in one piece: whoever reads it sees the old text or the new one, also
// after a power cut.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { isOAuthError, toError } from "../errors.js";

export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

/** Bytes that no store of sessions grows to. */
const LARGEST = 16 * 1024 * 1024;

/**
 * @param {string} path
 * @returns {Promise<string | undefined>} nothing where there is no file
 */
export async function readPrivate(path) {
  let file;
  try {
    // Whoever can put a link there decides whose file is read; and a pipe would never end.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const { mode, uid, size } = checked(path, await file.stat());
    const own = process.geteuid?.();
    if (own !== undefined && own !== 0 && uid !== own) throw refused(path, "belongs to another user");
    if (size > LARGEST) throw refused(path, "is larger than any store of sessions");
    // Somebody copied it or restored it from a backup. Where there are no such modes this changes nothing.
    if ((mode & 0o077) !== 0) await file.chmod(FILE_MODE).catch(() => {});
    return await file.readFile("utf8");
  } catch (/** @type {any} */ thrown) {
    if (thrown?.code === "ENOENT") return undefined;
    throw unusable(path, thrown);
  } finally {
    await file?.close();
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
export async function writePrivate(path, text) {
  const folder = dirname(path);
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    await sweep(path);
    const file = await open(beside, "wx", FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(folder);
  } catch (thrown) {
    await unlink(beside).catch(() => {});
    throw unusable(path, thrown);
  }
}

/** @param {string} path */
export async function removePrivate(path) {
  try {
    await sweep(path);
    await unlink(path);
    await syncFolder(dirname(path));
  } catch (/** @type {any} */ thrown) {
    if (thrown?.code !== "ENOENT") throw unusable(path, thrown);
  }
}

/**
 * A StorageError that names the file and says what to do.
 *
 * @param {string} path
 * @param {any} cause
 */
export function unusable(path, cause) {
  if (isOAuthError(cause)) return cause;
  switch (cause?.code) {
    case "ELOOP":
    case "EMLINK":
      return refused(path, "is a symbolic link", cause);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return refused(path, "may not be read and written by this user", cause);
    case "EISDIR":
    case "ENOTDIR":
    case "EEXIST":
    case "ENXIO":
      return refused(path, "is not a file in a folder", cause);
    default:
      return storageError(`${path} cannot be used: ${cause?.message ?? cause}`, "retry", cause);
  }
}

/**
 * @param {string} path
 * @param {string} what is wrong
 * @param {unknown} [cause]
 */
export function refused(path, what, cause) {
  return storageError(`${path} ${what}: it is left as it is; delete it, change it, or give the store another path`, "fix", cause);
}

/**
 * @param {string} message
 * @param {import("../index.d.ts").Recovery} recovery
 * @param {unknown} cause
 */
function storageError(message, recovery, cause) {
  return toError({ class: "StorageError", code: "storage_unavailable", message, recovery, cause });
}

/**
 * @param {string} path
 * @param {import("node:fs").Stats} facts
 */
function checked(path, facts) {
  if (!facts.isFile()) throw refused(path, "is not a file");
  return facts;
}

/**
 * Deletes what a process left behind that ended while it wrote: it holds tokens.
 *
 * @param {string} path
 */
async function sweep(path) {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of await readdir(folder)) {
    const middle = other.startsWith(`${name}.`) && other.endsWith(".tmp") ? other.slice(name.length + 1, -4) : "";
    if (/^[0-9a-f]{12}$/.test(middle)) await unlink(join(folder, other)).catch(() => {});
  }
}

/**
 * So that the new name survives a power cut too; not every system can.
 *
 * @param {string} folder
 */
async function syncFolder(folder) {
  const file = await open(folder, "r").catch(() => undefined);
  await file?.sync().catch(() => {});
  await file?.close();
}
