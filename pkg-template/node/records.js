// @ts-check
// Many texts under names in one file, each process's changes kept: what both file storages are made of. How a text is
// kept, as it is or encrypted, is the business of a `Sealing`.

import { createHash } from "node:crypto";
import { resolve } from "node:path";

import { configurationError } from "../errors.js";
import { withLock } from "./lock-file.js";
import { readPrivate, refused, removePrivate, writePrivate } from "./private-file.js";

/** How every file of ours begins, so that no other is ever changed. */
const BEGINNING = '{"wasm-oidc":';
const VERSION = 1;

/** What is given for a text that is there and cannot be read any more: no session, so that the client drops it. */
const UNREADABLE = "unreadable";

/**
 * @typedef {{ expiresAt?: number, [member: string]: unknown }} Entry
 *
 * @typedef {object} Document
 * @property {unknown} header what the sealing keeps beside the entries
 * @property {Map<string, Entry>} entries
 *
 * @typedef {object} Seals those of one document
 * @property {unknown} header
 * @property {boolean} isCurrent whether what is there is sealed as new entries are
 * @property {(key: string, text: string, expiresAt: number | undefined) => Promise<Entry>} seal
 * @property {(key: string, entry: Entry) => Promise<string | undefined>} open nothing where it cannot be read any more
 *
 * @typedef {object} Sealing
 * @property {string} kind the same in every file that it can read
 * @property {(header: unknown, path: string) => Promise<Seals | undefined>} unlock of a document; nothing where its header is broken
 * @property {() => Promise<Seals>} begin a new document
 */

/**
 * @param {unknown} path
 * @param {Sealing} sealing
 */
export function recordsIn(path, sealing) {
  if (typeof path !== "string" || path === "") {
    throw configurationError("invalid_option", "a file storage takes the path of its file");
  }
  // A program may change its folder.
  const file = resolve(path);

  const read = async () => documentOf(file, await readPrivate(file), sealing.kind);

  /** @returns {Promise<{ entries: Map<string, Entry>, seals?: Seals } | undefined>} nothing where what is there is broken */
  const unlocked = async () => {
    const found = await read();
    if (found === "nothing") return { entries: new Map() };
    if (found === "broken") return undefined;
    const seals = await sealing.unlock(found.header, file);
    return seals && { entries: found.entries, seals };
  };

  /**
   * Changes the entries and writes them, while nobody else does.
   *
   * @param {(entries: Map<string, Entry>, seals: Seals) => Promise<boolean>} edit tells whether something changed
   */
  const change = (edit) =>
    withLock(`${file}.lock`, async () => {
      const found = await unlocked();
      const { entries, seals: old } = found ?? { entries: new Map() };
      const seals = old?.isCurrent ? old : await sealing.begin();
      // What is broken is broken for all, and goes.
      let isChanged = found === undefined;
      if (old !== undefined && old !== seals) isChanged = await sealAgain(entries, old, seals);
      for (const [key, { expiresAt }] of entries) {
        if (isOver(expiresAt)) isChanged = entries.delete(key);
      }
      isChanged = (await edit(entries, seals)) || isChanged;
      if (!isChanged) return;
      if (entries.size === 0) return removePrivate(file);
      const document = { "wasm-oidc": VERSION, kind: sealing.kind, header: seals.header, entries: Object.fromEntries(entries) };
      await writePrivate(file, `${JSON.stringify(document)}\n`);
    });

  const names = async () => {
    const found = await read();
    if (typeof found === "string") return [];
    return [...found.entries].filter(([, { expiresAt }]) => !isOver(expiresAt)).map(([key]) => key);
  };

  return Object.freeze({
    async load(/** @type {string} */ key) {
      const found = await unlocked();
      if (found === undefined) return UNREADABLE;
      const entry = found.entries.get(key);
      if (entry === undefined || isOver(entry.expiresAt)) return null;
      return (await found.seals?.open(key, entry)) ?? UNREADABLE;
    },
    save: (/** @type {string} */ key, /** @type {string} */ value, /** @type {{ expiresAt?: number }} */ options = {}) =>
      change(async (entries, seals) => {
        entries.set(String(key), await seals.seal(String(key), String(value), options.expiresAt));
        return true;
      }),
    async delete(/** @type {string} */ key) {
      if ((await read()) !== "nothing") await change(async (entries) => entries.delete(key));
    },
    exists: async (/** @type {string} */ key) => (await names()).includes(key),
    list: async (prefix = "") => (await names()).filter((key) => key.startsWith(prefix)),
    clear: () =>
      withLock(`${file}.lock`, async () => {
        // Says what is wrong with a file that is not ours.
        await read();
        await removePrivate(file);
      }),
    lock: (/** @type {string} */ key, /** @type {() => any} */ run) => withLock(`${file}.${nameOf(key)}.lock`, run),
  });
}

/**
 * @param {string} path
 * @param {string | undefined} text
 * @param {string} kind
 * @returns {Document | "nothing" | "broken"} `"broken"`: a file of ours that cannot be read any more
 */
function documentOf(path, text, kind) {
  if (text === undefined || text === "") return "nothing";
  // So a file looks that a power cut left behind.
  if (/^\0+$/.test(text)) return "broken";
  if (!text.startsWith(BEGINNING)) throw refused(path, "is no file of this library");
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return "broken";
  }
  const { "wasm-oidc": version, kind: found, header, entries } = document;
  if (version > VERSION) throw refused(path, "was written by a newer version of this library");
  if (version !== VERSION || typeof entries !== "object" || entries === null) return "broken";
  if (found !== kind) throw refused(path, found === "plain" ? "is not encrypted" : "is encrypted");
  const all = Object.entries(entries);
  return all.every(([, entry]) => typeof entry === "object" && entry !== null) ? { header, entries: new Map(all) } : "broken";
}

/**
 * @param {Map<string, Entry>} entries
 * @param {Seals} old
 * @param {Seals} seals
 */
async function sealAgain(entries, old, seals) {
  for (const [key, entry] of entries) {
    const text = await old.open(key, entry);
    if (text === undefined) entries.delete(key);
    else entries.set(key, await seals.seal(key, text, entry.expiresAt));
  }
  return true;
}

/** @param {number | undefined} end in Unix seconds */
function isOver(end) {
  return end !== undefined && end * 1000 < Date.now();
}

/**
 * A part of a file's name for any key, which may be long and hold whatever it likes.
 *
 * @param {string} key
 */
function nameOf(key) {
  return createHash("sha256").update(String(key)).digest("hex").slice(0, 32);
}
