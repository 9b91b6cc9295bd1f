// @ts-check
// The agent as apps see it: a frozen object without a token, which outlives its client and a trap.

import { Access } from "./access.js";

/**
 * @typedef {object} AgentRecord
 * @property {number} revision
 * @property {string} id
 * @property {import("./index.d.ts").AgentType} type
 * @property {string} [email]
 * @property {boolean} [emailVerified]
 * @property {import("./access.js").AccessRecord} access
 * @property {string[]} malformedScopes
 * @property {string} claimsJson
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
  #access;

  /**
   * @param {AgentRecord} record
   * @param {Calls} calls
   * @param {import("./access.js").Acquire} acquire
   */
  constructor(record, calls, acquire) {
    this.#record = record;
    this.#calls = calls;
    this.id = record.id;
    this.type = record.type;
    this.email = record.email ?? null;
    this.emailVerified = record.emailVerified ?? null;
    this.organizations = organizationsOf(record.access);
    this.roles = Object.freeze(record.access.roles);
    this.#access = new Access(record.access, acquire);
    Object.freeze(record.malformedScopes);
    Object.freeze(this);
  }

  get claims() {
    return (this.#claims ??= parseClaims(this.#record.claimsJson));
  }

  get tokens() {
    return this.#calls.tokens();
  }

  get malformedScopes() {
    return this.#record.malformedScopes;
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
    return this.#access.allows(action, resource);
  }

  /**
   * @param {string} organization
   * @param {string} action
   * @param {string} resource
   */
  hasAccessIn(organization, action, resource) {
    return this.#access.allowsIn(organization, action, resource);
  }

  /** @param {readonly { action: string, resource: string, organization?: string }[]} questions */
  checkMany(questions) {
    return this.#access.allowsEach(questions);
  }

  /**
   * @param {string} action
   * @param {string} resource
   * @param {[organization?: string]} where
   */
  requireAccess(action, resource, ...where) {
    const place = placeAmong(where);
    const { organization, anywhere } = place;
    const isAllowed = anywhere
      ? this.#access.allows(action, resource)
      : this.#access.allowsIn(/** @type {string} */ (organization), action, resource);
    if (!isAllowed) throw this.#access.refusal(place, action, resource);
  }

  /**
   * @param {string} action
   * @param {string} resource
   * @param {[organization?: string]} where
   */
  whyAccess(action, resource, ...where) {
    return this.#access.reason(placeAmong(where), action, resource);
  }

  /** @param {string} role */
  hasRole(role) {
    return this.#access.hasRole(undefined, role);
  }

  /** @param {string} organization */
  isOwnerOf(organization) {
    return this.#access.hasRole(organization ?? "", "owner");
  }

  /** @param {string} organization */
  isAdminOf(organization) {
    return this.#access.hasRole(organization ?? "", "admin");
  }

  /** @param {string} organization */
  isMemberOf(organization) {
    return this.#access.placeOf(organization) !== undefined;
  }

  /** @param {string} organization */
  getScopesFor(organization) {
    return this.#access.scopesOf(organization);
  }
}

/**
 * An organization that was given and is `undefined` is a mistake of the caller's: it must not mean any organization.
 *
 * @param {[organization?: string]} where
 */
function placeAmong(where) {
  return { organization: where[0], anywhere: where.length === 0 };
}

function now() {
  return Math.floor(Date.now() / 1000);
}

/** @param {Pick<import("./access.js").AccessRecord, "organizations">} record */
export function organizationsOf({ organizations = [] }) {
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
