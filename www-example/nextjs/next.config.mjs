// @ts-check
/** @type {import("next").NextConfig} */
export default {
  // Outside of the bundle it finds its .wasm beside itself. Turbopack would carry that along, webpack does not.
  serverExternalPackages: ["wasm-oidc"],
};
