// What a token set says about itself, held against the same table as the rules in Rust (tests/protocol/token_set.rs).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { mock, test } from "node:test";
import { promisify, inspect } from "node:util";

import { TokenExchangeError, tokenSet } from "wasm-oidc";

const table = JSON.parse(await readFile(new URL("../fixtures/token-sets.json", import.meta.url), "utf8"));

for (const { name, given, receivedAt, now, skew, set, ...expected } of table) {
  test(`the table of Rust holds here: ${name}`, () => {
    mock.timers.enable({ apis: ["Date"], now: now * 1000 + 999 });
    try {
      const tokens = tokenSet(given, { receivedAt });
      const { isRefreshable, shouldRefresh, expiresIn, scopes } = tokens;
      const said = {
        isExpired: tokens.isExpired(skew),
        accessValid: tokens.accessValid(skew),
        refreshValid: tokens.refreshValid(skew),
        ...{ isRefreshable, shouldRefresh, expiresIn, scopes },
      };
      assert.deepEqual(said, expected);
      assert.deepEqual(tokens.toJSON(), set ?? given);
      assert.equal(tokens.authorizationHeader, "Bearer at");
    } finally {
      mock.timers.reset();
    }
  });
}

const set = /** @type {const} */ ({ access_token: "canary", token_type: "Bearer", issued_at: 0, refresh_token: "canary", version: 1 });

test("it is frozen, keeps what it was given, and shows no token but by toJSON [X26]", () => {
  const given = { ...set, metadata: { a: 1 } };
  const tokens = tokenSet(given);
  given.metadata.a = 2;
  assert.ok(Object.isFrozen(tokens));
  assert.equal(inspect(tokens, { showHidden: true, depth: 9 }).includes("canary"), false);
  for (const name in tokens) assert.fail(`${name} is enumerable`);
  assert.deepEqual(JSON.parse(JSON.stringify(tokens)), { ...set, metadata: { a: 1 } });
  assert.deepEqual(tokenSet(JSON.parse(JSON.stringify(tokens))).toJSON(), tokens.toJSON());
});

test("what holds no tokens is an error that names what is wrong and no token [X26]", () => {
  for (const wrong of [null, undefined, "at", {}, { access_token: "" }, { access_token: 7 }]) {
    assert.throws(() => tokenSet(/** @type {any} */ (wrong)), { name: "ConfigurationError", code: "invalid_option" });
  }
  const response = { access_token: "canary", token_type: "Bearer" };
  for (const [wrong, code] of [
    [{ ...response, expires_in: "soon" }, "invalid_response"],
    [{ ...response, token_type: "DPoP" }, "token_type_mismatch"],
    [{ access_token: "canary" }, "invalid_response"],
  ]) {
    assert.throws(
      () => tokenSet(/** @type {any} */ (wrong)),
      (error) => error instanceof TokenExchangeError && error.code === code && !error.message.includes("canary"),
    );
  }
});

test("a token set needs no wasm: only reading a response does, and loads it where the host can", async () => {
  const script = `
    import { tokenSet } from "wasm-oidc";
    const { Module } = WebAssembly;
    let compiled = 0;
    WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled += 1; } };
    const counts = [];
    tokenSet(${JSON.stringify(set)}).isExpired();
    counts.push(compiled);
    tokenSet({ access_token: "at", token_type: "Bearer" });
    counts.push(compiled);
    console.log(JSON.stringify(counts));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  assert.deepEqual(JSON.parse(stdout), [0, 1]);
});
