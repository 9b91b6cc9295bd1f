// @ts-check
// What a page is told of who is signed in: never a token, and of the claims those that are about the person (OIDC Core 5.1).

/** Claims for the page to show. Those that belong to the protocol stay here. */
const SHOWN = [
  "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
  "gender", "birthdate", "zoneinfo", "locale", "updated_at",
];

/** @param {import("../../agent.js").Agent} agent */
export function describe(agent) {
  const { id, type, email, emailVerified, organizations, roles } = agent;
  const claims = Object.fromEntries(Object.entries(/** @type {object} */ (agent.claims)).filter(([name]) => SHOWN.includes(name)));
  return { id, type, email, emailVerified, organizations, roles, claims };
}
