// @ts-check
// Grants without a redirect: machines, devices, and tokens that come of others. Nothing imports this file but by
// `import()`; the rules are those of src/client/grants.

import { configurationError, toError } from "./errors.js";
import { Flight } from "./flight.js";
import { REFUSALS, splitOptions, tellOf } from "./kept.js";
import { toJson } from "./to-json.js";

/**
 * @typedef {import("./index.d.ts").TokenSet} TokenSet
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Way} Way
 * @typedef {{ username?: string, password?: string, totp?: string }} Credentials
 *
 * @typedef {object} Client what they need of theirs
 * @property {(job: string, values: object) => Promise<any>} look
 * @property {(id: number) => void} cancelDevice
 * @property {import("./kept.js").Ways} ways
 * @property {(record: import("./kept.js").Record, options?: object) => Kept} keep
 * @property {(thrown: unknown) => void} warn told what `onRefresh` throws
 * @property {() => AbortSignal} disposal
 */

/** How many different requests of a machine are remembered. */
const MAX_MACHINES = 64;

/** Tokens that are nothing yet but the refresh token they will come of. */
const NOTHING_YET = { access_token: "none", token_type: "Bearer", issued_at: 0, expires_at: 0, version: 1 };

export class Grants {
  #client;
  /** The agents of client credentials, by what was asked for. @type {Map<string, { kept?: Kept, asking: Flight<Kept> }>} */
  #machines = new Map();
  #devices = 0;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  /**
   * @param {string | string[]} [scopes]
   * @param {object} [others]
   */
  async clientCredentials(scopes, others) {
    const options = { ...others, scopes };
    const key = toJson({ ...options, scopes: words(scopes).sort() });
    let machine = this.#machines.get(key);
    if (machine === undefined) {
      machine = { asking: new Flight() };
      if (this.#machines.size >= MAX_MACHINES) this.#machines.delete(String(this.#machines.keys().next().value));
      this.#machines.set(key, machine);
    }
    const kept = (machine.kept ??= await machine.asking.join(() => this.#machine(options)).catch((error) => {
      if (this.#machines.get(key) === machine) this.#machines.delete(key);
      throw error;
    }));
    // Who asks for a machine's agent wants one that can be used, whatever `autoRefresh` says.
    await kept.freshen();
    return kept.agent;
  }

  /** Forgets the agents of client credentials; whether there were any. */
  forget() {
    const had = this.#machines.size > 0;
    this.#machines.clear();
    return had;
  }

  /** @param {object} options */
  async #machine(options) {
    const record = await this.#client.look("client_credentials", { options });
    return this.#client.keep(record, { way: this.#asking("client_credentials", async () => ({ options })) });
  }

  /** @param {any} [options] */
  async passwordGrant(options) {
    const { callbacks, others } = splitOptions(options, "passwordGrant");
    const { autoRefresh, credentials, username, password, totp, ...rest } = others;
    if (credentials !== undefined) requireFunction("passwordGrant", "credentials", credentials);
    const given = username === undefined && credentials !== undefined ? await ask(credentials) : { username, password, totp };
    const record = await this.#client.look("password_grant", { options: { ...rest, ...given } });
    // Made where the password is not known, so that no closure has it.
    const way = credentials === undefined ? undefined : this.#signingInAgain(credentials, rest, record.agent.id);
    return this.#client.keep(record, { ...callbacks, autoRefresh, way }).agent;
  }

  /**
   * By the refresh token as long as the provider takes it, then with what the app asks the person for.
   *
   * @param {any} credentials
   * @param {object} options
   * @param {string} subject
   * @returns {Way}
   */
  #signingInAgain(credentials, options, subject) {
    const asking = this.#asking("password_grant", async () => ({
      options: { expectedSub: subject || undefined, ...options, ...(await ask(credentials)) },
    }));
    return { ...asking, renew: (tokens, onRefresh) => this.#refreshOr(asking, tokens, onRefresh) };
  }

  /**
   * @param {Way} other
   * @param {TokenSet} tokens
   * @param {((tokens: TokenSet) => unknown)} [onRefresh]
   */
  async #refreshOr(other, tokens, onRefresh) {
    const ends = tokens.refresh_expires_at ?? Infinity;
    if (tokens.refresh_token !== undefined && ends > Date.now() / 1000) {
      try {
        return await this.#client.ways.renew(tokens, onRefresh);
      } catch (thrown) {
        if (!REFUSALS.includes(/** @type {any} */ (thrown).code)) throw thrown;
      }
    }
    return other.renew(tokens, onRefresh);
  }

  /**
   * @param {string} token
   * @param {any} [options]
   */
  async refreshTokenGrant(token, options) {
    const { callbacks, others } = splitOptions(options, "refreshTokenGrant");
    const { autoRefresh, expectedSub, ...unknown } = others;
    refuseUnknown("refreshTokenGrant", unknown);
    if (typeof token !== "string" || token === "") {
      throw configurationError("invalid_option", "`refreshTokenGrant` takes a refresh token");
    }
    const record = await this.#client.ways.renew(/** @type {any} */ ({ ...NOTHING_YET, refresh_token: token }));
    if (expectedSub !== undefined) {
      await this.#client.look("check_subject", { expectedSub, tokens: JSON.parse(record.tokensJson) });
    }
    return this.#client.keep(record, { ...callbacks, autoRefresh }).agent;
  }

  /** @param {any} [options] */
  async deviceAuthorization(options) {
    const { callbacks, others } = splitOptions(options, "deviceAuthorization");
    const { autoRefresh, signal, ...asked } = others;
    const id = (this.#devices += 1);
    if (signal?.aborted) throw cancelled(signal.reason);
    const shown = await this.#client.look("begin_device", { id, options: asked });
    const cancel = () => this.#client.cancelDevice(id);
    const ends = [signal, this.#client.disposal()].filter((end) => end !== undefined);
    for (const end of ends) end.addEventListener("abort", cancel, { once: true });
    const polling = this.#client.look("device_agent", { id });
    if (ends.some((end) => end.aborted)) cancel();
    const agent = polling
      .then((record) => this.#client.keep(record, { ...callbacks, autoRefresh }).agent)
      .catch((thrown) => {
        const ended = ends.find((end) => end.aborted);
        throw thrown.code === "cancelled" && ended !== undefined ? cancelled(ended.reason) : thrown;
      })
      .finally(() => {
        for (const end of ends) end.removeEventListener("abort", cancel);
      });
    // Who cancelled it need not hear of it.
    agent.catch(() => {});
    return Object.freeze({ ...shown, verificationUriComplete: shown.verificationUriComplete ?? null, agent, cancel });
  }

  /** @param {any} [options] */
  async tokenExchange(options) {
    const { callbacks, others } = splitOptions(options, "tokenExchange");
    const { autoRefresh, ...asked } = others;
    const record = await this.#client.look("token_exchange", { options: asked });
    const agent = record.agent === undefined ? null : this.#client.keep(record, { ...callbacks, autoRefresh }).agent;
    return Object.freeze({ tokens: JSON.parse(record.tokensJson), issuedTokenType: record.issuedTokenType, agent });
  }

  /** @param {any} [options] */
  async customGrant(options) {
    const { callbacks, others } = splitOptions(options, "customGrant");
    const { autoRefresh, data, renew = "refresh", ...unknown } = others;
    refuseUnknown("customGrant", unknown);
    if (renew !== "refresh" && renew !== "again") requireFunction("customGrant", "renew", renew, `"refresh", "again" or `);
    const record = await this.#client.look("custom_grant", { fields: await fieldsOf(data) });
    const next = renew === "again" ? () => data : renew;
    const again = async (/** @type {TokenSet} */ tokens) => ({ fields: await fieldsOf(() => next(tokens)) });
    const way = renew === "refresh" ? undefined : this.#asking("custom_grant", again);
    return this.#client.keep(record, { ...callbacks, autoRefresh, way }).agent;
  }

  /**
   * Renewal by asking once more.
   *
   * @param {string} job
   * @param {(tokens: TokenSet) => Promise<object>} values
   * @returns {Way}
   */
  #asking(job, values) {
    const { look, ways, warn } = this.#client;
    return {
      isDue: (tokens, minimum) => ways.now("is_renewal_due", { tokens, minimum, again: true }),
      renew: async (tokens, onRefresh) => {
        const record = await look(job, { ...(await values(tokens)), tokens });
        if (record.error === undefined && onRefresh !== undefined) await tellOf(record.tokensJson, onRefresh, warn);
        return record;
      },
    };
  }
}

/** @param {string | string[]} [list] */
function words(list = []) {
  if (typeof list === "string") return list.split(" ").filter((word) => word !== "");
  // What is no list either is refused where the options are read.
  return Array.isArray(list) ? [...list] : [];
}

/**
 * What the app asks the person for, and nothing else of it.
 *
 * @param {() => unknown} credentials
 * @returns {Promise<Credentials>}
 */
async function ask(credentials) {
  const { username, password, totp } = /** @type {Credentials} */ ((await credentials()) ?? {});
  return { username, password, totp };
}

/**
 * The fields of an app's own grant.
 *
 * @param {unknown} data the fields, or a function that gives them
 */
async function fieldsOf(data) {
  const given = typeof data === "function" ? await data() : data;
  const fields = typeof given === "function" ? await given() : given;
  if (fields instanceof URLSearchParams) {
    return Object.fromEntries([...fields.keys()].map((name) => [name, fields.getAll(name)]));
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw configurationError("invalid_option", "option of customGrant \"data\": expected form fields, or a function that gives them");
  }
  return fields;
}

/** @param {unknown} reason */
function cancelled(reason) {
  const message = "the sign-in on this device was cancelled";
  return toError({ class: "TokenExchangeError", code: "cancelled", message, recovery: "stop", cause: reason });
}

/**
 * @param {string} method
 * @param {string} name
 * @param {unknown} value
 * @param {string} [others] that are right too
 */
function requireFunction(method, name, value, others = "") {
  if (typeof value === "function") return;
  throw configurationError("invalid_option", `option of ${method} "${name}": expected ${others}a function`);
}

/**
 * @param {string} method
 * @param {Record<string, unknown>} options
 */
function refuseUnknown(method, options) {
  const name = Object.keys(options).find((name) => options[name] !== undefined);
  if (name !== undefined) throw configurationError("unknown_option", `unknown option of ${method} "${name}"`);
}
