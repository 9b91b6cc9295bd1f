// @ts-check
// A Redis of one test file, at a socket of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { createStorage } from "unstorage";
import redisDriver from "unstorage/drivers/redis";

import { redisLock, unstorageStorage } from "../edge/coordination.mjs";

export async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), "wasm-oidc-redis-"));
  const path = join(folder, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn(process.env.REDIS_SERVER ?? "redis-server", settings, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    let output = "";
    server.stdout.on("data", (text) => /ready to accept connections/i.test((output += text)) && resolve(undefined));
  });
  return {
    path,
    stop: async () => {
      server.removeAllListeners("exit");
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A store as an app has it.
 *
 * @param {string} path
 * @param {{ holdSeconds?: number, waitSeconds?: number }} [options]
 */
export function storeAt(path, options) {
  const driver = redisDriver(/** @type {any} */ ({ path }));
  const storage = createStorage({ driver });
  const client = new Redis(path);
  const store = unstorageStorage(storage, { lock: redisLock(client, options) });
  return { store, client, storage, close: async () => (client.disconnect(), storage.dispose()) };
}
