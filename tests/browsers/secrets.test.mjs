// @ts-check
// What is left of the tokens in the memory of the wasm, which any script in the page could read for as long as it lives.
import assert from "node:assert/strict";
import { it } from "node:test";
import { inEachBrowser } from "./browsers.mjs";
import { useSetting } from "./setting.mjs";

inEachBrowser("the memory of the wasm", (inProfile) => {
  const setting = useSetting();

  for (const [ending, end] of /** @type {const} */ ([
    ["a sign-out", ["signOut", { redirect: false }]],
    ["dispose", ["dispose"]],
  ])) {
    it(`holds no byte of a token after ${ending} [X26]`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        await page.evaluateOnNewDocument(captureMemory);
        const app = await setting.start(page, { storage: "session" });
        const callback = await app.callback();
        await app.call("handleRedirectCallback", callback);
        /** @type {Record<string, string>} */
        const secrets = { code: new URL(callback).searchParams.get("code") ?? "" };
        for (const step of ["sign-in", "refresh"]) {
          if (step === "refresh") await app.call("refresh");
          const tokens = await page.evaluate(() => globalThis.app.tokens());
          for (const name of ["access_token", "refresh_token", "id_token"]) secrets[`${name} of the ${step}`] = tokens[name];
          assert.deepEqual(await page.evaluate((api) => globalThis.app.fetchAtOnce(1, api), `${setting.issuer}/me`), [200]);
        }
        for (const [name, secret] of Object.entries(secrets)) assert.ok(secret?.length >= 43, name);

        // The search finds what is there.
        assert.ok((await found(page, secrets)).includes("access_token of the refresh"));
        const [method, ...args] = end;
        assert.equal((await app.call(method, ...args)).error, undefined);
        assert.deepEqual(await found(page, secrets), []);
      }));
  }
});

/** Runs in the page before its scripts: remembers the memory of every wasm instance. */
function captureMemory() {
  globalThis.memories = [];
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args, newTarget) {
      const instance = Reflect.construct(target, args, newTarget);
      globalThis.memories.push(instance.exports.memory);
      return instance;
    },
  });
}

/**
 * Which of the secrets are in memory, were it in pieces: an allocator writes over some of what it was given back.
 *
 * @param {import("puppeteer-core").Page} page @param {Record<string, string>} secrets
 * @returns {Promise<string[]>} their names
 */
function found(page, secrets) {
  return page.evaluate((wanted) => {
    const texts = globalThis.memories.map((memory) => new TextDecoder("latin1").decode(memory.buffer));
    if (texts.length === 0) throw new Error("no instance was made");
    const pieces = (secret) => secret.match(/.{14}/g) ?? [secret];
    const isThere = (secret) => pieces(secret).some((piece) => texts.some((text) => text.includes(piece)));
    return Object.keys(wanted).filter((name) => isThere(wanted[name]));
  }, secrets);
}
