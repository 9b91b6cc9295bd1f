// @ts-check
// The options of a verifier: which are data that Rust reads, and which are the app's functions and stores.

import { parseClaims } from "../agent.js";
import { overText } from "../claim-mapping.js";
import { configurationError } from "../errors.js";
import { hostParts } from "../host-parts.js";
import { describe } from "../instance.js";
import { toJson } from "../to-json.js";
import { replaysOverText } from "./replay-store.js";

/**
 * @param {any} given
 * @returns {{ json: string, app: Record<string, unknown> }}
 */
export function readied(given) {
  if (typeof given !== "object" || given === null) {
    throw configurationError("invalid_option", "`createVerifier` takes an object of options");
  }
  const options = { ...given };
  /** @type {Record<string, unknown>} */
  const app = {};
  take(options, "fetch", "function", (fetch) => {
    app.fetch = fetch;
  });
  take(options, "keyStore", "object", (store) => {
    app.keyStore = storeOf(store);
    options.keyStore = true;
  });
  if (options.dpop?.replayStore != null) {
    app.replayStore = replaysOverText(options.dpop.replayStore);
    options.dpop = { ...options.dpop, replayStore: true };
  }
  const clientAuth = options.introspection?.clientAuth;
  if (clientAuth?.key != null) {
    const taken = hostParts.takeKey(clientAuth);
    app.sign = taken.sign;
    options.introspection = { ...options.introspection, clientAuth: taken.clientAuth };
  }
  if (typeof options.claimMapping === "function") {
    app.claimMapping = overText(options.claimMapping);
    delete options.claimMapping;
  }
  if (typeof options.organizationsFrom === "function") {
    app.organizationsFrom = organizationsOverText(options.organizationsFrom);
    options.organizationsFrom = "app";
  }
  return { json: toJson(options), app };
}

/**
 * @param {Record<string, any>} options
 * @param {string} name
 * @param {"function" | "object"} kind
 * @param {(value: any) => void} use
 */
function take(options, name, kind, use) {
  const value = options[name];
  delete options[name];
  if (value == null) return;
  if (typeof value !== kind) {
    throw configurationError("invalid_option", `option "${name}": expected ${kind === "object" ? "an object with load, save and delete" : "a function"}`);
  }
  use(value);
}

/**
 * The store as the wasm uses it: what it saves says itself how long it is good.
 *
 * @param {any} store
 */
function storeOf(store) {
  const missing = ["load", "save", "delete"].filter((name) => typeof store[name] !== "function");
  if (missing.length > 0) {
    throw configurationError("invalid_option", `option "keyStore": expected an object with load, save and delete; it has no ${missing.join(", ")}`);
  }
  return {
    load: (/** @type {string} */ key) => store.load(key),
    save: (/** @type {string} */ key, /** @type {string} */ text) => store.save(key, text, { expiresAt: JSON.parse(text).expiresAt }),
    delete: (/** @type {string} */ key) => store.delete(key),
  };
}

/**
 * @param {Function} find the app's
 * @returns {(claimsJson: string) => Promise<string>}
 */
function organizationsOverText(find) {
  return async (claimsJson) => {
    try {
      const organizations = await find(parseClaims(claimsJson));
      return JSON.stringify({ organizations: organizations ?? null }, (_, value) => (typeof value === "function" || typeof value === "symbol" ? null : value));
    } catch (thrown) {
      return JSON.stringify({ thrown: describe(thrown) });
    }
  };
}
