// @ts-check
// A Worker's API whose requests are verified by wasm-oidc/edge.
import { createVerifier } from "wasm-oidc/edge";

/** @type {import("wasm-oidc/edge").Verifier | undefined} */
let verifier;

export default {
  async fetch(/** @type {Request} */ request, /** @type {import("../cold-start.mjs").Trust} */ { issuer, audience, jwksUri }) {
    // What it trusts comes from the bench, so it cannot stand at module scope; that costs nothing but its place.
    verifier ??= createVerifier({ issuer, audience, jwksUri });
    const { agent, response } = await verifier.tryVerify(request);
    return response ?? new Response(agent.id);
  },
};
