// @ts-check
// The client as apps see it: arguments become JSON text, records become agents and errors, events reach listeners.

import { Agent, organizationsOf, parseClaims } from "./agent.js";
import { configurationError, toError } from "./errors.js";
import { ApiSession, addVerbs } from "./fetch.js";
import { post } from "./form.js";
import { Kept, Renewals, splitOptions } from "./kept.js";
import { askInPopup } from "./popup.js";
import { leave, relay } from "./relay.js";
import { callListener } from "./report.js";
import { acquire, ready, readySync } from "./runtime.js";
import { askSilently } from "./silent.js";
import { Snapshots } from "./snapshot.js";
import { encryptedStorage } from "./storage.js";

/** Proof that the constructor was called from here. */
const FROM_HERE = Symbol("IdpClient");

/** The options that are functions; all others are data. */
const FUNCTIONS = /** @type {const} */ (["fetch", "openUrl"]);

/** The options whose values nobody should read back. */
const SECRETS = ["clientSecret", "clientAuth"];

class ClientEvent extends Event {
  /**
   * @param {string} type
   * @param {object} detail
   */
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

export class IdpClient extends EventTarget {
  #instance = acquire();
  #wasm;
  #functions;
  #data;
  /** @type {{ revision: number, agent: Agent | null }} */
  #latest = { revision: -1, agent: null };
  /** @type {any[]} */
  #events = [];
  #holdsEvents = false;
  #snapshots = new Snapshots();
  /** How many ways to be signed in are being tried. */
  #signingIn = 0;
  #isRefreshing = false;
  /** Why there is no fresh session. @type {import("./errors.js").OAuthError | null} */
  #error = null;
  #api;
  /** Every agent of this client's session, old ones too. @type {WeakSet<Agent>} */
  #ofSession = new WeakSet();
  /** Whose tokens the app keeps. @type {WeakMap<Agent, Kept>} */
  #kept = new WeakMap();
  #renewals = new Renewals(
    (tokens) => this.#later("renew_kept", { tokens }),
    (thrown) => this.#queue(notStored(thrown)),
  );
  /** Aborted by `dispose`; made when needed, since Workers make none at module scope. @type {AbortController | undefined} */
  #disposal;
  /** What signing in beside the page needs of this client. @type {import("./answer.js").Jobs} */
  #jobs = {
    begin: (silent, options) => this.#later("begin_relayed", { silent, options }),
    answers: (state, url) => this.#now("answers_relayed", { state, url }),
    finish: (state, url) => this.#later("finish_relayed", { state, url }),
    forget: (state) => void (this.#instance.dead || this.#now("forget_relayed", { state })),
    disposal: () => (this.#disposal ??= new AbortController()).signal,
    name: toJson,
    underWay: new Map(),
    client: "",
  };

  /**
   * @param {symbol} proof
   * @param {Record<string, unknown>} options
   */
  constructor(proof, options) {
    super();
    if (proof !== FROM_HERE) {
      throw configurationError("invalid_option", "make a client by `await IdpClient.create(options)`");
    }
    if (typeof options !== "object" || options === null) {
      throw configurationError("invalid_option", "`IdpClient.create` takes an object of options");
    }
    const { fetch, openUrl, storage, ...data } = options;
    const functions = { fetch, openUrl };
    for (const name of FUNCTIONS) {
      if (functions[name] != null && typeof functions[name] !== "function") {
        throw configurationError("invalid_option", `option "${name}": expected a function`);
      }
    }
    this.#functions = functions;
    const store = storeOf(storage);
    const word = store === undefined ? storage : "custom";
    const json = toJson({ ...data, storage: word });
    this.#data = JSON.parse(json);
    const { issuer, clientId, redirectUri } = this.#data;
    this.#jobs.client = toJson([issuer, clientId, redirectUri]);
    if (storage === "encrypted") this.#data.storage = storage;
    this.#wasm = this.#instance.call(
      (glue) => new glue.WasmClient(json, (/** @type {any} */ event) => this.#queue(event), fetch, openUrl, store),
    );
    this.#api = this.#apiSession({});
  }

  /** @param {Record<string, unknown>} options */
  static async create(options) {
    await ready();
    const client = new IdpClient(FROM_HERE, options);
    client.#holdsEvents = true;
    await client.#whileSigningIn(() => client.#later("restore"));
    // Nobody can listen before the caller has the client: what restoring warned of waits for the next task.
    client.#holdsEvents = client.#events.length > 0;
    if (client.#holdsEvents) setTimeout(() => client.#release());
    return client;
  }

  /** @param {Record<string, unknown>} options */
  static createSync(options) {
    readySync();
    return new IdpClient(FROM_HERE, options);
  }

  get name() {
    return this.#data.name ?? null;
  }

  get options() {
    const shown = { ...this.#data };
    for (const secret of SECRETS) if (secret in shown) shown[secret] = "[redacted]";
    return Object.freeze(shown);
  }

  get storage() {
    return this.#data.storage ?? "memory";
  }

  get discoveryMode() {
    return this.#now("discovery_mode");
  }

  get metadata() {
    return this.#now("metadata");
  }

  get agent() {
    const revision = this.#instance.call(() => this.#wasm.revision());
    if (revision !== this.#latest.revision) {
      const record = this.#now("agent");
      this.#latest = { revision, agent: record && this.#attached(record) };
    }
    return this.#latest.agent;
  }

  get snapshot() {
    const agent = this.#instance.dead ? null : this.agent;
    const status = agent !== null ? "signed-in" : this.#signingIn > 0 ? "loading" : "signed-out";
    return this.#snapshots.become({ status, agent, isRefreshing: this.#isRefreshing, error: this.#error });
  }

  /** @param {(snapshot: import("./index.d.ts").Snapshot) => void} listener */
  subscribe(listener) {
    if (typeof listener !== "function") throw configurationError("invalid_option", "`subscribe` takes a function");
    void this.snapshot;
    return this.#snapshots.subscribe(listener);
  }

  get isAuthenticated() {
    const agent = this.agent;
    return agent !== null && (!agent.isExpired(0) || agent.isRefreshable);
  }

  /** @param {{ force?: boolean }} [options] */
  async discover({ force = false } = {}) {
    return this.#later("discover", { force: Boolean(force) });
  }

  /** @param {object} [options] */
  createAuthorizationUrl(options) {
    return frozen(this.#now("create_authorization_url", { options: options ?? {} }));
  }

  /** @param {object} [options] */
  async createAuthorizationRequest(options) {
    return frozen(await this.#later("create_authorization_request", { options: options ?? {} }));
  }

  /** @param {object} [options] */
  async signInRedirect(options) {
    await this.#later("sign_in_redirect", { options: options ?? {} });
  }

  /** @param {object} [options] */
  async signInPopup(options) {
    // The window opens in here, before anything is awaited.
    const { agent } = await this.#whileSigningIn(() => askInPopup(this.#jobs, options ?? {}));
    return this.#same(agent);
  }

  /** @param {object} [options] */
  async signInSilent(options) {
    const record = await this.#whileSigningIn(() => askSilently(this.#jobs, options ?? {}));
    return record && this.#same(record.agent);
  }

  /** @param {string | URL} [url] */
  async handleRedirectCallback(url) {
    const values = { url: url === undefined ? url : String(url) };
    const record = await this.#whileSigningIn(() => this.#later("handle_redirect_callback", values));
    if (record === null) return null;
    if (typeof record === "string") {
      relay(record);
      if (url === undefined) leave();
      return { relayed: true };
    }
    const { appStateJson, returnTo } = record;
    return {
      agent: this.#same(record.agent),
      appState: appStateJson === undefined ? undefined : JSON.parse(appStateJson),
      returnTo: returnTo ?? null,
    };
  }

  /**
   * @param {string | URL | URLSearchParams | object} callback
   * @param {object} auth
   */
  async exchangeCode(callback, auth) {
    let response = callback;
    if (callback instanceof URL) response = callback.href;
    if (callback instanceof URLSearchParams) response = `?${callback}`;
    return this.#keep(await this.#later("exchange_code", { callback: response ?? {}, auth: auth ?? {} })).agent;
  }

  /**
   * @param {object} tokens
   * @param {import("./kept.js").Callbacks & { autoRefresh?: boolean, verify?: string }} [options]
   */
  async createAgent(tokens, options) {
    const { callbacks, others } = splitOptions(options);
    const record = await this.#later("create_agent", { tokens: tokens ?? {}, options: others });
    const kept = this.#keep(record, { ...callbacks, autoRefresh: others.autoRefresh });
    if (record.isDue) await kept.renew(false);
    return kept.agent;
  }

  /** @param {Agent} agent */
  async adopt(agent) {
    if (agent !== null && agent === this.agent) return agent;
    const kept = this.#kept.get(agent);
    if (kept === undefined) {
      throw configurationError("invalid_option", "`adopt` takes an agent that this client made, with tokens of its own");
    }
    await kept.settled();
    const record = await this.#later("adopt", { tokens: kept.tokens });
    kept.adopted = true;
    return this.#same(record);
  }

  /**
   * @param {object} tokens
   * @param {{ autoRefresh?: boolean, verify?: string }} [options]
   */
  async saveTokens(tokens, options) {
    return this.adopt(await this.createAgent(tokens, options));
  }

  async getAgent() {
    const record = await this.#later("get_agent");
    return record && this.#same(record);
  }

  /** @param {import("./index.d.ts").AccessTokenOptions} [options] */
  async getAccessToken({ minValiditySeconds = 0, forceRefresh = false, resource, scopes } = {}) {
    // JSON has no Infinity.
    const minimum = Math.min(minValiditySeconds, Number.MAX_SAFE_INTEGER);
    return this.#later("access_token", { minimum, force: Boolean(forceRefresh), resource, scopes });
  }

  async authorizationHeader() {
    return `Bearer ${await this.getAccessToken()}`;
  }

  async getTokens() {
    const agent = await this.getAgent();
    return agent && agent.tokens;
  }

  /**
   * @template T
   * @param {(token: string) => T} use
   */
  async withToken(use) {
    return use(await this.getAccessToken());
  }

  /** @param {Agent} [agent] */
  async getUserInfo(agent) {
    const kept = agent && this.#kept.get(agent);
    let tokens;
    if (kept !== undefined && !kept.adopted) {
      await kept.getAccessToken();
      tokens = kept.tokens;
    } else if (agent !== undefined && kept === undefined && !this.#ofSession.has(agent)) {
      tokens = agent.tokens;
    }
    const record = await this.#later("user_info", { tokens });
    const claims = /** @type {object} */ (parseClaims(record.claimsJson));
    return Object.freeze(Object.assign(Object.create(null), claims, { organizations: organizationsOf(record) }));
  }

  /**
   * @param {string} [token]
   * @param {string} [hint]
   */
  async revokeToken(token, hint) {
    return this.#later("revoke_token", { token, hint });
  }

  /**
   * @param {string} token
   * @param {string} [hint]
   */
  async introspect(token, hint) {
    return this.#later("introspect", { token, hint });
  }

  /** @param {Agent} [agent] */
  async refresh(agent) {
    if (agent !== undefined && !this.#ofSession.has(agent)) {
      const kept = this.#kept.get(agent);
      return kept === undefined ? this.#refreshed(agent.tokens) : kept.refresh();
    }
    return this.#same(await this.#later("refresh"));
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {import("./fetch.js").ApiInit} [init]
   */
  async fetch(input, init) {
    return this.#api.fetch(input, init);
  }

  /** @param {object} [options] */
  session(options = {}) {
    this.#now("api_session", { session: options });
    // A copy: what was checked is what holds.
    return this.#apiSession(JSON.parse(toJson(options)));
  }

  /** @param {object} [options] */
  createLogoutUrl(options) {
    return this.#now("create_logout_url", { options: options ?? {} });
  }

  /** @param {object} [options] */
  async signOut(options) {
    const form = await this.#later("sign_out", { options: options ?? {} });
    if (form !== null) post(form);
  }

  /** @param {string | URL} [url] */
  async handleLogoutCallback(url) {
    const record = this.#now("handle_logout_callback", { url: url === undefined ? url : String(url) });
    return record && { returnTo: record.returnTo, appState: parsed(record.appStateJson) };
  }

  /**
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  on(type, listener) {
    const guarded = (/** @type {any} */ event) => callListener(listener, event);
    this.addEventListener(type, guarded);
    return () => this.removeEventListener(type, guarded);
  }

  dispose() {
    this.#now("dispose");
    this.#disposal?.abort(configurationError("disposed", "the client was disposed of while a window or frame was open"));
    this.#tellSoon();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    this.dispose();
  }

  /**
   * A job of src/bindings/client.rs that answers at once.
   *
   * @param {string} job
   * @param {object} [values]
   * @returns {any}
   */
  #now(job, values) {
    const json = toJson(values);
    return this.#instance.call(() => this.#wasm.now(job, json));
  }

  /**
   * A job of src/bindings/client.rs that takes time.
   *
   * @param {string} job
   * @param {object} [values]
   * @returns {Promise<any>}
   */
  async #later(job, values) {
    const json = toJson(values);
    try {
      return await this.#instance.callAsync(() => this.#wasm.later(job, json));
    } catch (thrown) {
      if (this.#instance.dead) [this.#error, this.#isRefreshing] = [/** @type {any} */ (thrown), false];
      throw thrown;
    } finally {
      // The caller is the last to know.
      this.#dispatch();
    }
  }

  /**
   * What may end with somebody signed in: until then, the snapshot says that it is under way.
   *
   * @template T
   * @param {() => Promise<T>} work
   */
  async #whileSigningIn(work) {
    this.#signingIn += 1;
    this.#tellSoon();
    try {
      return await work();
    } finally {
      this.#signingIn -= 1;
      this.#dispatch();
    }
  }

  /** @param {object} options as Rust has read them */
  #apiSession(options) {
    return new ApiSession(
      {
        authorize: (request) => this.#later("authorize", request),
        judge: (answer) => this.#later("judge", answer),
        send: this.#send,
      },
      options,
    );
  }

  /** The app's `fetch`, or the platform's as it is at the time. @type {typeof fetch} */
  #send = (...request) => {
    const send = /** @type {typeof fetch} */ (this.#functions.fetch ?? globalThis.fetch);
    return send(...request);
  };

  /**
   * The agent of a record: the same object until the session changes.
   *
   * @param {import("./agent.js").AgentRecord} record
   */
  #same(record) {
    const current = this.agent;
    return current !== null && record.revision === this.#latest.revision ? current : this.#attached(record);
  }

  /** @param {import("./agent.js").AgentRecord} record */
  #attached(record) {
    const agent = new Agent(record, this.#calls);
    this.#ofSession.add(agent);
    return agent;
  }

  /** What an agent of the session asks. @type {import("./agent.js").Calls} */
  #calls = {
    tokens: () => {
      const tokens = this.#now("tokens");
      if (tokens === null) {
        const message = "nobody is signed in any more";
        throw toError({ class: "LoginRequiredError", code: "signed_out", message, recovery: "reauthenticate" });
      }
      return tokens;
    },
    getAccessToken: (options) => this.getAccessToken(options),
    refresh: () => this.refresh(),
    fetch: (input, init) => this.fetch(input, init),
  };

  /** What tokens that the app keeps ask. @type {import("./kept.js").Ways} */
  #ways = {
    now: (job, values) => this.#now(job, values),
    renew: (tokens, onRefresh) => this.#renewals.renew(tokens, onRefresh),
    agentOf: (kept, { agent: record, tokensJson }) => {
      const agent = new Agent(record, {
        tokens: () => JSON.parse(tokensJson),
        getAccessToken: (options) => kept.getAccessToken(options),
        refresh: () => /** @type {Promise<any>} */ (kept.refresh()),
        fetch: (input, init) => kept.fetch(input, init),
      });
      this.#kept.set(agent, kept);
      return /** @type {any} */ (agent);
    },
    fetch: (kept, input, init) => this.#fetchFor(kept, input, init),
    ofSession: this.#calls,
  };

  /**
   * @param {import("./kept.js").Record} record
   * @param {import("./kept.js").Callbacks & { autoRefresh?: unknown }} [options]
   */
  #keep(record, options = {}) {
    const autoRefresh = /** @type {boolean} */ (options.autoRefresh ?? this.#data.autoRefresh ?? true);
    return new Kept(this.#ways, record, { ...options, autoRefresh });
  }

  /** @param {import("./index.d.ts").TokenSet} tokens */
  async #refreshed(tokens) {
    const record = await this.#renewals.renew(tokens);
    if (record.error !== undefined) throw toError(record.error);
    return this.#keep(record).agent;
  }

  /**
   * @param {Kept} kept
   * @param {RequestInfo | URL} input
   * @param {RequestInit & { auth?: string }} [init]
   */
  #fetchFor(kept, input, init) {
    return new ApiSession({
      authorize: async (request) => {
        const url = this.#now("permitted", request);
        return request.auth === "none" ? { url } : { url, accessToken: await kept.getAccessToken() };
      },
      judge: async (answer) => (this.#now("may_send_again", answer) ? kept.tokenInsteadOf(answer.sent) : null),
      send: this.#send,
    }).fetch(input, init);
  }

  /**
   * Listeners run later: never inside wasm, never under a lock.
   *
   * @param {any} record
   */
  #queue(record) {
    if (this.#events.push(record) === 1) queueMicrotask(() => this.#dispatch());
  }

  #release() {
    this.#holdsEvents = false;
    this.#dispatch();
  }

  /** Where the app's own code called, which may be a store that Rust is waiting for. */
  #tellSoon() {
    queueMicrotask(() => this.#dispatch());
  }

  /** Snapshot, subscribers, events, in this order. */
  #dispatch() {
    const records = this.#holdsEvents ? [] : this.#events.splice(0);
    const before = this.#snapshots.current.agent;
    const errors = records.map((record) => this.#note(record));
    const { agent } = this.snapshot;
    this.#snapshots.tell();
    records.forEach(({ type, source, reason, message, appStateJson }, at) => {
      if (type === "statechanged") return;
      // Nobody asks who signed in when somebody signed out.
      const detail = { agent: type === "signedout" ? before : agent, source };
      if (reason !== undefined) Object.assign(detail, { reason });
      if (message !== undefined) Object.assign(detail, { message });
      if (errors[at] !== null) Object.assign(detail, { error: errors[at] });
      if (appStateJson !== undefined) Object.assign(detail, { appState: JSON.parse(appStateJson) });
      this.dispatchEvent(new ClientEvent(type, Object.freeze(detail)));
    });
  }

  /**
   * What an event means for the snapshot.
   *
   * @param {any} record
   */
  #note({ type, error: record }) {
    const error = record === undefined ? null : toError(record);
    if (type === "statechanged") this.#isRefreshing = !this.#instance.dead && this.#now("state").isRefreshing;
    if (type === "signedin" || type === "refreshed") this.#error = null;
    if (type === "refreshfailed" || type === "signedout") this.#error = error;
    return error;
  }
}

addVerbs(IdpClient.prototype);

/**
 * The warning that the app's own `onRefresh` failed.
 *
 * @param {unknown} cause
 */
function notStored(cause) {
  const message = "`onRefresh` failed: the new tokens are in use, and may be stored nowhere";
  const error = { class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause };
  return { type: "warning", source: "this-tab", reason: "tokens_not_stored", message, error };
}

/** @param {string | undefined} json */
function parsed(json) {
  return json === undefined ? undefined : JSON.parse(json);
}

/**
 * The object that keeps sessions, where it is one.
 *
 * @param {any} storage
 * @returns {object | undefined}
 */
function storeOf(storage) {
  if (storage === "encrypted") return encryptedStorage();
  if (storage == null || (typeof storage === "string" && storage !== "custom")) return undefined;
  const missing = ["load", "save", "delete"].filter((name) => typeof storage[name] !== "function");
  if (missing.length > 0) {
    const expected = '"memory", "session", "local", "encrypted" or an object with load, save and delete';
    throw configurationError("invalid_option", `option "storage": expected ${expected}; this has no ${missing.join(", no ")}`);
  }
  if (typeof storage.lock !== "function" && !hasSharedLocks()) {
    throw configurationError(
      "missing_option",
      "option \"storage\": a store needs `lock(key, run)` where there are no Web Locks, or two processes would send one " +
        "refresh token twice; where one process is alone with the store, `lock: (key, run) => run()` says so",
    );
  }
  return storage;
}

/** Web Locks reach all pages and workers of an origin, but in Node only the threads of one process. */
function hasSharedLocks() {
  const { document, navigator, process } = /** @type {any} */ (globalThis);
  return navigator?.locks !== undefined && (document !== undefined || process?.versions?.node === undefined);
}

/** @param {object} values */
function toJson(values = {}) {
  try {
    return JSON.stringify(values);
  } catch {
    throw configurationError("invalid_option", "options and arguments must be plain data that JSON can hold");
  }
}

/**
 * @template T
 * @param {T} record
 * @returns {Readonly<T>}
 */
function frozen(record) {
  return Object.freeze(record);
}
