// @ts-check
// "May Ada write projects.tasks in Analytical Engines?", answered while the question is typed, with what grants it.
import { hasAccess } from "wasm-oidc";
import { nameOf } from "./agent.js";
import { element } from "./dom.js";
import { showMatrix, why } from "./matrix.js";
import { ANY, offerOrganizations, titleOf } from "./organization.js";

/** @param {import("wasm-oidc").Agent} agent */
export function showAccess(agent) {
  offerOrganizations(agent);
  element("ask-name").textContent = nameOf(agent).split(" ")[0];

  const answer = () => {
    const [action, resource, id] = ["action", "resource", "organization"].map((field) => element(field).value.trim());
    const allowed = id === ANY ? agent.hasAccess(action, resource) : agent.hasAccessIn(id, action, resource);
    showAnswer(allowed, action, resource, id);
    const reason = why(agent, action, resource, id);
    element("ask-reason").textContent = reason
      ? `because of ${reason.scope} in ${titleOf(agent, reason.organization)}`
      : "because no scope grants it";
    return id;
  };
  const ask = (/** @type {string} */ action, /** @type {string} */ resource) => {
    element("action").value = action;
    element("resource").value = resource;
    answer();
    element("ask").scrollIntoView({ block: "nearest" });
  };
  const refresh = () => showMatrix(agent, answer(), ask);
  element("ask").oninput = answer;
  element("organization").onchange = refresh;
  element("ask").onsubmit = (/** @type {SubmitEvent} */ event) => event.preventDefault();
  refresh();
}

/** @param {boolean} allowed @param {string} action @param {string} resource @param {string} id */
function showAnswer(allowed, action, resource, id) {
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
