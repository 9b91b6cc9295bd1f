// A program that logs in and does not end itself.

import { login, startLogin } from "wasm-oidc/node";

import { browse } from "../setting.mjs";

const { options, how } = JSON.parse(process.argv.at(-1) ?? "");

const WAYS = {
  success: () => login({ ...options, openBrowser: browse }),
  timeout: () => login({ ...options, timeoutSeconds: 1, openBrowser: () => {} }),
  close: async () => {
    const started = await startLogin(options);
    await started.close();
    return started.awaitCallback();
  },
};

const ended = await /** @type {any} */ (WAYS)[how]().then(
  (/** @type {any} */ { agent }) => agent.id,
  (/** @type {any} */ { code }) => code,
);
console.log(JSON.stringify({ ended }));
