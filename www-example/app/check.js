// @ts-check
// A token, looked at: six steps with their outcome, its times against now, its claims, and the key that signed it. What is
// pasted here stays here; no token is logged.
import { claimsTable, factsOf } from "./check-claims.js";
import { timesBar } from "./check-times.js";
import { element, make } from "./dom.js";

/** @typedef {import("wasm-oidc").TokenReport} TokenReport */

const STEPS = /** @type {Record<string, string>} */ ({
  decode_structure: "Structure",
  discover_issuer: "Issuer",
  fetch_jwks: "Key set",
  extract_key: "Key",
  verify_signature: "Signature",
  validate_claims: "Claims",
});

/**
 * @param {import("wasm-oidc").IdpClient} idp
 * @param {(work: () => Promise<unknown>) => Promise<void>} attempt
 */
export function showCheck(idp, attempt) {
  const token = element("token");
  const look = () => attempt(async () => show(await idp.checkToken(token.value.trim())));
  element("check").onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    return look();
  };
  element("own-token").onclick = () =>
    attempt(async () => {
      token.value = (await idp.getTokens())?.id_token ?? "";
      await look();
    });
}

/** The token of somebody who is not here any more. */
export function forgetCheck() {
  element("token").value = "";
  element("report").replaceChildren();
  element("verdict").textContent = "";
}

/** @param {TokenReport} report */
function show(report) {
  const kind = report.tokenType === "id_token" ? "ID token" : "access token";
  const verdict = element("verdict");
  verdict.dataset.valid = String(report.valid);
  verdict.textContent = report.valid ? `A valid ${kind}` : "Not valid";
  element("report").replaceChildren(
    ...(report.error === null ? [] : [make("p.reason", { "data-testid": "check-error" }, report.error)]),
    steps(report),
    ...(report.payload === null ? [] : [timesBar(report.payload), claimsTable(report, report.payload)]),
    ...(report.publicKeyPem === null ? [] : [key(report)]),
    ...(report.header === null ? [] : [json("Header", report.header)]),
  );
}

/** @param {TokenReport} report */
function steps({ steps }) {
  const items = steps.map(({ name, passed, message, details }) => {
    const outcome = passed ? "passed" : details.skipped ? "skipped" : "failed";
    return make(
      "li",
      { "data-outcome": outcome, "data-testid": `step-${name}` },
      make("b", {}, STEPS[name]),
      make("span.outcome", {}, outcome),
      make("span.message", {}, message),
    );
  });
  return make("ol.steps", { "aria-label": "Steps of the check" }, ...items);
}

/** @param {TokenReport} report */
function key(report) {
  const { keyType, keySizeBits, keyId, signatureAlgorithm, keyFingerprint, publicKeyPem, x509Info } = report;
  const curve = report.steps.find(({ name }) => name === "extract_key")?.details.curve;
  const certificate = x509Info && (x509Info.error ?? `${x509Info.subject}, until ${x509Info.notAfter}`);
  return make(
    "section.key",
    { "aria-labelledby": "key-title", "data-testid": "check-key" },
    make("h3", { id: "key-title" }, "The key"),
    make(
      "dl",
      {},
      ...factsOf({
        Type: `${keyType}${curve ? `, ${curve}` : ""}`,
        Size: `${keySizeBits} bits`,
        Algorithm: signatureAlgorithm,
        "Key id": keyId,
        "SHA-256": keyFingerprint,
        Certificate: certificate,
      }),
    ),
    make("pre", { tabindex: "0", role: "region", "aria-label": "The key as PEM", "data-testid": "check-pem" }, String(publicKeyPem)),
  );
}

/** @param {string} title @param {object} value */
function json(title, value) {
  const text = JSON.stringify(value, null, 2);
  return make("details", {}, make("summary", {}, title), make("pre", { tabindex: "0" }, text));
}
