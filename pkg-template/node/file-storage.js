// @ts-check
// Sessions in a file that only its owner may read, so that a login survives the process that made it.

import { recordsIn } from "./records.js";

/** @type {import("./records.js").Seals} */
const PLAIN = {
  header: null,
  isCurrent: true,
  seal: async (_key, text, expiresAt) => ({ text, ...(expiresAt !== undefined && { expiresAt }) }),
  open: async (_key, { text }) => (typeof text === "string" ? text : undefined),
};

/** @param {string} path */
export function fileStorage(path) {
  return recordsIn(path, { kind: "plain", unlock: async () => PLAIN, begin: async () => PLAIN });
}
