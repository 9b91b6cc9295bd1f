// @ts-check
// From a configuration to the options of a client. The document is read by a wasm of its own; here the app's functions are
// asked, and what is no data passes by. Nothing imports this file but by `import()`.

import { configurationError, toError } from "./errors.js";
import { hostParts } from "./host-parts.js";
import { lateWasm } from "./late-wasm.js";
import { textOf } from "./providers.js";
import { encryptedStorage } from "./storage.js";
import { toJson } from "./to-json.js";
import { instantiate } from "./wasm/configuration.js";

const live = lateWasm("configuration", instantiate);

/** Seconds that an app's function may take for a secret. */
const SECRET_LIMIT = 30;

/** @typedef {{ reference: string, scheme: string, path: string }} Reference */

/**
 * Reads a configuration, and chooses from it where `json` says what is wanted.
 *
 * @param {string} text of the configuration
 * @param {string | undefined} json what is wanted
 * @param {(name: string) => unknown} variable
 * @returns {Promise<any>}
 */
async function configuration(text, json, variable) {
  const instance = await live();
  return instance.call((glue) => glue.configuration(text, json, variable));
}

/** @param {string} text */
export async function check(text) {
  await configuration(text, undefined, () => undefined);
}

/**
 * The options of a client, and what they were chosen for.
 *
 * @param {import("./providers.js").Loaded | undefined} loaded
 * @param {string | undefined} name
 * @param {any} [options]
 */
export async function choose(loaded, name, options = {}) {
  if (name != null && typeof name !== "string") {
    throw configurationError("invalid_option", "`fromConfig` takes the name of a provider, and then an object of options");
  }
  const { config, env, environment, application, resolveSecret, storages, ...overrides } = options ?? {};
  const text = config === undefined ? loaded?.text : textOf(config);
  if (text === undefined) {
    throw configurationError("missing_option", "no configuration: call `loadProviders(config)` first, or give one as `config`");
  }
  // A configuration of its own has sources of its own: those of another might hold names that mean something else.
  const sources = config === undefined ? { ...loaded?.sources, ...defined({ env, resolveSecret, storages }) } : { env, resolveSecret, storages };
  const { data, others } = split(overrides);
  const wanted = { provider: name, environment, application, overrides: data, without: Object.keys(others) };
  const variable = variableOf(sources.env);

  let chosen = await configuration(text, toJson(wanted), variable);
  const make = makerOf(chosen, "storage" in others, sources.storages);
  if (chosen.waiting.length > 0) {
    const secrets = await resolved(chosen.waiting, sources.resolveSecret);
    chosen = await configuration(text, toJson({ ...wanted, secrets }), variable);
    if (chosen.waiting.length > 0) throw unavailable(chosen.waiting[0], "is another one than a moment ago");
  }
  const trusting = chosen.caBundle !== undefined && !("fetch" in others) && { fetch: await trustingOf(chosen) };
  return {
    options: { ...chosen.options, ...trusting, storage: await make(chosen.storage), ...others },
    for: defined({ environment: chosen.environment, application: chosen.application }),
  };
}

/**
 * Options that are data, and those that only JavaScript can hold, which the client takes as they are.
 *
 * @param {Record<string, any>} overrides
 */
function split(overrides) {
  /** @type {Record<string, unknown>} */
  const data = {};
  /** @type {Record<string, unknown>} */
  const others = {};
  for (const [name, value] of Object.entries(overrides)) {
    if (value != null) (isData(value) ? data : others)[name] = value;
  }
  return { data, others };
}

/** @param {unknown} value */
function isData(value) {
  const isPlain = (/** @type {unknown} */ one) => {
    if (typeof one !== "object" || one === null) return typeof one !== "function";
    const prototype = Object.getPrototypeOf(one);
    return prototype === Object.prototype || prototype === null || Array.isArray(one) || one instanceof URL;
  };
  return isPlain(value) && (typeof value !== "object" || value === null || Object.values(value).every(isPlain));
}

/** @param {any} env @returns {(name: string) => unknown} */
function variableOf(env) {
  if (env == null) return () => undefined;
  if (typeof env !== "object") throw configurationError("invalid_option", 'option "env": expected an object of variables');
  // What an object inherits is no variable.
  return (name) => (Object.hasOwn(env, name) ? env[name] : undefined);
}

/**
 * What makes the store of the configuration, known before anybody is asked for a secret.
 *
 * @param {{ storage: any, provider: string }} chosen
 * @param {boolean} isOverridden
 * @param {Record<string, import("./host-parts.js").MakeStorage>} [storages]
 * @returns {(storage: any) => any}
 */
function makerOf({ storage, provider }, isOverridden, storages) {
  if (isOverridden) return () => undefined;
  if (typeof storage === "string") return () => storage;
  const { kind } = storage;
  if (kind === "encrypted") return ({ name }) => encryptedStorage({ name });
  const make = [storages, hostParts.storages].find((made) => made != null && Object.hasOwn(made, kind))?.[kind];
  if (typeof make === "function") {
    return ({ kind: _, ...options }) => make(options);
  }
  const ways = `give \`storages: { ${kind}: (options) => store }\`, or another storage as an override`;
  const reason =
    kind === "sops"
      ? `this library writes no SOPS files: "encryptedFile" takes its place in Node, Deno and Bun; or ${ways}`
      : `nothing makes it here: in Node, Deno and Bun it is there, in a page use "encrypted" or "session"; or ${ways}`;
  throw configurationError("invalid_option", `the storage "${kind}" of the provider "${provider}": ${reason}`);
}

/** @param {{ caBundle: string, provider: string }} chosen */
function trustingOf({ caBundle, provider }) {
  if (hostParts.fetchTrusting !== undefined) return hostParts.fetchTrusting(caBundle);
  const message = `the "caBundle" of the provider "${provider}": this host trusts what it trusts; it is for Node, Deno and Bun`;
  throw configurationError("invalid_option", message);
}

/**
 * The texts that references stand for; each is asked for once.
 *
 * @param {Reference[]} waiting
 * @param {((reference: string) => unknown) | undefined} resolveSecret
 */
async function resolved(waiting, resolveSecret) {
  if (typeof resolveSecret !== "function") {
    const [{ path, scheme }] = waiting;
    const message = `${path}: it is a reference (${scheme}://…): give \`resolveSecret: async (reference) => text\``;
    throw configurationError("missing_option", message);
  }
  const distinct = new Map(waiting.map((one) => [one.reference, one]));
  return Object.fromEntries(
    await Promise.all([...distinct.values()].map(async (one) => [one.reference, await secretOf(one, resolveSecret)])),
  );
}

/**
 * @param {Reference} waiting
 * @param {(reference: string) => unknown} resolveSecret
 */
async function secretOf(waiting, resolveSecret) {
  let secret;
  try {
    secret = await inTime(() => resolveSecret(waiting.reference));
  } catch (cause) {
    throw unavailable(waiting, cause === LATE ? `led to nothing within ${SECRET_LIMIT} s` : "could not be resolved", cause);
  }
  if (typeof secret !== "string" || secret === "") throw unavailable(waiting, "led to no text that is not empty");
  return secret;
}

const LATE = Symbol("late");

/** @param {() => unknown} ask */
async function inTime(ask) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(LATE), SECRET_LIMIT * 1000);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The reference itself is not shown: it may have a password in it.
 *
 * @param {Reference} waiting
 * @param {string} what
 * @param {unknown} [cause] the app's own
 */
function unavailable({ path, scheme }, what, cause) {
  const message = `${path}: the reference (${scheme}://…) ${what}`;
  const record = /** @type {const} */ ({ class: "ConfigurationError", code: "secret_unavailable", message, recovery: "retry" });
  return toError(cause === undefined || cause === LATE ? record : { ...record, cause });
}

/** @template {object} T @param {T} members @returns {Partial<T>} */
function defined(members) {
  return /** @type {any} */ (Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)));
}
