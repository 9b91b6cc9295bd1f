// @ts-check
// Which sessions there are of an issuer's session (`sid`) and of a subject, and which are over (OIDC Back-Channel
// Logout 2.5 to 2.7), in a strong store: what was ended once is over for everybody, whatever other stores still say.

import { configurationError } from "../../errors.js";
import { signedOut } from "./failures.js";
import { fingerprint } from "./fingerprint.js";
import { requireSession } from "./session-name.js";
import { strongStore } from "./strong-store.js";
import { within } from "./time.js";

/** Seconds in which a sign-in may still bring an ID token that was issued before the logout. */
const LOGOUT_REMEMBERED = 24 * 3600;

/** Seconds for a lock and what is done under it. */
const LONGEST_CHANGE = 30;

/** How many sessions one subject has at most: with another one the oldest ends. */
const MAX_SESSIONS = 500;

/**
 * @typedef {import("./index.d.ts").SessionFacts} SessionFacts
 *
 * @typedef {object} Members the sessions of one `sid` or `sub`
 * @property {Record<string, number>} sessions their names, and when they end anyway
 * @property {{ issuedAt: number, until: number }} [logout] the newest logout token
 */

/**
 * @param {import("../../index.d.ts").TokenStorage} store
 * @returns {import("./index.d.ts").SessionIndex}
 */
export function sessionIndex(store) {
  const strong = strongStore("sessionIndex", store);

  const endNamed = (/** @type {string} */ name, /** @type {number} */ expiresAt) =>
    strong.save(`wasm-oidc:session-over:${name}`, "over", { expiresAt });

  /** @param {string} key @param {(members: Members) => Promise<void>} edit */
  const change = (key, edit) => {
    const changed = strong.lock(key, async () => {
      const members = membersOf(await strong.load(key));
      await edit(members);
      const last = Math.max(members.logout?.until ?? 0, ...Object.values(members.sessions));
      await (last === 0 ? strong.delete(key) : strong.save(key, JSON.stringify(members), { expiresAt: last }));
    });
    return within(LONGEST_CHANGE, changed, "the index of sessions was not changed");
  };

  return Object.freeze({
    async begin(/** @type {SessionFacts} */ facts) {
      const name = await requireSession(facts.id);
      for (const { key, isOfSubject } of await groupsOf(facts)) {
        await change(key, async ({ sessions, logout }) => {
          if (logout !== undefined && (!isOfSubject || facts.issuedAt <= logout.issuedAt)) throw signedOut();
          sessions[name] = facts.expiresAt;
          const [oldest, ...others] = Object.keys(sessions);
          if (others.length < MAX_SESSIONS) return;
          await endNamed(oldest, sessions[oldest]);
          delete sessions[oldest];
        });
      }
    },
    async isOver(/** @type {string} */ id) {
      return (await strong.load(`wasm-oidc:session-over:${await requireSession(id)}`)) != null;
    },
    async end(/** @type {Pick<SessionFacts, "id" | "expiresAt"> & Partial<SessionFacts>} */ facts) {
      const name = await requireSession(facts.id);
      await endNamed(name, facts.expiresAt);
      for (const { key } of await groupsOf(facts)) {
        await change(key, async ({ sessions }) => void delete sessions[name]);
      }
    },
    async endBy(/** @type {Pick<import("../../index.d.ts").LogoutToken, "issuer" | "subject" | "sessionId" | "issuedAt">} */ token) {
      const [group] = await groupsOf(token);
      if (group === undefined) throw configurationError("invalid_option", "a logout token names a session or a subject");
      /** @type {string[]} */
      let names = [];
      await change(group.key, async (members) => {
        const ends = Object.entries(members.sessions);
        // Before they are forgotten here: whoever dies in between can be asked again.
        await Promise.all(ends.map(([name, expiresAt]) => endNamed(name, expiresAt)));
        names = ends.map(([name]) => name);
        members.sessions = {};
        const issuedAt = Math.max(token.issuedAt, members.logout?.issuedAt ?? 0);
        members.logout = { issuedAt, until: now() + LOGOUT_REMEMBERED };
      });
      return names;
    },
    seen: store,
  });
}

/**
 * What a session belongs to, and what a logout token names: `sid` before `sub`.
 *
 * @param {{ issuer?: string, subject?: string, sessionId?: string }} facts
 */
async function groupsOf({ issuer, subject, sessionId }) {
  if (issuer === undefined) return [];
  const groups = [];
  for (const [kind, value] of [["sid", sessionId], ["sub", subject]]) {
    if (value === undefined) continue;
    groups.push({ key: `wasm-oidc:sessions-of:${await fingerprint(String(kind), issuer, value)}`, isOfSubject: kind === "sub" });
  }
  return groups;
}

/**
 * @param {string | null | undefined} text
 * @returns {Members} those that are not over
 */
function membersOf(text) {
  /** @type {Members} */
  const { sessions, logout } = JSON.parse(text ?? '{"sessions":{}}');
  const living = Object.fromEntries(Object.entries(sessions).filter(([, expiresAt]) => expiresAt > now()));
  return { sessions: living, ...(logout !== undefined && logout.until > now() && { logout }) };
}

function now() {
  return Math.floor(Date.now() / 1000);
}
