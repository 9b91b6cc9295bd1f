// A machine in Node, Deno or Bun: told its setting, it tells what it saw.

import { IdpClient } from "wasm-oidc";

import { exercise, withKey } from "./exercise.mjs";

/** @type {Record<string, object>} */
const told = {};
for (const [method, setting] of Object.entries(JSON.parse(process.argv.at(-1) ?? ""))) {
  told[method] = await exercise(IdpClient.createSync(await withKey(/** @type {any} */ (setting)))).catch(({ name, code, message }) => ({ name, code, message }));
}
console.log(JSON.stringify(told));
