// @ts-check
// The Durable Object that owns a session's refresh: whatever number of isolates ask, one client in one place sends one
// request, and no caller that leaves cancels it. A plain class with `fetch` and `alarm`, so that no module of Workers
// has to be imported where there is none.

import { IdpClient } from "wasm-oidc";

import { configurationError, isOAuthError } from "../../errors.js";
import { report } from "../../report.js";
import { recordOfError } from "./failures.js";
import { lockingCoordinator } from "./locking-coordinator.js";
import { ObjectEntries } from "./object-entries.js";

/** @typedef {import("../../index.d.ts").TokenSet} TokenSet */

/** Nobody else could be sending: whoever did before this object was restarted is gone. */
const LEASE_SECONDS = 0;

/** Longer than any refresh; callers give up before. */
const WAIT_SECONDS = 600;

export class SessionObject {
  #entries;
  #coordinator;
  /** @type {IdpClient | undefined} */
  #idp;

  /**
   * @param {any} state
   * @param {any} env
   */
  constructor(state, env) {
    this.env = env;
    this.#entries = new ObjectEntries(state.storage);
    this.#coordinator = lockingCoordinator(this.#entries, { leaseSeconds: LEASE_SECONDS, waitSeconds: WAIT_SECONDS });
  }

  /**
   * @param {any} _env
   * @returns {import("../../index.d.ts").ClientOptions}
   */
  options(_env) {
    throw configurationError("missing_option", "a class that extends SessionObject has a method `options(env)`: the options of its client");
  }

  /**
   * @param {TokenSet} tokens
   * @returns {Promise<TokenSet>}
   */
  async refresh(tokens) {
    const idp = (this.#idp ??= IdpClient.createSync(this.options(this.env)));
    const agent = await idp.createAgent(tokens, { verify: "claims", autoRefresh: false });
    return (await idp.refresh(agent)).tokens;
  }

  /** @param {TokenSet} tokens */
  async discard({ refresh_token: token }) {
    if (token !== undefined) await this.#idp?.revokeToken(token, "refresh_token");
  }

  /** @param {Request} request */
  async fetch(request) {
    // An object goes on for as long as it waits for something: no caller that leaves ends it.
    try {
      return Response.json({ answer: (await this.#do(await request.json())) ?? null });
    } catch (thrown) {
      if (!isOAuthError(thrown)) report(thrown);
      return Response.json({ error: recordOfError(thrown) });
    }
  }

  async alarm() {
    await this.#entries.sweep();
  }

  /** @param {any} call */
  async #do({ job, session, key, text, expiresAt, token, milliseconds }) {
    switch (job) {
      case "renew":
        return this.#coordinator.renew(session, (tokens) => this.refresh(tokens), { discard: (tokens) => this.discard(tokens) });
      case "end":
        return this.#coordinator.end(session);
      case "load":
        return this.#entries.load(key);
      case "save":
        return this.#entries.save(key, text, { expiresAt });
      case "delete":
        return this.#entries.delete(key);
      case "add":
        return this.#entries.add(key, expiresAt);
      case "acquire":
        return this.#entries.lease(key, token, milliseconds, true);
      case "extend":
        return this.#entries.lease(key, token, milliseconds, false);
      case "release":
        return this.#entries.release(key, token);
      default:
        throw configurationError("invalid_option", `this SessionObject does not know the job "${job}": the Worker that asks is newer`);
    }
  }
}
