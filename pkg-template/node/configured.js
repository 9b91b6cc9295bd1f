// @ts-check
// The files that a configuration names: stores of sessions, and certificates.

import { homedir } from "node:os";
import { join } from "node:path";

import { fetchTrusting } from "./ca.js";
import { encryptedFileStorage } from "./encrypted-file-storage.js";
import { fileStorage } from "./file-storage.js";

/** @param {{ path: string }} options */
export const file = ({ path }) => fileStorage(fromHome(path));

/** @param {{ path: string, passphrase: string }} options */
export const encryptedFile = ({ path, passphrase }) => encryptedFileStorage(fromHome(path), { passphrase });

/** @param {string} ca */
export const trusting = (ca) => fetchTrusting(fromHome(ca));

/**
 * A path as it is written in configurations: a shell, which would know `~`, has not seen it.
 *
 * @param {string} path
 */
function fromHome(path) {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
