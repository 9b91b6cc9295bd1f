// @ts-check
// An entry for pages has nothing that takes a key: it says why, and the key goes nowhere. In a process of its own, where no
// entry of a runtime that keeps keys was imported.
import assert from "node:assert/strict";
import { test } from "node:test";

test("a key in a page is refused with a typed error, before anything reads it", async () => {
  const { takeFunctions } = await import(new URL("../../pkg/options.js", import.meta.url).href);
  const unread = new Proxy({}, { get: () => assert.fail("the key was read") });
  assert.throws(() => takeFunctions({ clientAuth: { method: "private_key_jwt", key: unread } }), {
    name: "ConfigurationError",
    code: "secret_in_browser",
    message: /function/,
  });
  const clientAuth = async () => ({});
  assert.equal(takeFunctions({ clientAuth }).clientAuth, clientAuth);
});
