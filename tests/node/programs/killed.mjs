// A program that is killed while it holds the lock of a file.

import { writeSync } from "node:fs";

import { withLock } from "../../../pkg/node/lock-file.js";

const { path } = JSON.parse(process.argv.at(-1) ?? "");
await withLock(`${path}.lock`, async () => {
  writeSync(1, "{}\n");
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => setInterval(() => {}, 1000));
});
