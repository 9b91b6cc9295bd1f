// @ts-check
// Verifies requests. Everything is decided in the wasm; here are the agents of tokens that were seen, each under the number
// that the wasm gave its token, and the way there, which a token that was seen crosses once.

import { Agent } from "../agent.js";
import { configurationError, isOAuthError } from "../errors.js";
import { toJson } from "../to-json.js";
import { readied } from "./options.js";
import { acquire, isReady, ready, readySync } from "./runtime.js";

/** How many tokens are remembered where the app says nothing. */
const MAX_CACHED_TOKENS = 1000;

/**
 * @typedef {import("./index.d.ts").Needs} Needs
 *
 * @typedef {{ agent: Agent, number: number }} Seen
 *
 * What src/bindings/edge.rs answers: an agent, the number of its token where that is remembered, when, in Unix seconds, the
 * keys want to be renewed, and the nonce that the answer should bring.
 *
 * @typedef {{ agent: import("../agent.js").AgentRecord, number?: number, renewAt?: number, dpopNonce?: string }} Verified
 *
 * @typedef {[verified: string, claims: string]} Answer both as JSON text
 */

/** @typedef {{ instance: import("./runtime.js").Instance, wasm: import("../wasm/edge.js").WasmVerifier }} Live */

/** @param {import("./index.d.ts").VerifierOptions} options */
export function createVerifier(options) {
  return new Verifier(options);
}

class Verifier {
  #options;
  #capacity;
  /** @type {Live | undefined} */
  #made;
  /** A ring: the wasm forgets the oldest token when it takes a new one. @type {(Seen | undefined)[]} */
  #seen = [];
  #renewAt = Infinity;

  /** @param {any} options */
  constructor(options) {
    this.#options = readied(options);
    this.#capacity = options?.maxCachedTokens ?? MAX_CACHED_TOKENS;
    try {
      readySync();
      this.#live();
    } catch (error) {
      // Where the wasm has to be fetched, that is for the first request.
      if (!isOAuthError(error) || error.code !== "not_ready") throw error;
    }
    Object.freeze(this);
  }

  /**
   * @param {Request} request
   * @param {Needs} [needs]
   * @returns {Promise<Agent>}
   */
  async verify(request, needs) {
    if (!isReady()) await ready();
    const wanted = needs === undefined ? undefined : wantedOf(needs);
    const live = this.#live();
    const { instance, wasm } = live;
    const authorization = request.headers.get("authorization");
    if (authorization !== null) {
      const query = queryOf(request.url);
      const known = this.#known(live, authorization, query, wanted);
      if (known !== undefined) {
        if (needs?.waitUntil !== undefined) this.#renewInTime(needs.waitUntil);
        return known;
      }
      const begun = instance.call(() => wasm.begin(authorization, query, wanted));
      if (begun !== undefined) {
        const [number, verdict] = begun;
        /** @type {boolean | undefined} */
        let isSigned;
        try {
          isSigned = Boolean(await verdict);
        } catch {
          // The other way says why it cannot be checked.
        }
        /** @type {Answer | undefined} */
        const verified = instance.call(() => wasm.end(number, isSigned));
        if (verified !== undefined) return this.#agentOf(live, verified);
      }
    }
    const { method, url, headers } = request;
    const proofs = headers.get("dpop") ?? undefined;
    /** @type {Answer} */
    const verified = await instance.callAsync(() => wasm.verify(method, url, authorization ?? undefined, proofs, wanted));
    return this.#agentOf(live, verified, needs?.responseHeaders);
  }

  /**
   * @param {Request} request
   * @param {Needs} [needs]
   * @returns {Promise<{ agent: Agent } | { response: Response, error: import("../index.d.ts").RequestAuthError }>}
   */
  async tryVerify(request, needs) {
    try {
      return { agent: await this.verify(request, needs) };
    } catch (error) {
      if (!isOAuthError(error) || !("toResponse" in error)) throw error;
      const refused = /** @type {import("../index.d.ts").RequestAuthError} */ (/** @type {unknown} */ (error));
      return { response: refused.toResponse(), error: refused };
    }
  }

  /**
   * The agent of a token that was seen and is still good, for a request that needs no more than it grants.
   *
   * @param {Live} live
   * @param {string} authorization
   * @param {string} query
   * @param {string} [wanted]
   */
  #known({ instance, wasm }, authorization, query, wanted) {
    if (this.#seen.length === 0) return undefined;
    const number = instance.call(() => wasm.seen(authorization, query, wanted));
    const seen = number < 0 ? undefined : this.#seen[number % this.#capacity];
    // The wasm may know the token of a request whose agent is not made yet.
    return seen?.number === number ? seen.agent : undefined;
  }

  /**
   * @param {Live} live where the request was verified
   * @param {Answer} answer
   * @param {Headers} [responseHeaders]
   */
  #agentOf(live, [text, claimsJson], responseHeaders) {
    /** @type {Verified} */
    const { agent, number, renewAt, dpopNonce } = JSON.parse(text);
    if (dpopNonce !== undefined) responseHeaders?.set("dpop-nonce", dpopNonce);
    const isLive = this.#made === live;
    if (isLive) this.#renewAt = renewAt ?? Infinity;
    const place = number === undefined ? -1 : number % this.#capacity;
    const before = this.#seen[place];
    // Of two requests with one token that came together, both get one agent.
    if (isLive && before?.number === number && before !== undefined) return before.agent;
    agent.claimsJson = claimsJson;
    const made = new Agent(agent, CALLS, acquire);
    // Another instance's numbers begin anew.
    if (number !== undefined && isLive) this.#seen[place] = { agent: made, number };
    return made;
  }

  /** The verifier of the live instance, made anew where the last one died. */
  #live() {
    const instance = acquire();
    if (this.#made?.instance !== instance) {
      const { json, app } = this.#options;
      const wasm = instance.call((glue) => new glue.WasmVerifier(json, app));
      this.#made = { instance, wasm };
      this.#seen = [];
      this.#renewAt = Infinity;
    }
    return this.#made;
  }

  /** @param {(promise: Promise<unknown>) => void} waitUntil */
  #renewInTime(waitUntil) {
    if (Date.now() < this.#renewAt * 1000) return;
    // Once: the answer says when next.
    this.#renewAt = Infinity;
    const { instance, wasm } = this.#live();
    const renewal = instance.callAsync(() => wasm.renew()).then(
      (/** @type {number} */ renewAt) => {
        this.#renewAt = renewAt;
      },
      // The request that needs the keys gets the error.
      () => {},
    );
    try {
      waitUntil(renewal);
    } catch (error) {
      // A request must not fail an hour after the mistake was made, and with it every other one.
      console.error("wasm-oidc: waitUntil threw; give it as (work) => ctx.waitUntil(work), since it needs its object", error);
    }
  }
}

/**
 * What a URL has from the `?` on; nothing else of it matters to a token in a header.
 *
 * @param {string} url
 */
function queryOf(url) {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start);
}

/**
 * What a request needs, as text.
 *
 * @param {Needs} needs
 */
function wantedOf({ access, scopes }) {
  if (access === undefined && scopes === undefined) return undefined;
  return toJson({ access: Array.isArray(access) ? questionOf(access) : access, scopes });
}

/** @param {readonly string[]} parts */
function questionOf(parts) {
  const [action, resource, organization] = parts;
  // An organization that was given and is `undefined` must not mean any organization.
  return parts.length < 3 ? { action, resource } : { action, resource, organization: organization ?? "" };
}

/** The token is the sender's: an agent of a request acts for nobody. */
function tokensNotKept() {
  return configurationError(
    "tokens_not_kept",
    "an agent of a verified request has no tokens to call with: they are the sender's; to call another API on its behalf, exchange the " +
      "request's token (RFC 8693)",
  );
}

const refuse = () => {
  throw tokensNotKept();
};

/** @type {import("../agent.js").Calls} */
const CALLS = {
  tokens: refuse,
  getAccessToken: async () => refuse(),
  refresh: async () => refuse(),
  fetch: async () => refuse(),
};
