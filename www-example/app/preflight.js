// @ts-check
// The provider, looked at before anybody signs in: each step with its outcome, and what to do where it is not right.
import { element, make } from "./dom.js";

/** @typedef {import("wasm-oidc").PreflightStep} PreflightStep */

const OUTCOMES = { success: "passed", failure: "failed", warning: "warning", skipped: "skipped" };

/**
 * @param {import("wasm-oidc").IdpClient} idp
 * @param {(work: () => Promise<unknown>) => Promise<void>} attempt
 */
export function showPreflight(idp, attempt) {
  element("preflight").onclick = () =>
    attempt(async () => {
      element("preflight-verdict").textContent = "Looking…";
      element("preflight-report").replaceChildren();
      const { ok, steps } = await idp.preflight().catch((error) => {
        element("preflight-verdict").textContent = "";
        throw error;
      });
      const warnings = steps.filter(({ status }) => status === "warning").length;
      const verdict = ok ? "People can sign in here." : "Nobody can sign in like this.";
      element("preflight-verdict").textContent = `${verdict} ${warnings === 1 ? "1 warning" : `${warnings} warnings`}.`;
      element("preflight-report").replaceChildren(
        make("ol.steps", { "aria-label": "Steps of the preflight" }, ...steps.map(step)),
      );
    });
}

/** @param {PreflightStep} found */
function step({ name, status, message, remedy }) {
  return make(
    "li",
    { "data-outcome": OUTCOMES[status], "data-testid": `preflight-${name}` },
    make("b", {}, name.replaceAll("_", " ")),
    make("span.outcome", {}, status),
    make("span.message", {}, message, ...(remedy === undefined ? [] : [make("span.remedy", {}, remedy)])),
  );
}
