// One of several programs that share a session in a file, and ask for a token at the same time.

import { access, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { IdpClient } from "wasm-oidc";
import { encryptedFileStorage, fileStorage } from "wasm-oidc/node";

const { options, path, key, ready, go } = JSON.parse(process.argv.at(-1) ?? "");
const storage = key === undefined ? fileStorage(path) : encryptedFileStorage(path, { key: Buffer.from(key, "hex") });
const idp = await IdpClient.create({ ...options, session: "single-user", storage });
/** @type {string[]} */
const events = [];
for (const type of /** @type {const} */ (["signedout", "warning", "refreshfailed"])) {
  idp.on(type, ({ detail }) => events.push(`${type} ${detail.reason}`));
}
await writeFile(ready, "");
while (!(await access(go).then(() => true, () => false))) await sleep(5);
const token = await idp.getAccessToken().catch(({ code, message }) => `${code}: ${message}`);
const { id } = idp.agent ?? {};
idp.dispose();
console.log(JSON.stringify({ token, id, events }));
