// @ts-check
// One of several processes that serve one app: renews a session as often as it is told, all at once, when a line comes.
import { once } from "node:events";

import { IdpClient } from "wasm-oidc";

import { fileStorage } from "wasm-oidc/node";

import { storeAt } from "../redis/server.mjs";
import { lockingCoordinator } from "./coordination.mjs";

const { path, file, options, session, count, locks, patience } = JSON.parse(process.argv[2]);
const { store, close } = file === undefined ? storeAt(path, locks) : { store: fileStorage(file), close: async () => {} };
const coordinator = lockingCoordinator(store, patience);
const idp = IdpClient.createSync(options);
/** @param {import("wasm-oidc").TokenSet} tokens */
const refresh = async (tokens) =>
  (await idp.refresh(await idp.createAgent(tokens, { verify: "claims", autoRefresh: false }))).tokens;
await store.load("anything");

process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
const answers = await Promise.all(
  Array.from({ length: count }, () => coordinator.renew(session, refresh).then((tokens) => tokens.access_token, ({ code }) => code)),
);
process.stdout.write(`${JSON.stringify(answers)}\n`);
await close();
