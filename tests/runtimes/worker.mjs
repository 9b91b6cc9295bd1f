// @ts-check
// The Worker in which the suite runs: each request is a life of it.
import * as wasmOidc from "wasm-oidc";
import * as edge from "wasm-oidc/edge";

import { live } from "./here.mjs";

export default {
  async fetch(/** @type {Request} */ request) {
    const { setting, life } = await request.json();
    return Response.json(await live({ wasmOidc, edge, setting, host: {} }, life));
  },
};
