// @ts-check
// One piece of work at a time, however many callers ask for it; the rules are those of src/client/flight.rs.

/** What the entry of a host says of it. */
export const realm = {
  /** Whether each request has its own promises and timers, which nobody else can wait for and which end with it. */
  isolatesRequests: false,
};

/** How often an owner gives a sign of life. */
const SIGN_MS = 500;
/** After how much waiting of one's own without a sign an owner counts as gone. */
const GONE_AFTER_MS = 3000;
/** The longest pause between two looks; the first ones are shorter. */
const LONGEST_PAUSE_MS = 64;

/**
 * Work of one request that others look at.
 *
 * @template T
 * @typedef {{ signs: number, landed?: () => T }} Trip
 */

/** @template T */
export class Flight {
  /** @type {Promise<T> | undefined} */
  #promise;
  /** @type {Trip<T> | undefined} */
  #trip;

  /**
   * Joins the work under way, or starts this one.
   *
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async join(work) {
    if (!realm.isolatesRequests) {
      this.#promise ??= work().finally(() => {
        this.#promise = undefined;
      });
      return this.#promise;
    }
    for (let trip = this.#trip; trip !== undefined; trip = this.#trip) {
      const landed = await outcomeOf(trip);
      if (landed !== undefined) return landed();
      this.#leave(trip);
    }
    return this.#carry(work);
  }

  /** Waits for what is under way, however it ends. */
  async settled() {
    await this.#promise?.catch(() => {});
    if (this.#trip !== undefined) await outcomeOf(this.#trip);
  }

  /** @param {() => Promise<T>} work */
  async #carry(work) {
    /** @type {Trip<T>} */
    const trip = { signs: 0 };
    this.#trip = trip;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    let heart;
    try {
      heart = setInterval(() => {
        trip.signs += 1;
      }, SIGN_MS);
    } catch {
      // At module scope, where Workers set no timers: no request is there that could wait.
    }
    try {
      const brought = await work();
      trip.landed = () => brought;
      return brought;
    } catch (thrown) {
      trip.landed = () => {
        throw thrown;
      };
      throw thrown;
    } finally {
      clearInterval(heart);
      this.#leave(trip);
    }
  }

  /** Makes room for another trip, unless that has begun. @param {Trip<T>} trip */
  #leave(trip) {
    if (this.#trip === trip) this.#trip = undefined;
  }
}

/**
 * How a trip ends; `undefined`: nobody is on it any more.
 *
 * @template T
 * @param {Trip<T>} trip
 */
async function outcomeOf(trip) {
  let { signs } = trip;
  for (let pause = 1, waited = 0; waited < GONE_AFTER_MS; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (trip.landed !== undefined) return trip.landed;
    waited = trip.signs === signs ? waited + pause : 0;
    signs = trip.signs;
  }
  return undefined;
}
