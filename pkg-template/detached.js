// @ts-check
// The agents of a client that are not its session: of tokens that the app keeps, and of grants. Each has calls of its own,
// and whoever holds the same refresh token shares one refresh.

import { Agent } from "./agent.js";
import { toError } from "./errors.js";
import { ApiSession } from "./fetch.js";
import { Kept, Renewals } from "./kept.js";
import { acquire } from "./runtime.js";

/**
 * @typedef {import("./kept.js").Record} Record
 *
 * @typedef {object} Client what its agents ask of it
 * @property {(job: string, values: object) => any} now
 * @property {(job: string, values: object) => Promise<any>} later
 * @property {typeof fetch} send
 * @property {(work: Promise<unknown>) => void} keepAlive lets work outlive the answer to a request
 * @property {(thrown: unknown) => void} warn told what an app's `onRefresh` throws
 * @property {() => unknown} autoRefresh of its options
 * @property {import("./agent.js").Calls} ofSession
 */

export class Detached {
  /** What tokens that the app keeps ask. @type {import("./kept.js").Ways} */
  ways;

  #client;
  #renewals;
  /** @type {WeakMap<Agent, Kept>} */
  #kept = new WeakMap();

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
    this.#renewals = new Renewals((tokens) => client.later("renew_kept", { tokens }), client.warn);
    this.ways = {
      now: client.now,
      renew: (tokens, onRefresh) => this.#renewals.renew(tokens, onRefresh),
      keepAlive: client.keepAlive,
      agentOf: (kept, record) => this.#agentOf(kept, record),
      fetch: (kept, input, init) => this.#fetchFor(kept, input, init),
      ofSession: client.ofSession,
    };
  }

  /** The tokens of an agent, where it is one of these. @param {Agent} agent */
  keptOf(agent) {
    return this.#kept.get(agent);
  }

  /**
   * @param {Record} record
   * @param {import("./kept.js").Callbacks & { autoRefresh?: unknown, way?: import("./kept.js").Way }} [options]
   */
  keep(record, options = {}) {
    const autoRefresh = /** @type {boolean} */ (options.autoRefresh ?? this.#client.autoRefresh() ?? true);
    return new Kept(this.ways, record, { ...options, autoRefresh });
  }

  /**
   * The agent of renewed tokens, of which nothing else is known.
   *
   * @param {import("./index.d.ts").TokenSet} tokens
   */
  async refreshed(tokens) {
    const record = await this.#renewals.renew(tokens);
    if (record.error !== undefined) throw toError(record.error);
    return this.keep(record).agent;
  }

  /**
   * @param {Kept} kept
   * @param {Record} record
   */
  #agentOf(kept, { agent: record, tokensJson }) {
    const agent = new Agent(record, {
      tokens: () => JSON.parse(tokensJson),
      getAccessToken: (options) => kept.getAccessToken(options),
      refresh: () => kept.refresh(),
      fetch: (input, init) => kept.fetch(input, init),
    }, acquire);
    this.#kept.set(agent, kept);
    return agent;
  }

  /**
   * @param {Kept} kept
   * @param {RequestInfo | URL} input
   * @param {RequestInit & { auth?: string }} [init]
   */
  #fetchFor(kept, input, init) {
    const { now, send } = this.#client;
    return new ApiSession({
      authorize: async (request) => {
        const url = now("permitted", request);
        return request.auth === "none" ? { url } : { url, accessToken: await kept.getAccessToken() };
      },
      judge: async (answer) => (now("may_send_again", answer) ? kept.tokenInsteadOf(answer.sent) : null),
      refusedAgain: () => kept.refusedAgain(),
      send,
    }).fetch(input, init);
  }
}
