// @ts-check
// Recognisable secrets, and the search for them in everything that somebody can see: errors with their causes and stacks,
// clients, agents, snapshots, events, the console.
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";

import { IdpClient } from "wasm-oidc";

const EVENTS = /** @type {const} */ (["signedin", "refreshed", "refreshfailed", "expired", "signedout", "warning"]);

/** A secret of the length that real ones have. @param {string} name */
export const canary = (name) => `canary-${name}-${randomBytes(24).toString("hex")}`;

/** Notes secrets and what can be seen. */
export class Watch {
  /** @type {Map<string, string>} */
  secrets = new Map();
  /** @type {[string, string][]} */
  seen = [];
  #console = { ...console };

  /** @param {string} name @param {unknown} secret */
  hides(name, secret) {
    if (typeof secret === "string" && secret.length >= 20) this.secrets.set(secret, name);
  }

  /** Everything that is printed can be seen. */
  listen() {
    for (const method of /** @type {const} */ (["log", "info", "warn", "error", "debug", "trace"])) {
      console[method] = (/** @type {unknown[]} */ ...words) => this.sees(`console.${method}`, words);
    }
  }

  letGo() {
    Object.assign(console, this.#console);
  }

  /** @param {string} where @param {any} value */
  sees(where, value) {
    const shown = [inspect(value, { depth: 12, showHidden: false, getters: false }), json(value)];
    // What a tracker for errors sends: everything own, whether it can be enumerated or not, and what is behind it.
    for (let error = value, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth += 1) {
      const names = Object.getOwnPropertyNames(error).filter((name) => name !== "appState" && name !== "cause");
      shown.push(String(error), error.message, String(error.stack), ...names.map((name) => String(/** @type {any} */ (error)[name])));
    }
    this.seen.push([where, shown.join("\n")]);
  }

  /** The client as an app logs it. @param {IdpClient} idp */
  seesClient(idp) {
    this.sees("client", idp);
    this.sees("options", idp.options);
    this.sees("snapshot", idp.snapshot);
    this.sees("agent", idp.agent);
    this.sees("keys", Object.keys(idp.agent ?? {}));
  }

  /** Events, snapshots and warnings of the client. @param {IdpClient} idp */
  follows(idp) {
    for (const type of EVENTS) idp.on(type, (event) => this.sees(`event ${type}`, [event, event.detail, event.detail?.error]));
    idp.subscribe((snapshot) => this.sees("snapshot", [snapshot, snapshot.error]));
  }

  /** Tries it; an error is looked at. @param {string} where @param {() => unknown} attempt @returns {Promise<any>} */
  async tries(where, attempt) {
    try {
      return await attempt();
    } catch (error) {
      this.sees(where, error);
      return error;
    }
  }

  /** What was seen and should not have been: each secret by its name, and where. */
  found() {
    const found = new Set();
    for (const [where, text] of this.seen) {
      for (const [secret, name] of this.secrets) {
        if (text.includes(secret)) found.add(`${name} in ${where}: ${text.slice(Math.max(0, text.indexOf(secret) - 80), text.indexOf(secret) + 20)}`);
      }
    }
    return [...found];
  }
}

/** @param {unknown} value */
function json(value) {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
