// @ts-check
// Three ways of answering the same questions. Each has loops of its own, so that what the engine learned about one is no
// help and no hindrance to another.

import { createMongoAbility } from "@casl/ability";
import { IdpClient } from "wasm-oidc";

/** @typedef {{ action: string, resource: string, organization: string }} Question */
/** @typedef {{ id: string, scopes: string[] }} Organization */

/**
 * Each function answers how many of the questions are granted: in any organization, or in the one that each names.
 *
 * @typedef {{ anywhere: (questions: Question[]) => number, within: (questions: Question[]) => number }} Contestant
 */

const ISSUER = "https://idp.example.com";

/**
 * An agent as apps have it, of an ID token that nobody signed.
 *
 * @param {Organization[]} organizations
 * @returns {Promise<Contestant>}
 */
export async function wasmOidc(organizations) {
  const idp = await IdpClient.create({
    metadata: { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/jwks` },
    clientId: "bench",
  });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: "bench", sub: "usr_1", iat: now, exp: now + 3600, organizations };
  const encoded = (/** @type {object} */ part) => btoa(JSON.stringify(part)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const agent = await idp.createAgent(
    {
      access_token: "t", token_type: "Bearer", issued_at: now, expires_at: now + 3600, version: 1,
      id_token: `${encoded({ alg: "RS256" })}.${encoded(claims)}.AAAA`,
    },
    { verify: "claims", autoRefresh: false },
  );
  return {
    anywhere(questions) {
      let granted = 0;
      for (const { action, resource } of questions) if (agent.hasAccess(action, resource)) granted += 1;
      return granted;
    },
    within(questions) {
      let granted = 0;
      for (const { action, resource, organization } of questions) {
        if (agent.hasAccessIn(organization, action, resource)) granted += 1;
      }
      return granted;
    },
  };
}

/**
 * One ability for each organization, and one of everything. It has no `**`: such a scope is a rule for its resource.
 *
 * @param {Organization[]} organizations
 * @returns {Promise<Contestant>}
 */
export async function casl(organizations) {
  const rule = (/** @type {string} */ scope) => {
    const [subject, action] = scope.split(":");
    return { action: action.startsWith("*") ? "manage" : action, subject };
  };
  const all = createMongoAbility(organizations.flatMap(({ scopes }) => scopes.map(rule)));
  const each = new Map(organizations.map(({ id, scopes }) => [id, createMongoAbility(scopes.map(rule))]));
  return {
    anywhere(questions) {
      let granted = 0;
      for (const { action, resource } of questions) if (all.can(action, resource)) granted += 1;
      return granted;
    },
    within(questions) {
      let granted = 0;
      for (const { action, resource, organization } of questions) {
        if (each.get(organization)?.can(action, resource)) granted += 1;
      }
      return granted;
    },
  };
}

/**
 * What one writes who has no library.
 *
 * @param {Organization[]} organizations
 * @returns {Promise<Contestant>}
 */
export async function plainLoop(organizations) {
  /** @type {(scopes: string[], action: string, resource: string) => boolean} */
  const grant = (scopes, action, resource) => {
    for (const scope of scopes) {
      const colon = scope.indexOf(":");
      const [on, may] = [scope.slice(0, colon), scope.slice(colon + 1)];
      if (may === "**") {
        if (on === "*" || on === resource || resource.startsWith(`${on}.`)) return true;
      } else if ((on === resource || (on === "*" && !resource.includes("."))) && (may === action || may === "*")) {
        return true;
      }
    }
    return false;
  };
  return {
    anywhere(questions) {
      let granted = 0;
      for (const { action, resource } of questions) {
        if (organizations.some(({ scopes }) => grant(scopes, action, resource))) granted += 1;
      }
      return granted;
    },
    within(questions) {
      let granted = 0;
      for (const { action, resource, organization } of questions) {
        const found = organizations.find(({ id }) => id === organization);
        if (found !== undefined && grant(found.scopes, action, resource)) granted += 1;
      }
      return granted;
    },
  };
}
