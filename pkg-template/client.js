// @ts-check
// The client as apps see it: arguments become JSON text, records become agents and errors, events reach listeners.

import { Agent, organizationsOf, parseClaims } from "./agent.js";
import { BESIDE } from "./answer.js";
import { Detached } from "./detached.js";
import { configurationError, toError } from "./errors.js";
import { ApiSession, addVerbs } from "./fetch.js";
import { realm } from "./flight.js";
import { post } from "./form.js";
import { KEPT_ELSEWHERE, NARROWED, notStored, splitOptions } from "./kept.js";
import { News } from "./news.js";
import { SECRETS, takeFunctions } from "./options.js";
import { madeReady } from "./plug-ins.js";
import { askInPopup } from "./popup.js";
import { leave, relay } from "./relay.js";
import { loaded } from "./providers.js";
import { callListener } from "./report.js";
import { acquire, ready, readySync } from "./runtime.js";
import { askSilently } from "./silent.js";
import { storeOf } from "./store-option.js";
import { toJson } from "./to-json.js";
import { tokenSet } from "./token-set.js";

/** Proof that the constructor was called from here. */
const FROM_HERE = Symbol("IdpClient");

export class IdpClient extends EventTarget {
  #instance = acquire();
  #wasm;
  /** Makes the client in an instance. @type {(glue: any) => any} */
  #begin;
  #isDisposed = false;
  /** What is no data. @type {{ store?: object } & Record<string, any>} */
  #app;
  #data;
  /** What the options were chosen for, where that was. @type {object | undefined} */
  #chosen;
  /** @type {{ revision: number, agent: Agent | null }} */
  #latest = { revision: -1, agent: null };
  #news = new News(this, {
    agent: () => this.agent,
    isRefreshing: () => this.#now("state").isRefreshing,
    isDead: () => this.#instance.dead,
  });
  #api;
  /** Every agent of this client's session, old ones too. @type {WeakSet<Agent>} */
  #ofSession = new WeakSet();
  /** @type {import("./grants.js").Grants | undefined} */
  #granted;
  /** Aborted by `dispose`; made when needed, since Workers make none at module scope. @type {AbortController | undefined} */
  #disposal;
  /** What signing in beside the page needs of this client. @type {import("./answer.js").Jobs} */
  #jobs = {
    begin: (where, options) => this.#later("begin_relayed", { where, options }),
    answers: (state, url) => this.#now("answers_relayed", { state, url }),
    finish: (state, url) => this.#later("finish_relayed", { state, url }),
    forget: (state) => void (this.#instance.dead || this.#now("forget_relayed", { state })),
    disposal: () => {
      // In workerd a signal belongs to the request that made it, and what waits for it ends with that.
      const disposal = this.#disposal ?? new AbortController();
      if (!realm.isolatesRequests) this.#disposal = disposal;
      return disposal.signal;
    },
    name: toJson,
    underWay: new Map(),
    client: "",
  };

  /**
   * @param {symbol} proof
   * @param {Record<string, unknown>} options
   * @param {object} [chosen] environment and application that the options were chosen for, in a configuration
   */
  constructor(proof, options, chosen) {
    super();
    if (proof !== FROM_HERE) {
      throw configurationError("invalid_option", "make a client by `await IdpClient.create(options)`");
    }
    if (typeof options !== "object" || options === null) {
      throw configurationError("invalid_option", "`IdpClient.create` takes an object of options");
    }
    for (const name of ["environment", "application"]) {
      if (options[name] != null) {
        const message = `option "${name}": it belongs to a configuration: \`IdpClient.fromConfig(name, { config, ${name} })\``;
        throw configurationError("invalid_option", message);
      }
    }
    const { storage, ...data } = options;
    const store = storeOf(storage);
    this.#app = { ...madeReady(takeFunctions(data)), store, isolatesRequests: realm.isolatesRequests };
    // JSON would make an empty object of it.
    if (data.headers instanceof Headers) data.headers = Object.fromEntries(data.headers);
    const word = store === undefined ? storage : "custom";
    const json = toJson({ ...data, storage: word });
    this.#data = JSON.parse(json);
    const { issuer, clientId, redirectUri } = this.#data;
    this.#jobs.client = toJson([issuer, clientId, redirectUri]);
    if (storage === "encrypted") this.#data.storage = storage;
    this.#chosen = chosen;
    const tell = (/** @type {any} */ event) => this.#news.queue(event);
    this.#begin = (glue) => new glue.WasmClient(json, tell, this.#app);
    this.#wasm = this.#instance.call(this.#begin);
    this.#api = this.#apiSession({});
  }

  /** @param {Record<string, unknown>} options */
  static async create(options) {
    await ready();
    return IdpClient.#restored(new IdpClient(FROM_HERE, options));
  }

  /**
   * @param {string} [name]
   * @param {Record<string, unknown>} [options]
   */
  static async fromConfig(name, options) {
    const { choose } = await import("./configuration.js");
    const chosen = await choose(loaded(), name, options);
    await ready();
    return IdpClient.#restored(new IdpClient(FROM_HERE, chosen.options, chosen.for));
  }

  /** @param {IdpClient} client */
  static async #restored(client) {
    // Nobody can listen before the caller has the client.
    client.#news.hold();
    await client.#news.whileSigningIn(() => client.#later("restore"));
    client.#news.letGo();
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
    const shown = { ...this.#data, ...this.#chosen };
    for (const secret of SECRETS) if (secret in shown) shown[secret] = "[redacted]";
    if (shown.headers) shown.headers = Object.fromEntries(Object.keys(shown.headers).map((name) => [name, "[redacted]"]));
    return Object.freeze(shown);
  }

  get storage() {
    return this.#data.storage ?? "memory";
  }

  get flow() {
    return "authorization_code";
  }

  get discoveryMode() {
    return this.#now("discovery_mode");
  }

  get metadata() {
    return this.#now("metadata");
  }

  get agent() {
    const revision = this.#living().call(() => this.#wasm.revision());
    if (revision !== this.#latest.revision) {
      const record = this.#now("agent");
      this.#latest = { revision, agent: record && this.#attached(record) };
    }
    return this.#latest.agent;
  }

  get snapshot() {
    return this.#news.snapshot;
  }

  /** @param {(snapshot: import("./index.d.ts").Snapshot) => void} listener */
  subscribe(listener) {
    if (typeof listener !== "function") throw configurationError("invalid_option", "`subscribe` takes a function");
    return this.#news.subscribe(listener);
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
    const { agent } = await this.#news.whileSigningIn(() => askInPopup(this.#jobs, options ?? {}));
    return this.#same(agent);
  }

  /**
   * How `wasm-oidc/node` signs in, in the browser beside this program.
   *
   * @param {(jobs: import("./answer.js").Jobs) => Promise<any>} ask resolves to what a sign-in resolves to
   */
  async [BESIDE](ask) {
    const { agent } = await this.#news.whileSigningIn(() => ask(this.#jobs));
    return this.#same(agent);
  }

  /** @param {object} [options] */
  async signInSilent(options) {
    const record = await this.#news.whileSigningIn(() => askSilently(this.#jobs, options ?? {}));
    return record && this.#same(record.agent);
  }

  /** @param {string | URL} [url] */
  async handleRedirectCallback(url) {
    const values = { url: url === undefined ? url : String(url) };
    const record = await this.#news.whileSigningIn(() => this.#later("handle_redirect_callback", values));
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
    return this.#detached.keep(await this.#later("exchange_code", { callback: response ?? {}, auth: auth ?? {} })).agent;
  }

  /**
   * @param {object} tokens
   * @param {import("./kept.js").Callbacks & { autoRefresh?: boolean, verify?: string }} [options]
   */
  async createAgent(tokens, options) {
    const { callbacks, others } = splitOptions(options);
    const record = await this.#later("create_agent", { tokens: tokens ?? {}, options: others });
    const kept = this.#detached.keep(record, { ...callbacks, autoRefresh: others.autoRefresh });
    if (record.isDue) await kept.renew(false);
    return kept.agent;
  }

  /**
   * How sessions on a server make an agent: its tokens were verified when they came, and only the session renews them.
   *
   * @param {import("./index.d.ts").TokenSet} tokens
   * @param {(tokens: import("./index.d.ts").TokenSet) => Promise<import("./index.d.ts").TokenSet>} renew
   */
  async [KEPT_ELSEWHERE](tokens, renew) {
    const recordOf = (/** @type {object} */ tokens) =>
      this.#later("create_agent", { tokens, options: { autoRefresh: false, verify: "claims" } });
    /** @type {import("./kept.js").Way} */
    const way = {
      isDue: (tokens, minimum) => this.#now("is_renewal_due", { tokens, minimum }),
      renew: async (tokens) => {
        try {
          return await recordOf(await renew(tokens));
        } catch (thrown) {
          const { name, code, message, recovery } = /** @type {import("./errors.js").OAuthError} */ (thrown);
          // What passes does not take a token away that is still good.
          if (recovery === "reauthenticate" || tokenSet(tokens).isExpired()) throw thrown;
          return { error: { class: name, code, message, recovery, cause: thrown } };
        }
      },
    };
    return this.#detached.keep(await recordOf(tokens), { autoRefresh: true, way }).agent;
  }

  /**
   * A token set with an access token for one API, asked for with the refresh token, of which there may be a new one in it.
   *
   * @param {import("./index.d.ts").TokenSet} tokens
   * @param {{ scopes?: string, resource: string[] }} target
   * @returns {Promise<import("./index.d.ts").TokenSet>}
   */
  async [NARROWED](tokens, { scopes, resource }) {
    return this.#later("narrow", { tokens, scopes, resource });
  }

  /** @param {Agent} agent */
  async adopt(agent) {
    if (agent !== null && agent === this.agent) return agent;
    const kept = this.#detached.keptOf(agent);
    if (kept === undefined) {
      throw configurationError("invalid_option", "`adopt` takes an agent that this client made, with tokens of its own");
    }
    if (!kept.adoptable) {
      throw configurationError("invalid_option", "`adopt` takes no agent that renews itself by its grant: a session knows refresh tokens only");
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
    const kept = agent && this.#detached.keptOf(agent);
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

  /**
   * @param {string | string[]} [scopes]
   * @param {object} [options]
   */
  async clientCredentials(scopes, options) {
    return (await this.#grants()).clientCredentials(scopes, options);
  }

  /** @param {object} options */
  async passwordGrant(options) {
    return (await this.#grants()).passwordGrant(options);
  }

  /**
   * @param {string} token
   * @param {object} [options]
   */
  async refreshTokenGrant(token, options) {
    return (await this.#grants()).refreshTokenGrant(token, options);
  }

  /** @param {object} [options] */
  async deviceAuthorization(options) {
    return (await this.#grants()).deviceAuthorization(options);
  }

  /** @param {object} options */
  async tokenExchange(options) {
    return (await this.#grants()).tokenExchange(options);
  }

  /** @param {object} options */
  async customGrant(options) {
    return (await this.#grants()).customGrant(options);
  }

  /** @param {Agent} [agent] */
  async refresh(agent) {
    if (agent !== undefined && !this.#ofSession.has(agent)) {
      const kept = this.#detached.keptOf(agent);
      return kept === undefined ? this.#detached.refreshed(agent.tokens) : kept.refresh();
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

  async clear() {
    const hadMachines = this.#granted?.forget();
    await this.#later("clear").catch((error) => {
      // There was something to forget, and no session is none to end.
      if (!(hadMachines && error.code === "no_ambient_session")) throw error;
    });
  }

  /** @param {string | URL} [url] */
  async handleLogoutCallback(url) {
    const record = this.#now("handle_logout_callback", { url: url === undefined ? url : String(url) });
    return record && { returnTo: record.returnTo, appState: parsed(record.appStateJson) };
  }

  /**
   * @param {string | URL} [url]
   * @param {{ withoutSession?: boolean }} [options]
   */
  async handleFrontChannelLogout(url, { withoutSession = false } = {}) {
    const values = { url: url === undefined ? url : String(url), withoutSession: Boolean(withoutSession) };
    const ended = this.#now("is_logged_out_by", values);
    if (ended) await this.#later("clear");
    return { ended };
  }

  /**
   * @param {string} token
   * @param {{ store?: object }} [options]
   */
  async verifyLogoutToken(token, { store } = {}) {
    return frozen(await this.#look("verify_logout_token", { token }, store ?? null));
  }

  async preflight() {
    return this.#look("preflight");
  }

  /**
   * @param {string} token
   * @param {object} [options]
   */
  async checkToken(token, options) {
    return parseClaims(await this.#look("check_token", { token, options: options ?? {} }));
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
    this.#isDisposed = true;
    this.#disposal?.abort(configurationError("disposed", "the client was disposed of while a window or frame was open"));
    this.#news.tellSoon();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    this.dispose();
  }

  /** The instance of this client. A trap ends a session with it; a client without one serves the next request in another. */
  #living() {
    const { session, sessionKey } = this.#data;
    const servesMany = session == null && sessionKey == null && globalThis.document === undefined;
    if (this.#instance.dead && servesMany && !this.#isDisposed) {
      this.#instance = acquire();
      this.#wasm = this.#instance.call(this.#begin);
    }
    return this.#instance;
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
    return this.#living().call(() => this.#wasm.now(job, json));
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
      return await this.#living().callAsync(() => this.#wasm.later(job, json));
    } catch (thrown) {
      if (this.#instance.dead) this.#news.died(thrown);
      throw thrown;
    } finally {
      // The caller is the last to know.
      this.#news.tell();
    }
  }

  /**
   * A job of src/bindings/tools.rs, whose wasm is loaded when it is needed.
   *
   * @param {string} job
   * @param {object} [values]
   * @param {object | null} [store]
   * @returns {Promise<any>}
   */
  async #look(job, values = {}, store) {
    this.#now("require_alive");
    const { later } = await import("./tools.js");
    // It keeps no session, so that it needs no store of sessions.
    const json = toJson({ ...this.#data, storage: "memory", sessionKey: undefined });
    return later(this, { json, app: this.#app }, job, values, store);
  }

  /** What asks for tokens without a redirect, loaded when it is needed. */
  async #grants() {
    this.#now("require_alive");
    const [{ Grants }, { cancelDevice }] = await Promise.all([import("./grants.js"), import("./tools.js")]);
    return (this.#granted ??= new Grants({
      look: (job, values) => this.#look(job, values),
      cancelDevice: (id) => cancelDevice(this, id),
      ways: this.#detached.ways,
      keep: (record, options) => this.#detached.keep(record, options),
      warn: (thrown) => this.#news.queue(notStored(thrown)),
      disposal: this.#jobs.disposal,
    }));
  }

  /** @param {object} options as Rust has read them */
  #apiSession(options) {
    return new ApiSession(
      {
        authorize: (request) => this.#later("authorize", request),
        judge: (answer) => this.#later("judge", answer),
        refusedAgain: () => this.#now("refused_again"),
        send: this.#send,
      },
      options,
    );
  }

  /** The app's `fetch`, or the platform's as it is at the time. @type {typeof fetch} */
  #send = (...request) => {
    const send = /** @type {typeof fetch} */ (this.#app.fetch ?? globalThis.fetch);
    return send(...request);
  };

  /**
   * Lets work outlive the answer to the request that began it.
   *
   * @param {Promise<unknown>} work
   */
  #keepAlive(work) {
    try {
      this.#app.waitUntil?.(work.then(undefined, () => {}));
    } catch {
      // There is no request to keep alive.
    }
  }

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
    const agent = new Agent(record, this.#calls, acquire);
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

  /** The agents that are not the session's. */
  #detached = new Detached({
    now: (job, values) => this.#now(job, values),
    later: (job, values) => this.#later(job, values),
    send: this.#send,
    keepAlive: (work) => this.#keepAlive(work),
    warn: (thrown) => this.#news.queue(notStored(thrown)),
    autoRefresh: () => this.#data.autoRefresh,
    ofSession: this.#calls,
  });
}

addVerbs(IdpClient.prototype);

/** @param {string | undefined} json */
function parsed(json) {
  return json === undefined ? undefined : JSON.parse(json);
}

/**
 * @template T
 * @param {T} record
 * @returns {Readonly<T>}
 */
function frozen(record) {
  return Object.freeze(record);
}
