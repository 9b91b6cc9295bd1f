// @ts-check
// An app's own claim mapping, called with claims and answered in text, which Rust reads as strictly as claims.

import { parseClaims } from "./agent.js";
import { describe } from "./instance.js";

/**
 * @param {Function} map the app's
 * @returns {(claimsJson: string) => string} throws nothing that can be caught
 */
export function overText(map) {
  return (claimsJson) => {
    try {
      const result = map(parseClaims(claimsJson));
      if (typeof result?.then === "function") {
        // Nobody waits for it; what it rejects with is no accident of the page's.
        result.then(undefined, () => {});
        return "{}";
      }
      return JSON.stringify({ result }, (_, value) => {
        // Left out they would pass for "there is none", and the scopes of the token would start to count.
        return typeof value === "function" || typeof value === "symbol" ? null : value;
      });
    } catch (thrown) {
      return JSON.stringify({ thrown: describe(thrown) });
    }
  };
}
