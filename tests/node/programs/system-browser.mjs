// A program that logs in by the browser of its system, which writes down what it was started with.

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { login } from "wasm-oidc/node";

import { browse } from "../setting.mjs";

const { options, opened } = JSON.parse(process.argv.at(-1) ?? "");

async function follow() {
  for (;;) {
    const [count, url] = (await readFile(opened, "utf8").catch(() => "")).split("\n");
    if (url) {
      await browse(url);
      return { count, url };
    }
    await sleep(20);
  }
}

const [ended, followed] = await Promise.all([
  login(options).then(({ agent }) => ({ ended: agent.id }), ({ code, message }) => ({ ended: code, message })),
  opened === undefined ? {} : follow(),
]);
console.log(JSON.stringify({ ...ended, ...followed }));
