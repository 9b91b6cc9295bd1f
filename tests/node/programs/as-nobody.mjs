// A program of another user than the one whose tests these are.

import { fileStorage } from "wasm-oidc/node";

const { path, how } = JSON.parse(process.argv.at(-1) ?? "");
if (process.geteuid?.() === 0) {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
const storage = fileStorage(path);
const told = await (how === "load" ? storage.load("a") : storage.save("a", "2")).then(
  (value) => ({ value }),
  ({ name, code, recovery, message }) => ({ name, code, recovery, message }),
);
console.log(JSON.stringify(told));
