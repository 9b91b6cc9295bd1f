// @ts-check
// One refresh for however many isolates (RFC 9700 4.14.2), over a store with locks. In this order: the lock of the
// session, a look into the store, the mark that a refresh token is under way, the request, the answer stored. Whoever
// comes with tokens that others renewed meanwhile gets those.

import { configurationError, toError } from "../../errors.js";
import { report } from "../../report.js";
import {
  endsSession, isPaused, isRefusal, isUnanswered, isUnspent, noRefreshToken, outcomeLost, pauseAfter, recordOfError, signedOut,
} from "./failures.js";
import { isAlive, newestOf, recordOf, renewedRecord, tokenName } from "./renewal-record.js";
import { requireSession } from "./session-name.js";
import { strongStore } from "./strong-store.js";
import { sleep, within } from "./time.js";

/** Milliseconds between two looks at the mark of somebody who may have died. */
const LOOK_EVERY = 250;

/** Milliseconds for which a look holds: one that slept longer may have lost its lock, and been taken for dead. */
const FRESH = 5000;

/** Milliseconds that a refresh has where no lease says it. */
const LONGEST_REFRESH = 60_000;

/** How often a renewal looks again because others got further. */
const MAX_LOOKS = 16;

/** Seconds that a session without a known end is remembered. */
const REMEMBERED = 30 * 24 * 3600;

/**
 * @typedef {import("../../index.d.ts").TokenSet} TokenSet
 * @typedef {import("./renewal-record.js").RenewalRecord} RenewalRecord
 * @typedef {import("./renewal-record.js").Sending} Sending
 * @typedef {import("./index.d.ts").RenewableSession} RenewableSession
 * @typedef {(tokens: TokenSet) => Promise<TokenSet>} Refresh
 * @typedef {(tokens: TokenSet) => unknown} Discard
 */

/**
 * @param {import("../../index.d.ts").TokenStorage} store
 * @param {import("./index.d.ts").CoordinatorOptions} [options]
 * @returns {import("./index.d.ts").RefreshCoordinator}
 */
export function lockingCoordinator(store, { leaseSeconds = 60, waitSeconds = 30 } = {}) {
  for (const [name, seconds] of Object.entries({ leaseSeconds, waitSeconds })) {
    if (!(seconds >= 0 && seconds <= 3600)) {
      throw configurationError("invalid_option", `lockingCoordinator, option "${name}": expected 0 to 3600 seconds`);
    }
  }
  const strong = strongStore("lockingCoordinator", store);
  return Object.freeze({
    async renew(
      /** @type {RenewableSession} */ session,
      /** @type {Refresh} */ refresh,
      /** @type {{ discard?: Discard }} */ { discard = () => {} } = {},
    ) {
      const names = await namesOf(session);
      if (typeof session.tokens?.refresh_token !== "string") throw noRefreshToken();
      const renewal = new Renewal(strong, names, { refresh, discard }, leaseSeconds * 1000);
      // A promise of this call's own: in workerd no request may wait for the work of another.
      const work = strong.lock(names.record, () => renewal.run(session.tokens));
      return within(waitSeconds, /** @type {PromiseLike<TokenSet>} */ (work));
    },
    async end(/** @type {{ id: string, expiresAt?: number }} */ session) {
      const { record, over, expiresAt } = await namesOf(session);
      // The mark of the end first: from then on a late answer sees it.
      await strong.save(over, JSON.stringify(recordOfError(signedOut())), { expiresAt });
      const { tokens } = recordOf(await strong.load(record));
      await strong.delete(record);
      return tokens ?? null;
    },
  });
}

/** @param {{ id: string, expiresAt?: number }} session */
async function namesOf({ id, expiresAt = Math.floor(Date.now() / 1000) + REMEMBERED }) {
  const name = await requireSession(id);
  return { record: `wasm-oidc:renewal:${name}`, over: `wasm-oidc:renewal-over:${name}`, expiresAt };
}

/** What one caller does while it has the lock. */
class Renewal {
  #store;
  #names;
  #ways;
  #lease;
  #by = crypto.randomUUID();
  /** Whether the store said that the session is over. */
  #isOver = false;
  /** Whose request was waited for until it counted as lost. */
  #waitedFor = "";

  /**
   * @param {ReturnType<typeof strongStore>} store
   * @param {{ record: string, over: string, expiresAt: number }} names
   * @param {{ refresh: Refresh, discard: Discard }} ways
   * @param {number} lease milliseconds
   */
  constructor(store, names, ways, lease) {
    this.#store = store;
    this.#names = names;
    this.#ways = ways;
    this.#lease = lease;
  }

  /** @param {TokenSet} given */
  async run(given) {
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const lookedAt = Date.now();
      const record = await this.#look();
      const newest = await newestOf(record, given);
      if (newest.access_token !== given.access_token && isAlive(newest)) return newest;
      if (newest.refresh_token === undefined) throw noRefreshToken();
      if (isPaused(record.pause)) throw toError(record.pause.error);
      const token = await tokenName(newest);
      const { sending: found } = record;
      const before = found?.token === token && found.by !== this.#by ? found : undefined;
      if (before !== undefined && !before.isOver && before.by !== this.#waitedFor && Date.now() < before.sentAt + this.#lease) {
        await this.#untilLost(before);
        this.#waitedFor = before.by;
        continue;
      }
      const hasDied = before !== undefined && !before.isTold;
      if (hasDied && before.isSecond) throw await this.#endWith(outcomeLost());
      const sending = { token, by: this.#by, sentAt: Date.now(), isTold: false, isOver: false, isSecond: hasDied };
      const marked = { ...record, tokens: newest, sending, pause: undefined };
      // Neither is old knowledge written over new, nor a token sent by it.
      if (Date.now() - lookedAt > FRESH) continue;
      await this.#save(marked);
      if (Date.now() - lookedAt > FRESH) continue;
      return this.#send(marked, before);
    }
    const message = "others renew this session and do not come to an end";
    throw toError({ class: "RefreshError", code: "timeout", message, recovery: "retry" });
  }

  /**
   * @param {RenewalRecord} record as it is in the store, with the mark
   * @param {Sending | undefined} before the mark that was there before
   */
  async #send(record, before) {
    const { tokens, sending } = /** @type {Required<RenewalRecord>} */ (record);
    // Nothing aborts it: the token may be spent from here on.
    const sent = (async () => this.#ways.refresh(tokens))();
    let renewed;
    try {
      renewed = await within((this.#lease || LONGEST_REFRESH) / 1000, sent);
    } catch (thrown) {
      void sent.then((late) => this.#arrived(late, record)).catch(() => {});
      throw await this.#failed(thrown, sending, before);
    }
    return this.#arrived(renewed, record);
  }

  /**
   * Keeps an answer, before anybody gets it.
   *
   * @param {TokenSet} renewed
   * @param {RenewalRecord} record as it was when the token was sent
   */
  async #arrived(renewed, record) {
    const { tokens, sending } = /** @type {Required<RenewalRecord>} */ (record);
    if (typeof renewed?.access_token !== "string") {
      const message = "the `refresh` of a coordinator answers with the token set that it got";
      throw toError({ class: "ConfigurationError", code: "plug_in_answer", message, recovery: "fix" });
    }
    const latest = (await this.#lookAfter(renewed)) ?? record;
    const stored = latest.tokens ?? tokens;
    // Somebody who had taken this one for dead was luckier.
    if ((await tokenName(stored)) !== sending.token) return stored;
    await this.#keep(await renewedRecord(latest, renewed, sending.token));
    // Who signed out while that was written has deleted what was there before.
    await this.#lookAfter(renewed);
    return renewed;
  }

  /**
   * What the store says when an answer has arrived, which must not be lost because the store cannot be had.
   *
   * @param {TokenSet} renewed
   */
  async #lookAfter(renewed) {
    try {
      return await this.#look();
    } catch (thrown) {
      if (!this.#isOver) return undefined;
      await Promise.allSettled([this.#store.delete(this.#names.record), (async () => this.#ways.discard(renewed))()]);
      throw thrown;
    }
  }

  /** @param {RenewalRecord} record */
  async #keep(record) {
    try {
      await this.#save(record).catch(() => this.#save(record));
    } catch (cause) {
      const message = "renewed tokens could not be stored: whoever comes with the old ones ends the session";
      report(toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause }));
    }
  }

  /**
   * @param {any} thrown
   * @param {Sending} sending
   * @param {Sending | undefined} before
   * @returns {Promise<unknown>} what the caller is told
   */
  async #failed(thrown, sending, before) {
    try {
      const record = await this.#look();
      // Somebody who had taken this one for dead got further, and says what has become of the session.
      if (record.tokens === undefined || (await tokenName(record.tokens)) !== sending.token) return thrown;
      if (endsSession(thrown)) {
        const wasLost = before !== undefined && isRefusal(thrown);
        return await this.#endWith(wasLost ? outcomeLost(thrown) : thrown);
      }
      if (record.sending?.by !== this.#by) return thrown;
      const told = { ...sending, isTold: true, isOver: !isUnanswered(thrown), isSecond: false };
      await this.#save({ ...record, sending: isUnspent(thrown) ? before : told, pause: pauseAfter(thrown) });
      return thrown;
    } catch (other) {
      // Why there are no new tokens says more than that the store could not be told.
      return this.#isOver ? other : thrown;
    }
  }

  /**
   * Waits for the request of somebody who may have died: it lives on in the network; or until its end is told.
   *
   * @param {Sending} sending
   */
  async #untilLost(sending) {
    // By what was waited too: the other one's clock may be ahead.
    for (let waited = 0; waited < this.#lease && Date.now() < sending.sentAt + this.#lease; waited += LOOK_EVERY) {
      await sleep(LOOK_EVERY);
      const { sending: now } = await this.#look();
      if (now?.by !== sending.by || now.isOver !== sending.isOver) return;
    }
  }

  /** @returns {Promise<RenewalRecord>} rejects where the session is over */
  async #look() {
    const [record, over] = await Promise.all([this.#store.load(this.#names.record), this.#store.load(this.#names.over)]);
    if (over == null) return recordOf(record);
    this.#isOver = true;
    throw toError(JSON.parse(over));
  }

  /** @param {RenewalRecord} record */
  async #save(record) {
    await this.#store.save(this.#names.record, JSON.stringify(record), { expiresAt: this.#names.expiresAt });
  }

  /** @param {any} error */
  async #endWith(error) {
    await this.#store.save(this.#names.over, JSON.stringify(recordOfError(error)), { expiresAt: this.#names.expiresAt });
    await this.#store.delete(this.#names.record);
    return error;
  }
}
