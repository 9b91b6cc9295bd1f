// @ts-check
// The claims of a token, each with what the check says of it.
import { make } from "./dom.js";

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Claims that are times (RFC 7519 4.1, OIDC Core 2). */
export const TIMES = ["iat", "nbf", "exp", "auth_time"];

/** @param {unknown} seconds @returns {number | undefined} a time that a date can hold */
export function instant(seconds) {
  return typeof seconds === "number" && Math.abs(seconds) < 8.64e12 ? seconds : undefined;
}

/** @param {number} seconds */
export const dateOf = (seconds) => timeFormat.format(seconds * 1000);

/**
 * @param {import("wasm-oidc").TokenReport} report
 * @param {Readonly<Record<string, unknown>>} payload
 */
export function claimsTable({ steps }, payload) {
  const checks = steps.find(({ name }) => name === "validate_claims")?.details.checks ?? [];
  const judged = new Map(checks.map((check) => [check.claim, check]));
  // What should be there and is not has a row too; `typ` judges the kind of token, which need not be a claim.
  const missing = checks.filter(({ claim, passed }) => !passed && !Object.hasOwn(payload, claim)).map(({ claim }) => claim);
  const names = [...missing, ...Object.keys(payload)];
  const rows = names.map((name) => row(name, Object.hasOwn(payload, name) ? payload[name] : undefined, judged.get(name)));
  const heads = ["Claim", "Value", "Verdict"].map((title) => make("th", { scope: "col" }, title));
  return make(
    "section.claims",
    { "aria-labelledby": "claims-title" },
    make("h3", { id: "claims-title" }, "The claims"),
    make(
      "table",
      { "aria-labelledby": "claims-title", "data-testid": "check-claims" },
      make("thead", {}, make("tr", {}, ...heads)),
      make("tbody", {}, ...rows),
    ),
  );
}

/** @param {string} name @param {unknown} value @param {import("wasm-oidc").ClaimCheck | undefined} check */
function row(name, value, check) {
  const outcome = check === undefined ? "none" : check.passed ? "passed" : "failed";
  return make(
    "tr",
    { "data-outcome": outcome, "data-claim": name },
    make("th", { scope: "row" }, make("code", {}, name)),
    make("td", {}, shown(name, value)),
    make("td.verdict", {}, check?.message ?? "not judged"),
  );
}

/** @param {string} name @param {unknown} value */
function shown(name, value) {
  if (value === undefined) return make("span.absent", {}, "missing");
  const at = TIMES.includes(name) ? instant(value) : undefined;
  if (typeof value === "object" && value !== null) {
    const text = JSON.stringify(value, null, 2);
    return make("code.nested", { tabindex: "0", role: "region", "aria-label": `Value of ${name}` }, text);
  }
  const code = make("code", {}, typeof value === "string" ? value : JSON.stringify(value));
  return at === undefined ? code : make("span", {}, code, " ", make("small", {}, dateOf(at)));
}

/** @param {Record<string, string | null | undefined>} facts what is not known is left out */
export function factsOf(facts) {
  return Object.entries(facts).flatMap(([term, value]) =>
    value == null ? [] : [make("dt", {}, term), make("dd", {}, value)],
  );
}
