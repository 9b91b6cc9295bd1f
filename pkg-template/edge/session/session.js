// @ts-check
// A session in the hands of the app for one request: who it is, and the headers that its answer needs.

import { readOnlyHeaders, withHeaders } from "./session-headers.js";

export class Session {
  #agent;
  #expiresAt;
  #headers;

  /**
   * @param {object} parts
   * @param {import("../../agent.js").Agent} parts.agent
   * @param {number} parts.expiresAt
   * @param {() => string[]} parts.cookies `Set-Cookie`, as of now
   */
  constructor({ agent, expiresAt, cookies }) {
    this.#agent = agent;
    this.#expiresAt = expiresAt;
    this.#headers = cookies;
    Object.freeze(this);
  }

  get agent() {
    return this.#agent;
  }

  get expiresAt() {
    return this.#expiresAt;
  }

  get headers() {
    return readOnlyHeaders(this.#headers());
  }

  /** @param {Response} response */
  applyTo(response) {
    return withHeaders(response, this.#headers());
  }
}
