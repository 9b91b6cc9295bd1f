// @ts-check
// The program in which the suite runs, in Node, Deno and Bun: told what to do by its last argument, its last line says what
// came of it.
import { join } from "node:path";

import * as wasmOidc from "wasm-oidc";
import * as edge from "wasm-oidc/edge";
import { encryptedFileStorage, fileStorage } from "wasm-oidc/node";

import { live } from "./here.mjs";

const { setting, life, folder } = JSON.parse(process.argv.at(-1) ?? "");
const host = {
  fileStorage: (/** @type {string} */ name) => fileStorage(join(folder, `${name}.json`)),
  encryptedFileStorage: (/** @type {string} */ name) =>
    encryptedFileStorage(join(folder, `${name}.json`), { passphrase: "correct horse battery" }),
};
const results = await live({ wasmOidc, edge, setting, host }, life);
const { Deno, Bun } = /** @type {any} */ (globalThis);
const version = Deno?.version.deno ?? Bun?.version ?? process.versions.node;
console.log(JSON.stringify({ version, results }));
