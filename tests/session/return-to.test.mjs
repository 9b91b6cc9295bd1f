// Where an app goes after a sign-in that it handles itself: the vectors of open redirects, with the parser of JavaScript.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { safeReturnTo } from "wasm-oidc";

const { rejected, kept } = JSON.parse(
  await (await import("node:fs/promises")).readFile(new URL("../fixtures/return-to.json", import.meta.url), "utf8"),
);

afterEach(() => void Reflect.deleteProperty(globalThis, "location"));

test("whatever leaves the origin becomes the fallback [B1, X16, X17]", () => {
  for (const target of rejected) {
    assert.equal(safeReturnTo(target, "https://app.example/home"), "https://app.example/home", JSON.stringify(target));
  }
});

test("what stays is given back as its parser writes it [X17]", () => {
  for (const [target, expected] of Object.entries(kept)) {
    assert.equal(safeReturnTo(target, "https://app.example/x/y"), expected, JSON.stringify(target));
  }
  assert.equal(safeReturnTo(new URL("https://app.example/a"), "https://app.example/"), "https://app.example/a");
});

test("nothing given is the fallback", () => {
  for (const nothing of [null, undefined]) assert.equal(safeReturnTo(nothing, "https://app.example"), "https://app.example/");
});

test("in a page the origin is the page's, whatever the fallback is", () => {
  globalThis.location = /** @type {any} */ ({ href: "https://app.example/deep/page?a#b" });
  assert.equal(safeReturnTo("/a"), "https://app.example/a");
  assert.equal(safeReturnTo("//e.example"), "https://app.example/");
  assert.equal(safeReturnTo("https://other.example/", "https://other.example/"), "https://other.example/", "the app's own word");
  assert.equal(safeReturnTo("https://e.example/", "home"), "https://app.example/deep/home");
});

test("outside a page a fallback that names no origin is a mistake that is named", () => {
  for (const fallback of [undefined, "/home", ""]) {
    assert.throws(() => safeReturnTo("/a", fallback), { name: "ConfigurationError", code: "invalid_option", message: /fallback/ });
  }
});
