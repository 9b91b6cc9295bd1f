// @ts-check
// Questions about scopes that need no agent.

import { Access } from "./access.js";
import { acquire } from "./runtime.js";

/**
 * @param {readonly string[]} scopes
 * @param {string} action
 * @param {string} resource
 * @returns {boolean}
 */
export function hasAccess(scopes, action, resource) {
  if (!Array.isArray(scopes) || typeof action !== "string" || typeof resource !== "string") return false;
  const access = new Access({ roles: [], tokenScopes: scopes.filter((scope) => typeof scope === "string") }, acquire);
  try {
    return access.allows(action, resource);
  } finally {
    access.forget();
  }
}

/**
 * @param {string} scope
 * @returns {{ resource: string, action: string } | null}
 */
export function parseScope(scope) {
  if (typeof scope !== "string") return null;
  return acquire().call((glue) => glue.parse_scope(scope)) ?? null;
}
