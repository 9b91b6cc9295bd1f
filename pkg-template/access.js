// @ts-check
// Questions about what an agent may do. Answers are remembered here, since a look at a map costs a fraction of a way into
// the wasm, where the scopes are compiled.

import { configurationError, toError } from "./errors.js";

/** How many answers an agent remembers. */
const MAX_ANSWERS = 1000;

/** How long a question may be that is remembered. */
const MAX_QUESTION_LENGTH = 1000;

/** What stands for any organization where its place is asked for. */
const ANYWHERE = -1;

/**
 * As src/authz/written.rs writes it.
 *
 * @typedef {object} AccessRecord
 * @property {{ id: string, title?: string, scopes: string[], roles: string[], joinedAt?: number }[]} [organizations] missing where there is
 *   no such claim
 * @property {string[]} roles
 * @property {string[]} tokenScopes
 */

/** @typedef {Map<string, Map<string, boolean>>} Answers by action and resource */

/**
 * Where scopes are compiled: the live instance of a wasm that can.
 *
 * @typedef {() => import("./instance.js").Instance<{ WasmAccess: new (json: string) => import("./wasm/core.js").WasmAccess }>} Acquire
 */

export class Access {
  #record;
  #acquire;
  /** @type {{ instance: ReturnType<Acquire>, access: import("./wasm/core.js").WasmAccess } | undefined} */
  #compiled;
  /** The organizations' places in the list. @type {Map<string, number> | undefined} */
  #places;
  /** @type {Answers} */
  #anywhere = new Map();
  /** @type {Map<string, Answers>} */
  #within = new Map();
  #remembered = 0;

  /**
   * @param {AccessRecord} record
   * @param {Acquire} acquire
   */
  constructor(record, acquire) {
    this.#record = record;
    this.#acquire = acquire;
  }

  /**
   * @param {string} action
   * @param {string} resource
   * @returns {boolean}
   */
  allows(action, resource) {
    return this.#anywhere.get(action)?.get(resource) ?? this.#ask(ANYWHERE, undefined, action, resource);
  }

  /**
   * @param {string} organization
   * @param {string} action
   * @param {string} resource
   * @returns {boolean}
   */
  allowsIn(organization, action, resource) {
    const answer = this.#within.get(organization)?.get(action)?.get(resource);
    if (answer !== undefined) return answer;
    const place = this.placeOf(organization);
    return place !== undefined && this.#ask(place, organization, action, resource);
  }

  /**
   * Crosses once, whatever number of questions is new.
   *
   * @param {readonly { action: string, resource: string, organization?: string }[]} questions
   * @returns {boolean[]}
   */
  allowsEach(questions) {
    if (!Array.isArray(questions)) {
      throw configurationError("invalid_option", "checkMany takes an array of { action, resource, organization? }");
    }
    /** @type {{ at: number, organization: string | undefined, action: string, resource: string }[]} */
    const unknown = [];
    /** @type {string[]} */
    const lines = [];
    const answers = Array.from(questions, (question, at) => {
      if (typeof question !== "object" || question === null) return false;
      const { action, resource, organization } = question;
      const isAnywhere = !("organization" in question);
      const known = isAnywhere ? this.#anywhere : this.#within.get(organization);
      const answer = known?.get(action)?.get(resource);
      if (answer !== undefined) return answer;
      const place = isAnywhere ? ANYWHERE : this.placeOf(organization);
      const text = asked(action, resource);
      // A line break leaves no question that a scope can answer.
      if (place === undefined || text === undefined || text.includes("\n")) return false;
      unknown.push({ at, organization: isAnywhere ? undefined : organization, action, resource });
      lines.push(`${place} ${text}`);
      return false;
    });
    if (lines.length > 0) {
      const given = this.#use((access) => access.allows_each(lines.join("\n")));
      unknown.forEach(({ at, organization, action, resource }, line) => {
        answers[at] = given[line] === "1";
        this.#remember(organization, action, resource, answers[at]);
      });
    }
    return answers;
  }

  /**
   * @param {{ organization?: string, anywhere: boolean }} where
   * @param {string} action
   * @param {string} resource
   * @returns {{ organization: string | null, scope: string } | null}
   */
  reason({ organization, anywhere }, action, resource) {
    const place = anywhere ? ANYWHERE : this.placeOf(organization);
    const text = asked(action, resource);
    if (place === undefined || text === undefined) return null;
    const reason = this.#use((access) => access.reason(place, text));
    return reason === undefined ? null : Object.freeze({ organization: reason.organization ?? null, scope: reason.scope });
  }

  /**
   * The error of what nothing grants.
   *
   * @param {{ organization?: string, anywhere: boolean }} where
   * @param {string} action
   * @param {string} resource
   */
  refusal({ organization, anywhere }, action, resource) {
    const name = anywhere ? undefined : String(organization ?? "");
    const record = this.#use((access) => access.refusal(name, String(action), String(resource)));
    return toError({
      ...record,
      required: Object.freeze({ action, resource, organization: anywhere ? null : (organization ?? null) }),
      granted: Object.freeze(anywhere ? this.#allScopes() : this.scopesOf(organization)),
    });
  }

  /**
   * @param {string | undefined} organization `undefined`: the token itself
   * @param {string} role
   * @returns {boolean}
   */
  hasRole(organization, role) {
    const place = organization === undefined ? ANYWHERE : this.placeOf(organization);
    return place !== undefined && typeof role === "string" && this.#use((access) => access.has_role(place, role));
  }

  /** @param {string | undefined} organization */
  scopesOf(organization) {
    const place = this.placeOf(organization);
    return place === undefined ? [] : [.../** @type {any} */ (this.#record.organizations)[place].scopes];
  }

  /**
   * @param {string | undefined} organization
   * @returns {number | undefined} nothing where the agent is no member of it
   */
  placeOf(organization) {
    if (this.#places === undefined) {
      const ids = (this.#record.organizations ?? []).map(({ id }, place) => /** @type {const} */ ([id, place]));
      // Where one is listed twice, the first counts.
      this.#places = new Map(ids.reverse());
    }
    return organization === "" ? undefined : this.#places.get(/** @type {string} */ (organization));
  }

  /** Gives the compiled scopes back at once, which otherwise happens with the garbage. */
  forget() {
    const compiled = this.#compiled;
    this.#compiled = undefined;
    if (compiled?.instance.dead === false) compiled.access.free();
  }

  #allScopes() {
    const { organizations, tokenScopes } = this.#record;
    return [...new Set(organizations?.flatMap(({ scopes }) => scopes) ?? tokenScopes)];
  }

  /**
   * @param {number} place
   * @param {string | undefined} organization
   * @param {string} action
   * @param {string} resource
   * @returns {boolean}
   */
  #ask(place, organization, action, resource) {
    const text = asked(action, resource);
    if (text === undefined) return false;
    const answer = this.#use((access) => access.allows(place, text));
    this.#remember(organization, action, resource, answer);
    return answer;
  }

  /**
   * @param {string | undefined} organization
   * @param {string} action
   * @param {string} resource
   * @param {boolean} answer
   */
  #remember(organization, action, resource, answer) {
    if (action.length + resource.length > MAX_QUESTION_LENGTH) return;
    // Dropping everything now and then keeps it bounded without a cost for every answer.
    if (this.#remembered >= MAX_ANSWERS) {
      this.#anywhere.clear();
      this.#within.clear();
      this.#remembered = 0;
    }
    const answers = organization === undefined ? this.#anywhere : own(this.#within, organization);
    own(answers, action).set(resource, answer);
    this.#remembered += 1;
  }

  /**
   * Uses the compiled scopes, which are compiled at the first question, and again when their instance has died.
   *
   * @template T
   * @param {(access: import("./wasm/core.js").WasmAccess) => T} use
   * @returns {T}
   */
  #use(use) {
    const instance = this.#acquire();
    if (this.#compiled?.instance !== instance) {
      const access = instance.call((glue) => new glue.WasmAccess(JSON.stringify(this.#record)));
      this.#compiled = { instance, access };
    }
    const { access } = this.#compiled;
    return instance.call(() => use(access));
  }
}

/**
 * A question as the scope that answers it exactly. Whatever is malformed in it leaves no scope.
 *
 * @param {unknown} action
 * @param {unknown} resource
 */
function asked(action, resource) {
  return typeof action === "string" && typeof resource === "string" ? `${resource}:${action}` : undefined;
}

/**
 * @template K, V
 * @param {Map<string, Map<K, V>>} maps
 * @param {string} key
 * @returns {Map<K, V>}
 */
function own(maps, key) {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map()));
  return map;
}
