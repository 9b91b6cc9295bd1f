// @ts-check
// An API for bearers of access tokens.
import { verifier } from "../../../auth.js";

/** @param {Request} request */
export async function GET(request) {
  const { agent, response } = await verifier.tryVerify(request, { access: ["read", "projects.tasks"] });
  return response ?? Response.json({ read: "projects.tasks", by: agent.id });
}

/** @param {Request} request */
export async function POST(request) {
  const { agent, response } = await verifier.tryVerify(request, { access: ["write", "projects.tasks"] });
  return response ?? Response.json({ write: "projects.tasks", by: agent.id });
}
