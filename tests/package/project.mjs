// The package as an app gets it: `npm pack`, installed in an empty project in a temporary folder.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const execute = promisify(execFile);

/**
 * @returns {Promise<{ folder: string, packed: string[], write(files: Record<string, string>): Promise<void>, remove(): Promise<void> }>}
 *   the project, and the names of the files that the tarball holds
 */
export async function emptyProject() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "wasm-oidc-package-")));
  const write = async (/** @type {Record<string, string>} */ files) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
  };
  const { stdout } = await execute("npm", ["pack", "--json", "--pack-destination", folder], { cwd: join(ROOT, "pkg") });
  const [{ filename, files }] = JSON.parse(stdout);
  await write({ "package.json": JSON.stringify({ name: "app", private: true, type: "module" }) });
  // Offline: the package has no dependencies, and this holds it.
  await execute("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, filename)], { cwd: folder });
  return {
    folder,
    packed: files.map((/** @type {{ path: string }} */ file) => file.path),
    write,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Runs a script of the project in a Node of its own.
 *
 * @param {string} folder
 * @param {string} script
 * @returns {Promise<any>} what the script printed, as JSON
 */
export async function runInNode(folder, script) {
  const { stdout } = await execute(process.execPath, ["--no-warnings", join(folder, script)], { cwd: folder });
  return JSON.parse(stdout);
}

/** What every host has to say about a package that works; `told` of `ASK` looks like this. */
export const ANSWERS = {
  beforeLoading: { name: "ConfigurationError", code: "not_ready", recovery: "fix" },
  granted: true,
  refused: false,
};

/** Asks `wasmOidc`, the module of the package: source text, since it is pasted into scripts of every host. */
export const ASK = `
async function ask(wasmOidc) {
  const { hasAccess, ready } = wasmOidc;
  const scopes = ["users:read", "projects:**"];
  let beforeLoading = null;
  try {
    hasAccess(scopes, "read", "users");
  } catch ({ name, code, recovery }) {
    beforeLoading = { name, code, recovery };
  }
  await ready();
  return {
    beforeLoading,
    granted: hasAccess(scopes, "write", "projects.tasks"),
    refused: hasAccess(scopes, "write", "users"),
  };
}
`;
