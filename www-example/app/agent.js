// @ts-check
// Who is signed in: identity, the access token's remaining time, organizations with roles and scopes.
import { element, make } from "./dom.js";

/** @typedef {import("wasm-oidc").Agent} Agent */

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

/** @param {Agent} agent */
export function showAgent(agent) {
  element("name").textContent = nameOf(agent);
  const expiry = make("span", {});
  element("facts").replaceChildren(
    ...fact("Id", agent.id, "agent-id"),
    ...fact("Type", agent.type, "agent-type"),
    ...fact("E-mail", emailOf(agent), "agent-email"),
    ...fact("Roles of the token", agent.roles.join(", ") || "none", "agent-roles"),
    ...fact("Access token", expiry, "agent-expires"),
  );
  clearInterval(ticking);
  const tick = () => (expiry.textContent = expiryOf(agent));
  tick();
  ticking = setInterval(tick, 1000);

  const organizations = agent.organizations.map((organization) => card(agent, organization));
  const none = make("p", {}, "The provider lists none for you.");
  element("organizations").replaceChildren(...(organizations.length > 0 ? organizations : [none]));
}

/** @param {Agent} agent */
export function nameOf(agent) {
  const { name } = agent.claims;
  return typeof name === "string" && name !== "" ? name : agent.id;
}

/** @param {string} term @param {Node | string} value @param {string} testId */
function fact(term, value, testId) {
  return [make("dt", {}, term), make("dd", { "data-testid": testId }, value)];
}

/** @param {Agent} agent */
function emailOf({ email, emailVerified }) {
  if (!email) return "none";
  return emailVerified ? `${email}, verified` : email;
}

/** @param {Agent} agent */
function expiryOf({ expiresAt, expiresIn }) {
  if (expiresAt === null || expiresIn === null) return "does not say when it expires";
  const at = timeFormat.format(expiresAt * 1000);
  if (expiresIn <= 0) return `expired at ${at}`;
  const minutes = Math.floor(expiresIn / 60);
  const seconds = String(expiresIn % 60).padStart(2, "0");
  return `${minutes}:${seconds} left, until ${at}`;
}

/** @param {Agent} agent @param {Agent["organizations"][number]} organization */
function card(agent, { id, title, scopes, joinedAt }) {
  const roles = [
    ...(agent.isOwnerOf(id) ? ["owner"] : []),
    ...(agent.isAdminOf(id) ? ["admin"] : []),
    ...(agent.isMemberOf(id) ? ["member"] : []),
  ];
  const since = joinedAt ? `, since ${dateFormat.format(joinedAt * 1000)}` : "";
  return make(
    "article.organization",
    { "data-testid": `organization-${id}`, "data-organization": id },
    make("h3", {}, title ?? id),
    make("p.since", {}, make("code", {}, id), since),
    make("ul.roles", { "aria-label": "Roles" }, ...roles.map((role) => make("li", {}, role))),
    make(
      "ul.scopes",
      { "aria-label": "Scopes" },
      ...scopes.map((scope) => make("li", { "data-scope": scope }, make("code", {}, scope))),
    ),
  );
}
