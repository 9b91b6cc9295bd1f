// How the scripts run other programs, say what they do, and give up: node built-ins only, since this runs before any
// package is installed.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** @param {string[]} parts a path inside the repository */
export const inRoot = (...parts) => join(ROOT, ...parts);

/** Something the person at the keyboard can act on: shown without a stack. */
export class GaveUp extends Error {}

/** @param {string} message */
export function say(message) {
  console.log(`[wasm-oidc] ${message}`);
}

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, quiet?: boolean, timeoutMs?: number }} [options]
 *   quiet: its output is only returned, not shown
 * @returns {Promise<{ code: number, output: string }>} code -1 where it could not be started; output of both streams
 */
export function run(command, args, { cwd = ROOT, env = {}, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    let output = "";
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      from.setEncoding("utf8");
      from.on("data", (text) => {
        output += text;
        if (!quiet) to.write(text);
      });
    }
    child.on("error", (error) => resolve({ code: -1, output: output + error.message }));
    child.on("close", (code, signal) => {
      resolve({ code: code ?? 1, output: signal === null ? output : `${output}\nended by ${signal}\n` });
    });
  });
}

/**
 * Runs a program quietly, and gives up with its output where it fails.
 *
 * @param {string} what for the message: what failed
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 * @returns {Promise<string>} its output
 */
export async function must(what, command, args, options) {
  const { code, output } = await run(command, args, { quiet: true, ...options });
  if (code !== 0) throw new GaveUp(`${what} failed: ${command} ${args.join(" ")}\n${output.trimEnd()}`);
  return output;
}

/**
 * @param {string} directory
 * @returns {string[]} the files below, sorted
 */
export function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * One hash over files (those below, for a directory) and texts: whether anything changed since.
 *
 * @param {string[]} paths inside the repository
 * @param {string[]} [texts]
 */
export function fingerprint(paths, texts = []) {
  const hash = createHash("sha256");
  for (const path of paths.map((part) => inRoot(part))) {
    const files = existsSync(path) && statSync(path).isDirectory() ? filesBelow(path) : [path];
    for (const file of files) {
      hash.update(`${relative(ROOT, file)}\0`).update(existsSync(file) ? readFileSync(file) : "missing").update("\0");
    }
  }
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
}

/**
 * Runs `main` where the module is what node was started with; a message for whoever started it where it fails.
 *
 * @param {string} moduleUrl `import.meta.url`
 * @param {() => Promise<unknown>} main
 */
export async function ifStarted(moduleUrl, main) {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== moduleUrl) return;
  try {
    await main();
  } catch (error) {
    console.error(`\n[wasm-oidc] ${error instanceof GaveUp ? error.message : error.stack}`);
    process.exitCode = 1;
  }
}
