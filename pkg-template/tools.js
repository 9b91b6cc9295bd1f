// @ts-check
// Looking at tokens and providers, by a wasm of its own: a page that only signs in never loads it. Nothing imports this
// file but by `import()`.

import { lateWasm } from "./late-wasm.js";
import { storeOfSeen } from "./seen.js";
import { toJson } from "./to-json.js";
import { instantiate } from "./wasm/tools.js";

/** @typedef {import("./instance.js").Instance<ReturnType<typeof instantiate>>} Instance */

const live = lateWasm("tools", instantiate);

/**
 * The tools of each client, which have its options and keep the provider's keys.
 *
 * @type {WeakMap<object, { instance: Instance, wasm: import("./wasm/tools.js").WasmTools }>}
 */
const ofClients = new WeakMap();

/**
 * A job of src/bindings/tools.rs for a client.
 *
 * @param {object} client
 * @param {{ json: string, app: object }} options of the client: data, and what is none
 * @param {string} job
 * @param {object} values
 * @param {object | null} [store] where the job remembers something, if it does; the app's
 * @returns {Promise<any>}
 */
export async function later(client, { json, app }, job, values, store) {
  const seen = store === undefined ? undefined : storeOfSeen(store);
  const instance = await live();
  let tools = ofClients.get(client);
  if (tools?.instance !== instance) {
    tools = { instance, wasm: instance.call((glue) => new glue.WasmTools(json, app)) };
    ofClients.set(client, tools);
  }
  const { wasm } = tools;
  const text = toJson(values);
  return instance.callAsync(() => wasm.later(job, text, seen));
}

/**
 * Ends a sign-in on a device of a client, if it is still under way.
 *
 * @param {object} client
 * @param {number} id
 */
export function cancelDevice(client, id) {
  const tools = ofClients.get(client);
  if (tools !== undefined && !tools.instance.dead) tools.instance.call(() => tools.wasm.cancel_device(id));
}

/**
 * A check of a token without a client.
 *
 * @param {string} json the arguments
 * @param {Function} [fetch]
 * @returns {Promise<string>}
 */
export async function checkToken(json, fetch) {
  const instance = await live();
  return instance.callAsync((glue) => glue.check_token(json, fetch));
}
