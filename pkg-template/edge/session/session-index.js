// @ts-check
// Which sessions of ours belong to a session of the provider, and to a person there (OpenID Connect Back-Channel Logout
// 1.0, section 2.7): a logout token names one or the other.

import { memoryStorage } from "../../storage.js";
import { fingerprint } from "./seal.js";

/**
 * @typedef {import("../../index.d.ts").TokenStorage} TokenStorage
 * @typedef {{ name: string, end: number, kept: { issuer: string, subject: string, providerSession?: string } }} Indexed
 */

/** How many sessions of one person are found again. */
const MOST = 200;

/** The locks of this process, for a store that has none. */
const turns = memoryStorage();

/**
 * @param {TokenStorage} store
 * @param {Indexed} session
 */
export async function remember(store, session) {
  const entry = { name: session.name, end: session.end };
  for (const key of await keysOf(session.kept)) {
    await change(store, key, (entries) => [...entries.slice(1 - MOST), entry]);
  }
}

/**
 * @param {TokenStorage} store
 * @param {Indexed} session
 */
export async function forget(store, session) {
  for (const key of await keysOf(session.kept)) {
    await change(store, key, (entries) => entries.filter(({ name }) => name !== session.name));
  }
}

/**
 * The sessions that a logout token ends: those of one session of the provider, or all of a person.
 *
 * @param {TokenStorage} store
 * @param {{ issuer: string, subject?: string, sessionId?: string }} token
 * @returns {Promise<string[]>} their names
 */
export async function found(store, { issuer, subject, sessionId }) {
  const [key] = await keysOf({ issuer, providerSession: sessionId, subject: sessionId === undefined ? subject : undefined });
  return key === undefined ? [] : read(await store.load(key)).map(({ name }) => name);
}

/**
 * @param {{ issuer: string, subject?: string, providerSession?: string }} of
 * @returns {Promise<string[]>}
 */
async function keysOf({ issuer, subject, providerSession }) {
  const parts = [["sid", providerSession], ["sub", subject]].filter(([, value]) => value !== undefined);
  return Promise.all(parts.map(async ([kind, value]) => `wasm-oidc:server-sessions:${await fingerprint(JSON.stringify([issuer, kind, value]))}`));
}

/**
 * @param {TokenStorage} store
 * @param {string} key
 * @param {(entries: { name: string, end: number }[]) => { name: string, end: number }[]} edit
 */
async function change(store, key, edit) {
  const run = async () => {
    const entries = edit(read(await store.load(key)));
    if (entries.length === 0) return store.delete(key);
    return store.save(key, JSON.stringify(entries), { expiresAt: Math.max(...entries.map(({ end }) => end)) });
  };
  await (store.lock === undefined ? turns.lock(key, run) : store.lock(key, run));
}

/**
 * @param {unknown} text
 * @returns {{ name: string, end: number }[]} those that are not over
 */
function read(text) {
  if (typeof text !== "string") return [];
  try {
    return JSON.parse(text).filter((/** @type {{ end: number }} */ { end }) => end > Date.now() / 1000);
  } catch {
    return [];
  }
}
