// @ts-check
// The configuration that an app has loaded: one document for several providers.

import { configurationError } from "./errors.js";
import { toJson } from "./to-json.js";

/**
 * @typedef {object} Loaded
 * @property {string} text of the configuration
 * @property {import("./index.d.ts").ConfigurationSources} sources where its references lead to
 */

/** @type {Loaded | undefined} */
let current;

export const loaded = () => current;

/**
 * @param {unknown} config
 * @param {import("./index.d.ts").ConfigurationSources} [sources]
 */
export async function loadProviders(config, sources = {}) {
  const text = textOf(config);
  const { check } = await import("./configuration.js");
  await check(text);
  current = { text, sources };
  return listConfiguredProviders();
}

/** @param {unknown} [config] */
export function listConfiguredProviders(config) {
  const providers = providersOf(config);
  return Object.keys(providers).filter((name) => providers[name] !== null);
}

/**
 * @param {string} name
 * @param {unknown} [config]
 */
export function getProviderConfig(name, config) {
  const providers = providersOf(config);
  return Object.hasOwn(providers, name) ? providers[name] : null;
}

/**
 * The text of a configuration, which is one, or an object.
 *
 * @param {unknown} config
 */
export function textOf(config) {
  if (typeof config === "string") return config;
  if (typeof config !== "object" || config === null) {
    throw configurationError("invalid_option", "a configuration is an object, or its JSON text");
  }
  return toJson(config);
}

/** @param {unknown} config @returns {Record<string, any>} a copy */
function providersOf(config) {
  const text = config === undefined ? current?.text : textOf(config);
  if (text === undefined) {
    throw configurationError("missing_option", "no configuration: call `loadProviders(config)` first, or give one");
  }
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    // What it says repeats the text.
    throw configurationError("invalid_option", "the configuration is no JSON");
  }
  const { providers } = isObject(document?.auth) ? document.auth : (document ?? {});
  if (!isObject(providers)) throw configurationError("missing_option", "the configuration has no \"providers\"");
  return providers;
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
