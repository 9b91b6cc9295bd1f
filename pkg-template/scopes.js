// @ts-check
// Questions about scopes that need no agent.

import { acquire } from "./runtime.js";

/**
 * @param {readonly string[]} scopes
 * @param {string} action
 * @param {string} resource
 * @returns {boolean}
 */
export function hasAccess(scopes, action, resource) {
  if (!Array.isArray(scopes) || typeof action !== "string" || typeof resource !== "string") return false;
  // They cross one a line; a scope with a line break is malformed, so that it grants nothing anyway.
  const lines = scopes.filter((scope) => typeof scope === "string" && !scope.includes("\n")).join("\n");
  return acquire().call((glue) => glue.has_access(lines, action, resource));
}

/**
 * @param {string} scope
 * @returns {{ resource: string, action: string } | null}
 */
export function parseScope(scope) {
  if (typeof scope !== "string") return null;
  return acquire().call((glue) => glue.parse_scope(scope)) ?? null;
}
