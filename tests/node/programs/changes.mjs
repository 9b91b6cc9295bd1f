// One of several programs that change one file.

import { fileStorage } from "wasm-oidc/node";

const { path, name, count } = JSON.parse(process.argv.at(-1) ?? "");
const storage = fileStorage(path);
for (let turn = 0; turn < count; turn += 1) await storage.save(`${name}.${turn}`, name);
console.log("{}");
