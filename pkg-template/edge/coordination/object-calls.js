// @ts-check
// How a Worker speaks to its Durable Objects: a job and its values as JSON, an answer or the record of an error back.

import { configurationError, toError } from "../../errors.js";
import { sleep } from "./time.js";

/** Never resolved: an object is reached by its binding. */
const URL_OF_OBJECT = "https://session-object.invalid/";

/** How often a call is made again where the object was restarted; every job may be done twice. */
const MAX_RETRIES = 3;
const RETRY_AFTER = 100;

/**
 * @param {string} who
 * @param {import("./index.d.ts").ObjectNamespace} namespace
 */
export function requireNamespace(who, namespace) {
  if (typeof namespace?.idFromName !== "function" || typeof namespace.get !== "function") {
    throw configurationError("invalid_option", `${who}: expected a Durable Object namespace of the Worker's environment, such as env.SESSIONS`);
  }
}

/**
 * @param {import("./index.d.ts").ObjectNamespace} namespace
 * @param {string} name of the object
 * @param {{ job: string, [value: string]: unknown }} call
 * @returns {Promise<any>}
 */
export async function callObject(namespace, name, call) {
  const { answer, error } = await answerOf(namespace, name, JSON.stringify(call));
  if (error !== undefined) throw toError(error);
  return answer;
}

/**
 * @param {import("./index.d.ts").ObjectNamespace} namespace
 * @param {string} name
 * @param {string} body
 */
async function answerOf(namespace, name, body) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      // A stub whose object was reset answers nothing any more.
      const stub = namespace.get(namespace.idFromName(name));
      const response = await stub.fetch(URL_OF_OBJECT, { method: "POST", body });
      return await response.json();
    } catch (/** @type {any} */ cause) {
      if (attempt < MAX_RETRIES && cause?.overloaded !== true) {
        await sleep(RETRY_AFTER * 2 ** attempt);
        continue;
      }
      const message = `the Durable Object cannot be reached: ${cause?.message ?? cause}`;
      throw toError({ class: "StorageError", code: "storage_unavailable", message, recovery: "retry", cause });
    }
  }
}
