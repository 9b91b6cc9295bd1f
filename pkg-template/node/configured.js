// @ts-check
// The stores in files that a configuration names.

import { homedir } from "node:os";
import { join } from "node:path";

import { encryptedFileStorage } from "./encrypted-file-storage.js";
import { fileStorage } from "./file-storage.js";

/** @param {{ path: string }} options */
export const file = ({ path }) => fileStorage(fromHome(path));

/** @param {{ path: string, passphrase: string }} options */
export const encryptedFile = ({ path, passphrase }) => encryptedFileStorage(fromHome(path), { passphrase });

/**
 * A path as it is written in configurations: a shell, which would know `~`, has not seen it.
 *
 * @param {string} path
 */
function fromHome(path) {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
