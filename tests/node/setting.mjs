// @ts-check
// What the tests of programs share: a provider, a browser that is none, and folders that go afterwards.

import { spawn } from "node:child_process";
import { request } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";

export const SCOPES = "openid email offline_access";

/** @typedef {import("../op/provider.mjs").Login} Login */

/**
 * A provider that knows `test-spa` at redirect URIs on free ports of this test.
 *
 * @param {object} [options] those of `startTestProvider`
 */
export async function startSetting(options = {}) {
  const ports = await freePorts(3);
  const hosts = ["127.0.0.1", "localhost", "[::1]"];
  const redirectUris = hosts.flatMap((host) => ports.map((port) => `http://${host}:${port}/callback`));
  const provider = await startTestProvider({ redirectUris, ...options });
  return {
    provider,
    port: ports[0],
    ports,
    /** What every login of the tests says. */
    options: { issuer: provider.issuer, clientId: "test-spa", scopes: SCOPES, port: ports[0] },
    /** How many token requests of a kind the provider got. @param {string} grantType */
    tokenRequests: (grantType) => provider.requests.filter((one) => one.grantType === grantType).length,
  };
}

/** @param {number} count */
async function freePorts(count) {
  const { createServer } = await import("node:net");
  const servers = Array.from({ length: count }, () => createServer());
  const ports = [];
  for (const server of servers) {
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    ports.push(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Does what a browser does with the URL of a login: signs in at the provider and comes back.
 *
 * @param {string} url
 * @param {Login} [user]
 */
export async function browse(url, user = "ada") {
  return fetch(await signInWithoutBrowser(url, user));
}

/** An `openBrowser` that signs somebody in. @param {Login} [user] */
export function browserOf(user) {
  return (/** @type {string} */ url) => browse(url, user);
}

/**
 * A request as it is written, which `fetch` would put right.
 *
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, path?: string }} [how]
 * @returns {Promise<{ status: number, headers: import("node:http").IncomingHttpHeaders, text: string }>}
 */
export function ask(url, { method = "GET", headers = {}, path } = {}) {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname: hostname.replace(/[[\]]/g, ""), port, method, headers, path: path ?? pathname + search }, async (incoming) => {
      let text = "";
      for await (const chunk of incoming) text += chunk;
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** A folder that `remove` deletes. */
export async function emptyFolder() {
  const folder = await mkdtemp(join(tmpdir(), "wasm-oidc-node-"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const PROGRAMS = fileURLToPath(new URL("./programs/", import.meta.url));

/**
 * Runs a program of the folder `programs` in a process of its own, until it ends by itself.
 *
 * @param {string} name
 * @param {object} told what it reads as JSON in its last argument
 * @param {{ command?: string, args?: string[], env?: Record<string, string | undefined>, limit?: number }} [how]
 * @returns {Promise<{ code: number | null, told: any, errors: string }>} `told`: its last line, which is JSON
 */
export function runProgram(name, told, { command = process.execPath, args = ["--no-warnings"], env, limit = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, join(PROGRAMS, name), JSON.stringify(told)], { env: { ...process.env, ...env } });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      try {
        resolve({ code, told: JSON.parse(output.trimEnd().split("\n").at(-1) ?? ""), errors });
      } catch {
        reject(new Error(`${name} ended with ${code} and told nothing:\n${output}\n${errors}`));
      }
    });
  });
}
