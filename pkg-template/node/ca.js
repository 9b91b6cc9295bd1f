// @ts-check
// A `fetch` that trusts a certificate authority of one's own beside those of the platform. Nothing is ever left unchecked:
// there is no option for that. Deno and Bun have it built in; the `fetch` of Node takes no certificates but by a second
// library, so there it is the platform's own `https`.

import { readFile } from "node:fs/promises";

import { configurationError } from "../errors.js";
import { httpsFetch } from "./https-fetch.js";

const BEGIN = "-----BEGIN CERTIFICATE-----";

/** @typedef {string | URL | readonly (string | URL)[]} Certificates PEM text, or where it is */

/**
 * @param {Certificates} ca
 * @returns {typeof fetch}
 */
export function fetchTrusting(ca) {
  const sources = /** @type {(string | URL)[]} */ ([ca].flat());
  const isSource = (/** @type {unknown} */ one) => one instanceof URL || (typeof one === "string" && one !== "");
  if (sources.length === 0 || !sources.every(isSource)) {
    throw configurationError("invalid_option", "fetchTrusting: expected certificates in PEM, or the path of a file with them");
  }
  /** @type {Promise<typeof fetch> | undefined} */
  let trusting;
  return async (input, init) => {
    // What failed is tried again: the file may be there by then.
    trusting ??= make(sources).catch((thrown) => {
      trusting = undefined;
      throw thrown;
    });
    return (await trusting)(input, init);
  };
}

/**
 * @param {(string | URL)[]} sources
 * @returns {Promise<typeof fetch>}
 */
async function make(sources) {
  const certificates = await Promise.all(sources.map(pemOf));
  const { Deno, Bun } = /** @type {any} */ (globalThis);
  const platforms = /** @type {any} */ (globalThis.fetch);
  if (Deno !== undefined) {
    const client = Deno.createHttpClient({ caCerts: certificates });
    return (input, init) => platforms(input, { ...init, client });
  }
  const { getCACertificates, rootCertificates } = /** @type {any} */ (await import("node:tls"));
  // What is given takes the place of what the platform trusts, so that has to be given too.
  const all = [...(getCACertificates?.("default") ?? rootCertificates), ...certificates];
  if (Bun !== undefined) return (input, init) => platforms(input, { ...init, tls: { ca: all } });
  return httpsFetch(all);
}

/** @param {string | URL} source */
async function pemOf(source) {
  const isText = typeof source === "string" && source.includes(BEGIN);
  let pem;
  try {
    pem = isText ? source : await readFile(source, "utf8");
  } catch (/** @type {any} */ thrown) {
    throw configurationError("invalid_option", `fetchTrusting: ${source} cannot be read (${thrown?.code ?? thrown}): expected a file of certificates in PEM`);
  }
  if (!pem.includes(BEGIN)) {
    throw configurationError("invalid_option", `fetchTrusting: ${source} holds no certificate in PEM ("${BEGIN}")`);
  }
  return pem;
}
