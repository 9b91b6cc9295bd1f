// @ts-check
// The entry of programs in Node, Deno and Bun: signing in by the browser beside them, sessions in files, a CA of one's own.

import "../node.js";

export { fetchTrusting } from "./ca.js";
export { encryptedFileStorage } from "./encrypted-file-storage.js";
export { fileStorage } from "./file-storage.js";
export { login, startLogin } from "./login.js";
