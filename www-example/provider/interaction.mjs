// @ts-check
// The provider's own pages between the authorization request and its answer: signing in, and saying yes or no.
import { consentPage, loginPage } from "./pages.mjs";

/** A login form is a few hundred bytes; whatever is longer is not one. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * Answers `/interaction/…`, or says that the request is not its own.
 *
 * @param {import("oidc-provider").default} provider
 * @param {import("./users.mjs").User[]} users
 * @returns {(req: import("node:http").IncomingMessage, res: import("node:http").ServerResponse) => Promise<boolean>}
 */
export function interactions(provider, users) {
  return async (req, res) => {
    if (!req.url?.startsWith("/interaction/")) return false;
    const details = await provider.interactionDetails(req, res);
    const client = await provider.Client.find(String(details.params.client_id));
    const context = { clientName: client?.clientName ?? client?.clientId ?? "An app", users };

    if (req.method === "POST") {
      const form = await readForm(req);
      if (form.get("answer") === "cancel") {
        const refusal = { error: "access_denied", error_description: "The user said no." };
        await provider.interactionFinished(req, res, refusal, { mergeWithLastSubmission: false });
        return true;
      }
      if (details.prompt.name === "consent") {
        await provider.interactionFinished(req, res, { consent: {} }, { mergeWithLastSubmission: true });
        return true;
      }
      const user = users.find((one) => one.login === form.get("login") || one.email === form.get("login"));
      if (user && user.password === form.get("password")) {
        const result = { login: { accountId: user.sub, remember: true } };
        await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
        return true;
      }
      send(res, loginPage({ ...context, login: form.get("login") ?? "", failed: true }), 401);
      return true;
    }

    if (details.prompt.name === "consent") {
      send(res, consentPage({ ...context, scopes: String(details.params.scope ?? "").split(" ") }));
    } else {
      send(res, loginPage({ ...context, login: String(details.params.login_hint ?? "") }));
    }
    return true;
  };
}

/** @param {import("node:http").IncomingMessage} req */
async function readForm(req) {
  const parts = [];
  let bytes = 0;
  for await (const part of req) {
    bytes += part.length;
    if (bytes > MAX_FORM_BYTES) throw new Error("the form is too long");
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString("utf8"));
}

/** @param {import("node:http").ServerResponse} res @param {string} html @param {number} [status] */
function send(res, html, status = 200) {
  res.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  res.end(html);
}
