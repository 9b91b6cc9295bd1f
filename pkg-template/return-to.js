// @ts-check
// Where to go after a sign-in, for apps that keep it themselves.

import { configurationError } from "./errors.js";
import { acquire, isReady, readySync } from "./runtime.js";

/**
 * @param {string | URL | null | undefined} url
 * @param {string | URL} [fallback]
 * @returns {string}
 */
export function safeReturnTo(url, fallback = "/") {
  const base = globalThis.location?.href ?? String(fallback);
  if (!URL.canParse(base)) {
    const message = "outside a page `safeReturnTo` needs a URL of the app as `fallback`: it says which origin is the app's";
    throw configurationError("invalid_option", message);
  }
  const otherwise = new URL(fallback, base).href;
  if (url == null) return otherwise;
  if (!isReady()) readySync();
  return acquire().call((glue) => glue.safe_return_to(String(url), base)) ?? otherwise;
}
