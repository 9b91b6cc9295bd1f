// @ts-check
// The page that measures in a browser.

import { ready } from "wasm-oidc";

import { measure } from "./measure.mjs";

Object.assign(globalThis, {
  measureHere: async () => {
    await ready("/core.wasm");
    return measure();
  },
});
