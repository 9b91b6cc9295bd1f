// @ts-check
// Processes that serve one app: each renews a session when it is told, with a store that they share.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * A process that is ready to renew.
 *
 * @param {{ options: object, session: object, path?: string, file?: string, count?: number, locks?: object, patience?: object }} values
 *   `path`: of a Redis, `file`: of a file storage
 */
export async function processFor(values) {
  const script = fileURLToPath(new URL("renew.mjs", import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", script, JSON.stringify({ count: 1, ...values })], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = child.stdout.setEncoding("utf8");
  await once(lines, "data");
  return {
    kill: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    go: () => void child.stdin.end("go\n"),
    /** @returns {Promise<string[]>} access tokens, or codes */
    answers: async () => JSON.parse(String((await once(lines, "data"))[0])),
  };
}
