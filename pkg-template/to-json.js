// @ts-check
// What crosses to the wasm does so as JSON text.

import { configurationError } from "./errors.js";

/** @param {object} [values] */
export function toJson(values = {}) {
  try {
    return JSON.stringify(values);
  } catch {
    throw configurationError("invalid_option", "options and arguments must be plain data that JSON can hold");
  }
}
