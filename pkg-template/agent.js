// @ts-check
// The agent as apps see it: a frozen object without a token, which outlives its client and a trap.

import { acquire } from "./runtime.js";

/** How many answers an agent remembers. */
const MAX_ANSWERS = 1000;

/**
 * @typedef {object} AgentRecord
 * @property {number} revision
 * @property {string} id
 * @property {import("./index.d.ts").AgentType} type
 * @property {string} [email]
 * @property {boolean} [emailVerified]
 * @property {{ id: string, title?: string, scopes: string[], joinedAt?: number }[]} organizations
 * @property {string[]} malformedScopes
 * @property {string} claimsJson
 * @property {string} [scope]
 * @property {number} [expiresAt]
 * @property {boolean} hasRefreshToken
 * @property {number} [refreshExpiresAt]
 */

/**
 * What an agent asks whoever has its tokens.
 *
 * @typedef {object} Calls
 * @property {() => import("./index.d.ts").TokenSet} tokens asked only when the app asks
 * @property {(options?: { minValiditySeconds?: number, forceRefresh?: boolean }) => Promise<string>} getAccessToken
 * @property {() => Promise<Agent>} refresh
 * @property {(input: RequestInfo | URL, init?: RequestInit & { auth?: string }) => Promise<Response>} fetch
 */

export class Agent {
  #record;
  #calls;
  /** @type {unknown} */
  #claims;
  /** @type {{ instance: import("./instance.js").Instance, access: any } | undefined} */
  #compiled;
  /** @type {Map<string, boolean>} */
  #answers = new Map();

  /**
   * @param {AgentRecord} record
   * @param {Calls} calls
   */
  constructor(record, calls) {
    this.#record = record;
    this.#calls = calls;
    this.id = record.id;
    this.type = record.type;
    this.email = record.email ?? null;
    this.emailVerified = record.emailVerified ?? null;
    this.organizations = organizationsOf(record);
    Object.freeze(this);
  }

  get claims() {
    return (this.#claims ??= parseClaims(this.#record.claimsJson));
  }

  get tokens() {
    return this.#calls.tokens();
  }

  get malformedScopes() {
    return Object.freeze([...this.#record.malformedScopes]);
  }

  get expiresAt() {
    return this.#record.expiresAt ?? null;
  }

  get expiresIn() {
    return this.expiresAt === null ? null : this.expiresAt - now();
  }

  get isRefreshable() {
    return this.#record.hasRefreshToken && (this.#record.refreshExpiresAt ?? Infinity) > now();
  }

  /** @param {{ minValiditySeconds?: number, forceRefresh?: boolean }} [options] */
  async getAccessToken(options) {
    return this.#calls.getAccessToken(options);
  }

  /** @param {{ minValiditySeconds?: number, forceRefresh?: boolean }} [options] */
  async authorizationHeader(options) {
    return `Bearer ${await this.getAccessToken(options)}`;
  }

  async refresh() {
    return this.#calls.refresh();
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit & { auth?: string }} [init]
   */
  async fetch(input, init) {
    return this.#calls.fetch(input, init);
  }

  /** @param {number} [bufferSeconds] */
  isExpired(bufferSeconds = 30) {
    return this.expiresIn !== null && this.expiresIn <= bufferSeconds;
  }

  /**
   * @param {string} action
   * @param {string} resource
   */
  hasAccess(action, resource) {
    return this.#ask("", action, resource);
  }

  /**
   * @param {string} organization
   * @param {string} action
   * @param {string} resource
   */
  hasAccessIn(organization, action, resource) {
    if (typeof organization !== "string" || organization === "") return false;
    return this.#ask(organization, action, resource);
  }

  /** @param {string} organization */
  isOwnerOf(organization) {
    return this.#hasRole(organization, "owner");
  }

  /** @param {string} organization */
  isAdminOf(organization) {
    return this.#hasRole(organization, "admin");
  }

  /** @param {string} organization */
  isMemberOf(organization) {
    return this.#hasRole(organization, "member");
  }

  /** @param {string} organization */
  getScopesFor(organization) {
    return [...(this.organizations.find(({ id }) => id === organization)?.scopes ?? [])];
  }

  /**
   * @param {string} organization
   * @param {string} role
   */
  #hasRole(organization, role) {
    return typeof organization === "string" && this.#access((access) => access.has_role(organization, role));
  }

  /**
   * @param {string} organization any, where it is empty
   * @param {string} action
   * @param {string} resource
   */
  #ask(organization, action, resource) {
    if (typeof action !== "string" || typeof resource !== "string") return false;
    const question = `${organization}\0${action}\0${resource}`;
    let answer = this.#answers.get(question);
    if (answer === undefined) {
      answer = this.#access((access) => access.has_access(organization, action, resource));
      // Dropping everything now and then keeps it bounded without a cost for every answer.
      if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear();
      this.#answers.set(question, answer);
    }
    return answer;
  }

  /**
   * Asks the compiled scopes, which are compiled at the first question, and again when their instance has died.
   *
   * @param {(access: any) => boolean} ask
   * @returns {boolean}
   */
  #access(ask) {
    const instance = acquire();
    if (this.#compiled?.instance !== instance) {
      const { claimsJson, scope } = this.#record;
      const access = instance.call((glue) => new glue.WasmAccess(claimsJson, scope));
      this.#compiled = { instance, access };
    }
    const { access } = this.#compiled;
    return instance.call(() => ask(access));
  }
}

function now() {
  return Math.floor(Date.now() / 1000);
}

/** @param {Pick<AgentRecord, "organizations">} record */
export function organizationsOf({ organizations }) {
  return Object.freeze(
    organizations.map(({ id, title, scopes, roles, joinedAt }) => {
      const lists = { scopes: Object.freeze(scopes), roles: Object.freeze(roles) };
      return Object.freeze({ id, title: title ?? null, ...lists, joinedAt: joinedAt ?? null });
    }),
  );
}

/**
 * Claims as frozen objects without a prototype: `__proto__` and `constructor` are members like any other.
 *
 * @param {string} json
 */
export function parseClaims(json) {
  return JSON.parse(json, (_, value) => {
    if (typeof value !== "object" || value === null) return value;
    return Object.freeze(Array.isArray(value) ? value : Object.assign(Object.create(null), value));
  });
}
