// @ts-check
// What the agent may do in one organization, or in any: resources by actions, each with the scope that grants it.
import { element, make } from "./dom.js";
import { ANY } from "./organization.js";

const ACTIONS = ["read", "write", "delete"];
const RESOURCES = ["projects", "projects.tasks", "users", "users.invitations", "billing", "library"];

/**
 * @param {import("wasm-oidc").Agent} agent
 * @param {string} organization
 * @param {(action: string, resource: string) => void} ask does what a click on a cell means
 */
export function showMatrix(agent, organization, ask) {
  const where = organization === ANY ? {} : { organization };
  const questions = RESOURCES.flatMap((resource) => ACTIONS.map((action) => ({ action, resource, ...where })));
  const answers = agent.checkMany(questions);

  const cells = questions.map(({ action, resource }, at) => {
    const reason = answers[at] ? why(agent, action, resource, organization) : null;
    return cell(action, resource, reason, () => ask(action, resource));
  });
  const head = make("tr", {}, make("th", { scope: "col" }, "Resource"), ...ACTIONS.map((action) => make("th", { scope: "col" }, action)));
  const rows = RESOURCES.map((resource, row) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, resource)),
      ...cells.slice(row * ACTIONS.length, (row + 1) * ACTIONS.length),
    ),
  );
  element("matrix").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}

/**
 * @param {import("wasm-oidc").Agent} agent
 * @param {string} action
 * @param {string} resource
 * @param {string} organization
 */
export function why(agent, action, resource, organization) {
  return organization === ANY ? agent.whyAccess(action, resource) : agent.whyAccess(action, resource, organization);
}

/**
 * @param {string} action
 * @param {string} resource
 * @param {import("wasm-oidc").AccessReason | null} reason
 * @param {() => void} onclick
 */
function cell(action, resource, reason, onclick) {
  const verdict = reason ? "allowed" : "denied";
  const button = make(
    "button",
    { type: "button", "aria-label": `${action} ${resource}: ${verdict}${reason ? ` by ${reason.scope}` : ""}` },
    make("span.verdict", {}, reason ? "✓" : "✕"),
    ...(reason ? [make("code", {}, reason.scope)] : []),
  );
  button.onclick = onclick;
  return make("td", { "data-testid": `may-${action}-${resource}`, "data-allowed": String(reason !== null) }, button);
}
