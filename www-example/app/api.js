// @ts-check
// Calls to the demo API. The client adds the access token, renews it when it is due, and sends it to no other origin.
import { element, make } from "./dom.js";

/**
 * @param {import("wasm-oidc").IdpClient} idp
 * @param {string} tasksUrl
 * @param {(work: () => Promise<unknown>) => Promise<void>} attempt
 */
export function showApi(idp, tasksUrl, attempt) {
  element("read-tasks").onclick = () => attempt(async () => show("GET", await idp.fetch(tasksUrl)));

  element("add-task").onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const body = JSON.stringify({ title: element("task-title").value });
    const headers = { "content-type": "application/json" };
    return attempt(async () => show("POST", await idp.fetch(tasksUrl, { method: "POST", headers, body })));
  };
}

/** @param {string} method @param {Response} response */
async function show(method, response) {
  const body = await response.json();
  const outcome = response.ok ? "ok" : "refused";
  element("api-answer").replaceChildren(
    make("p.status", { "data-outcome": outcome, "data-testid": "api-status" }, `${method} /api/tasks answered ${response.status}`),
    "tasks" in body ? list(body.tasks) : make("pre", { tabindex: "0" }, JSON.stringify(body, null, 2)),
  );
}

/** @param {{title: string, done: boolean}[]} tasks */
function list(tasks) {
  const items = tasks.map(({ title, done }) => make("li", { "data-done": String(done) }, title, ...(done ? [make("small", {}, "done")] : [])));
  return make("ul.tasks", {}, ...items);
}
