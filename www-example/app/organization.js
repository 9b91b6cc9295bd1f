// @ts-check
// Which organization is asked about.
import { element } from "./dom.js";

/** The choice that asks about all organizations at once. */
export const ANY = "";

/** Offers the agent's organizations, and keeps what was chosen. @param {import("wasm-oidc").Agent} agent */
export function offerOrganizations(agent) {
  const select = element("organization");
  const chosen = select.value;
  select.replaceChildren(
    ...agent.organizations.map(({ id, title }) => new Option(title ?? id, id)),
    new Option("any organization", ANY),
  );
  if (agent.organizations.some(({ id }) => id === chosen)) select.value = chosen;
}

/** @param {import("wasm-oidc").Agent} agent @param {string | null} id */
export function titleOf(agent, id) {
  return agent.organizations.find((organization) => organization.id === id)?.title ?? id ?? "the token itself";
}
