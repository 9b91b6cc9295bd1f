// @ts-check
// A client of Redis, whichever library it is of: what sends a command and answers what Redis did.

import { configurationError } from "../../errors.js";

/**
 * @param {string} who takes it
 * @param {any} client
 * @returns {(...command: (string | number)[]) => Promise<unknown>}
 */
export function senderOf(who, client) {
  const send = sending(client);
  if (send === undefined) {
    const message = `${who}: expected a client of ioredis or of redis, or a function that sends a command`;
    throw configurationError("invalid_option", message);
  }
  return async (...command) => send(command.map(String));
}

/**
 * @param {any} client
 * @returns {((command: string[]) => unknown) | undefined}
 */
function sending(client) {
  if (typeof client === "function") return client;
  // Before `sendCommand`, which ioredis has too, for objects of its own.
  if (typeof client?.call === "function") return ([name, ...args]) => client.call(name, ...args);
  if (typeof client?.sendCommand === "function") return (command) => client.sendCommand(command);
  return undefined;
}
