// What a program does with the entry in any runtime: logs in, keeps the session in a file, starts again with it, and asks a
// server whose certificate is of an authority of its own.

import { createServer } from "node:http";

import { IdpClient } from "wasm-oidc";
import { encryptedFileStorage, fetchTrusting, fileStorage, login, startLogin } from "wasm-oidc/node";

import { ask, browse } from "../setting.mjs";

const { options, path, ca, otherCa, secure, misnamed } = JSON.parse(process.argv.at(-1) ?? "");
const codeOf = (/** @type {Promise<unknown>} */ work) => work.then(() => "no error", ({ code, name }) => code ?? name);
/** @type {Record<string, unknown>} */
const told = { runtime: "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node" };

const storage = fileStorage(path);
const started = await startLogin({ ...options, storage });
told.refused = [
  (await ask(`${started.redirectUri}?code=x&state=y`)).status,
  (await ask(started.redirectUri, { headers: { host: "evil.example" } })).status,
  (await ask(started.redirectUri, { method: "POST" })).status,
  (await ask(new URL("/favicon.ico", started.redirectUri).href)).status,
];
told.taken = await codeOf(startLogin(options));
told.page = (await browse(started.url)).status;
const { idp, agent } = await started.awaitCallback();
told.id = agent.id;
const { access_token: first } = agent.tokens;
told.isRenewed = (await idp.refresh()).tokens.access_token !== first;
idp.dispose();

const { port, ...others } = options;
const again = await IdpClient.create({ ...others, redirectUri: started.redirectUri, session: "single-user", storage: fileStorage(path) });
told.restored = again.agent?.id;
told.refreshed = (await again.refresh()).id;
again.dispose();

const sealed = encryptedFileStorage(`${path}.sealed`, { passphrase: "correct horse battery" });
await sealed.save("a", "text");
told.sealed = await encryptedFileStorage(`${path}.sealed`, { passphrase: "correct horse battery" }).load("a");
told.wrongKey = await codeOf(encryptedFileStorage(`${path}.sealed`, { key: new Uint8Array(32) }).load("a"));

let inside = 0;
let most = 0;
await Promise.all([1, 2, 3].map(() => storage.lock("a", async () => {
  most = Math.max(most, (inside += 1));
  await new Promise((resolve) => setTimeout(resolve, 10));
  inside -= 1;
})));
told.insideAtOnce = most;

const onePage = await login({ ...options, openBrowser: (url) => browse(url, "ben") });
told.oneCall = onePage.agent.id;
onePage.idp.dispose();
told.late = await codeOf(login({ ...options, timeoutSeconds: 1, openBrowser: () => {} }));

told.trusted = await (await fetchTrusting(ca)(`${secure}/`)).text();
told.posted = await (await fetchTrusting(ca)(new Request(`${secure}/`, { method: "POST", body: "body" }))).text();
told.discovered = await IdpClient.create({ issuer: secure, clientId: "x", fetch: fetchTrusting(ca) }).then((idp) => idp.discover()).then(({ issuer }) => issuer);
const isRefused = (/** @type {Promise<unknown>} */ work) => work.then(() => false, () => true);
told.isRefused = [
  await isRefused(fetch(`${secure}/`)),
  await isRefused(fetchTrusting(otherCa)(`${secure}/`)),
  await isRefused(fetchTrusting(ca)(`${misnamed}/`)),
];

// The port is free: nothing of all that is left.
const server = createServer();
await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", () => resolve(undefined)));
await new Promise((resolve) => server.close(resolve));
console.log(JSON.stringify(told));
