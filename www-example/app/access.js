// @ts-check
// "May Ada write projects.tasks in Analytical Engines?", answered while the question is typed.
import { hasAccess } from "wasm-oidc";
import { nameOf } from "./agent.js";
import { element } from "./dom.js";

/** The choice that asks about all organizations at once. */
const ANY = "";

/** @param {import("wasm-oidc").Agent} agent */
export function showAccess(agent) {
  const organization = element("organization");
  const chosen = organization.value;
  organization.replaceChildren(
    ...agent.organizations.map(({ id, title }) => new Option(title ?? id, id)),
    new Option("any organization", ANY),
  );
  if (agent.organizations.some(({ id }) => id === chosen)) organization.value = chosen;
  element("ask-name").textContent = nameOf(agent).split(" ")[0];

  const answer = () => {
    const [action, resource, id] = ["action", "resource", "organization"].map((field) => element(field).value.trim());
    const allowed = id === ANY ? agent.hasAccess(action, resource) : agent.hasAccessIn(id, action, resource);
    show(allowed, action, resource, id);
  };
  element("ask").oninput = answer;
  element("ask").onsubmit = (/** @type {SubmitEvent} */ event) => event.preventDefault();
  answer();
}

/** @param {boolean} allowed @param {string} action @param {string} resource @param {string} id */
function show(allowed, action, resource, id) {
  const output = document.querySelector(".answer");
  output?.setAttribute("data-allowed", String(allowed));
  if (output) output.textContent = allowed ? "Allowed" : "Denied";

  const call = id === ANY ? ["hasAccess", action, resource] : ["hasAccessIn", id, action, resource];
  const [method, ...values] = call;
  element("ask-code").textContent = `agent.${method}(${values.map((value) => JSON.stringify(value)).join(", ")})  // ${allowed}`;

  // Which scopes say yes: each is asked on its own.
  for (const scope of document.querySelectorAll("[data-scope]")) {
    const here = id === ANY || scope.closest("[data-organization]")?.getAttribute("data-organization") === id;
    const grants = here && hasAccess([scope.getAttribute("data-scope") ?? ""], action, resource);
    scope.toggleAttribute("data-grants", grants);
  }
}
