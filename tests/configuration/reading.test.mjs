// @ts-check
// Loading a configuration, looking at it, and documents that nobody means well with.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import { IdpClient, getProviderConfig, listConfiguredProviders, loadProviders } from "wasm-oidc";

import { quickStart, tokenStorage, withSecretReference } from "./documents.mjs";

/** @param {string} script what a process does that has loaded nothing yet; its output */
async function alone(script) {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd: import.meta.dirname });
  return stdout.trim();
}

describe("the loaded configuration", () => {
  test("loadProviders names the providers; list and raw configuration are those of what was loaded last", async () => {
    assert.deepEqual(await loadProviders(tokenStorage), ["corporate", "github"]);
    assert.deepEqual(await loadProviders(JSON.stringify(withSecretReference)), ["github"]);
    assert.deepEqual(listConfiguredProviders(), ["github"]);
    assert.equal(getProviderConfig("github")?.client_secret, "sops://secrets.yaml#github.secret");
    assert.equal(getProviderConfig("nonexistent"), null);
  });

  test("a configuration can be given instead", () => {
    assert.deepEqual(listConfiguredProviders(tokenStorage), ["corporate", "github"]);
    assert.equal(getProviderConfig("corporate", quickStart)?.client_id, "my-app");
    for (const name of ["__proto__", "constructor", "toString"]) assert.equal(getProviderConfig(name, quickStart), null);
  });

  test("a copy is given: what somebody changes in it, or in what was loaded, changes nothing", async () => {
    const config = structuredClone(quickStart);
    await loadProviders(config);
    config.auth.providers.corporate.client_id = "changed";
    /** @type {any} */ (getProviderConfig("corporate")).issuer = "changed";
    assert.deepEqual(getProviderConfig("corporate"), quickStart.auth.providers.corporate);
  });

  test("a configuration with a mistake leaves the loaded one in use", async () => {
    await loadProviders(quickStart);
    await assert.rejects(loadProviders({ providers: { p: { isuer: 1 } } }));
    assert.deepEqual(listConfiguredProviders(), ["corporate"]);
  });

  test("without one, everything says what to do", async () => {
    const script = `import { IdpClient, listConfiguredProviders } from "wasm-oidc";
      try { listConfiguredProviders() } catch (error) { console.log(error.code, error.message) }
      await IdpClient.fromConfig("a").catch((error) => console.log(error.code, error.message));`;
    const lines = (await alone(script)).split("\n");
    assert.equal(lines.length, 2);
    for (const line of lines) assert.match(line, /^missing_option no configuration: call `loadProviders\(config\)` first/);
  });
});

describe("mistakes", () => {
  test("an unknown key is told with its path and the nearest known one", async () => {
    await assert.rejects(loadProviders({ providers: { corporate: { isuer: "https://idp.example" } } }), {
      name: "ConfigurationError",
      code: "unknown_option",
      message: 'the configuration has a mistake at providers.corporate.isuer: unknown key; did you mean "issuer"?',
    });
  });

  test("what is no configuration at all is told without repeating it", async () => {
    for (const config of [undefined, null, 7, "", "hunter2", "[1]", "{\"hunter2\"", () => 1, [], Symbol("a")]) {
      await assert.rejects(loadProviders(config), (/** @type {any} */ error) => {
        assert.equal(error.name, "ConfigurationError", error.stack);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
      if (config !== undefined) {
        assert.throws(() => listConfiguredProviders(/** @type {any} */ (config)), (/** @type {any} */ error) => {
          assert.equal(error.name, "ConfigurationError", error.stack);
          return !error.message.includes("hunter2") && error.cause === undefined;
        });
      }
    }
  });

  test("a member that occurs twice in a text is a mistake", async () => {
    await assert.rejects(loadProviders('{"providers":{"p":{"clientId":"a","clientId":"b"}}}'), { message: /"clientId" twice/ });
  });

  test("10,000 levels, a megabyte and names like __proto__ are typed errors, and quick", async () => {
    const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
    let nested = {};
    for (let level = 0; level < 10_000; level += 1) nested = { a: nested };
    const large = JSON.stringify({ providers: { p: { clientId: "a".repeat(1_000_000), x: "b" } } });
    const wide = JSON.stringify({ providers: { p: Object.fromEntries(Array.from({ length: 1900 }, (_, at) => [`${"k".repeat(500)}${at}`, at])) } });
    for (const config of [deep, nested, { providers: nested }, large, wide, '{"__proto__":{"providers":{}}}', '{"providers":{"p":{"__proto__":1}}}']) {
      const start = performance.now();
      await assert.rejects(loadProviders(config), { name: "ConfigurationError" });
      assert.ok(performance.now() - start < 10_000);
    }
    assert.deepEqual(await loadProviders('{"providers":{"__proto__":{"issuer":"https://a.example","clientId":"a"}}}'), ["__proto__"]);
    assert.equal((await IdpClient.fromConfig("__proto__")).name, "__proto__");
    assert.equal(/** @type {any} */ ({}).issuer, undefined);
  });
});
