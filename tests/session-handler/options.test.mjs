// @ts-check
// The options of a session handler: what is wrong is named when it is made, and nothing is asked of anybody for that.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeHandler } from "./setting.mjs";

const provider = { issuer: "https://idp.example" };

/** @param {any} options @param {string} code @param {RegExp} message */
function refused(options, code, message) {
  assert.throws(() => makeHandler(provider, options), (/** @type {any} */ error) => {
    assert.equal(error.name, "ConfigurationError", JSON.stringify(options));
    assert.equal(error.code, code, `${JSON.stringify(options)}: ${error.message}`);
    assert.match(error.message, message);
    return true;
  });
}

test("a public client is refused: a server that keeps tokens has a secret [W12]", () => {
  for (const client of [
    { clientSecret: undefined }, { clientSecret: undefined, clientAuth: { method: "none" } }, { clientSecret: null, clientAuth: null },
  ]) refused({ client }, "confidential_client_required", /clientSecret/);
  makeHandler(provider, { client: { clientSecret: undefined, clientAuth: { method: "client_secret_post", clientSecret: "x".repeat(40) } } });
  makeHandler(provider, { client: { clientSecret: undefined, clientAuth: (/** @type {any} */ request) => request } });
});

test("secrets that could be guessed are refused, without being told", () => {
  for (const secrets of [undefined, "", "short", "x".repeat(31), "x".repeat(64), [], [1], ["ok ".repeat(20), "short"], Array(9).fill("ok ".repeat(20)), {}]) {
    refused({ secrets }, secrets === undefined ? "missing_option" : "invalid_option", /"secrets".*32/);
  }
  assert.throws(() => makeHandler(provider, { secrets: "my short secret" }), (/** @type {any} */ error) => !error.message.includes("my short"));
});

test("publicOrigin is an origin, with https but on loopback", () => {
  for (const publicOrigin of [undefined, null]) refused({ publicOrigin }, "missing_option", /publicOrigin/);
  for (const publicOrigin of [
    "app.example", "https://app.example/path", "https://app.example?x", "http://app.example", "https://user@app.example", "https://APP.example",
    "http://127.evil.example", "http://localhost.evil.example", "javascript:1", "https://app.example:443", 7,
  ]) refused({ publicOrigin }, "invalid_option", /publicOrigin/);
  for (const publicOrigin of ["https://app.example/", "https://app.example:8443", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:8787"]) {
    makeHandler(provider, { publicOrigin });
  }
});

test("what else is wrong is named", () => {
  refused({ surprise: 1 }, "unknown_option", /"surprise"/);
  refused({ client: { surprise: 1 } }, "unknown_option", /"surprise"/);
  refused({ sameSite: "none" }, "invalid_option", /sameSite/);
  for (const basePath of ["auth", "/auth/", "/", "", "/a//b", "/a b", "/a;b", "/../a", 1]) refused({ basePath }, "invalid_option", /basePath/);
  for (const cookieName of ["", "a b", "a;b", "a=b", "__Host-x;", "x".repeat(33), "a.b"]) refused({ cookieName }, "invalid_option", /cookieName/);
  for (const idleSeconds of [0, -1, 1.5, NaN, "60", 1e12]) refused({ idleSeconds }, "invalid_option", /idleSeconds/);
  refused({ maxSeconds: 1 }, "invalid_option", /maxSeconds/);
  refused({ store: {} }, "invalid_option", /store/);
  refused({ coordinator: {} }, "invalid_option", /coordinator/);
  refused({ client: { redirectUri: "https://app.example/other" } }, "invalid_option", /redirectUri.*\/auth\/callback/);
  refused({ client: { responseMode: "fragment" } }, "invalid_option", /responseMode/);
  for (const name of ["session", "storage", "openUrl"]) refused({ client: { [name]: "x" } }, "invalid_option", new RegExp(name));
  for (const onError of ["sorry", "//evil.example", "https://evil.example/", 7]) refused({ onError }, "invalid_option", /onError/);
  for (const signIn of ["x", 7, null]) refused({ signIn }, "invalid_option", /signIn/);
  for (const [prefix, target] of /** @type {[string, any][]} */ ([
    ["api/", "https://api.example/"], ["/api", "https://api.example/"], ["/", "https://api.example/"], ["/a/../b/", "https://api.example/"],
    ["/auth/", "https://api.example/"], ["/auth/x/", "https://api.example/"], ["/api/", "https://api.example/v1"], ["/api/", "http://api.example/"],
    ["/api/", "https://user:pass@api.example/"], ["/api/", "https://api.example/?x"], ["/api/", "nowhere"], ["/api/", { url: "x" }], ["/api/", null],
  ])) refused({ api: { [prefix]: target } }, "invalid_option", /"api"/);
});

test("making one sends nothing", () => {
  makeHandler(provider, { fetch: () => assert.fail("something was asked") });
});
