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
    it(`holds no byte of a token after ${ending}`, () =>
      inProfile(async ({ newTab }) => {
        const page = await newTab();
        await page.evaluateOnNewDocument(captureMemory);
        const app = await setting.start(page, { storage: "session" });
        const callback = await app.callback();
        await app.call("handleRedirectCallback", callback);
        /** @type {Set<string>} */
        const secrets = new Set([new URL(callback).searchParams.get("code") ?? ""]);
        for (const step of ["sign-in", "refresh"]) {
          if (step === "refresh") await app.call("refresh");
          for (const secret of await tokensOf(page)) secrets.add(secret);
          assert.deepEqual(await page.evaluate((api) => globalThis.app.fetchAtOnce(1, api), `${setting.issuer}/me`), [200]);
        }
        // RS256 makes the same ID token twice within a second.
        assert.ok(secrets.size >= 6, "the code, and three tokens twice");
        const { value: current } = await app.call("getAccessToken");
        assert.ok(secrets.has(current));

        // The search finds what is there.
        assert.ok((await found(page, [current])).includes(current));
        const [method, ...args] = end;
        assert.equal((await app.call(method, ...args)).error, undefined);
        const left = await found(page, [...secrets]);
        assert.deepEqual(left.map((secret) => `${secret.slice(0, 12)} of ${secret.length}`), []);
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

/** @param {import("puppeteer-core").Page} page @returns {Promise<string[]>} */
async function tokensOf(page) {
  const { access_token, refresh_token, id_token } = await page.evaluate(() => globalThis.app.tokens());
  return [access_token, refresh_token, id_token];
}

/**
 * Which of the secrets are in memory, were it in pieces: an allocator writes over some of what it was given back.
 *
 * @param {import("puppeteer-core").Page} page @param {string[]} secrets
 * @returns {Promise<string[]>}
 */
function found(page, secrets) {
  return page.evaluate((wanted) => {
    const texts = globalThis.memories.map((memory) => new TextDecoder("latin1").decode(memory.buffer));
    if (texts.length === 0) throw new Error("no instance was made");
    const pieces = (secret) => secret.match(/.{14}/g) ?? [secret];
    return wanted.filter((secret) => pieces(secret).some((piece) => texts.some((text) => text.includes(piece))));
  }, secrets);
}
