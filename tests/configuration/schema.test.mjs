// @ts-check
// The JSON Schema that ships and the reader judge a document alike.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Ajv } from "ajv";
import { loadProviders } from "wasm-oidc";

import * as documents from "./documents.mjs";

/** @type {import("ajv").ValidateFunction} */
let fits;
before(async () => {
  const file = fileURLToPath(import.meta.resolve("wasm-oidc/configuration.schema.json"));
  // Names like "__proto__" must not change what is asked.
  fits = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false, ownProperties: true }).compile(JSON.parse(await readFile(file, "utf8")));
});

describe("a document is right for both, or wrong for both", () => {
  for (const [name, document] of Object.entries(documents.right)) {
    test(`right: ${name}`, async () => {
      assert.ok(fits(document), JSON.stringify(fits.errors));
      await loadProviders(document);
    });
  }

  for (const [name, document] of Object.entries(documents.wrong)) {
    test(`wrong: ${name}`, async () => {
      assert.equal(fits(document), false);
      await assert.rejects(loadProviders(document), { name: "ConfigurationError", code: /^(unknown|invalid|missing)_option$/ });
    });
  }
});

test("what the schema cannot know, the reader does: names that refer to nothing", async () => {
  for (const document of [
    { providers: {}, defaultProvider: "a" },
    { providers: { p: { environments: { prod: {} }, defaultEnvironment: "dev" } } },
    { providers: {}, storage: "file" },
  ]) {
    assert.ok(fits(document));
    await assert.rejects(loadProviders(document), { name: "ConfigurationError" });
  }
});

test("every option of a client that is data is a key of a provider", async () => {
  const types = await readFile(fileURLToPath(import.meta.resolve("wasm-oidc/package.json").replace("package.json", "index.d.ts")), "utf8");
  const [, members] = /export interface ClientOptions \{\n(.*?)\n\}/s.exec(types) ?? [];
  const names = [...members.matchAll(/^  (\w+)\??:/gm)].map(([, name]) => name);
  assert.ok(names.length > 25, String(names.length));
  const schema = JSON.parse(await readFile(fileURLToPath(import.meta.resolve("wasm-oidc/configuration.schema.json")), "utf8"));
  const keys = Object.keys(schema.definitions.provider.properties);
  // The name is the provider's; the others are functions.
  const others = ["name", "fetch", "openUrl", "logger", "onRequest", "onResponse", "waitUntil"];
  assert.deepEqual(names.filter((name) => !keys.includes(name) && !others.includes(name)), []);
});
