// @ts-check
// What every entry of `wasm-oidc/edge` exports. Each line is a part that a bundle can leave out.

export { OAuthError, RequestAuthError, isOAuthError } from "../errors.js";
export { ready } from "./runtime.js";
export { createVerifier } from "./verifier.js";
export * from "./coordination/index.js";
