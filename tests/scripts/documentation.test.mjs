// What only a document can do: words that the standards ask for, where whoever builds on the package reads them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/** @param {string} file in the root */
const read = (file) => readFile(new URL(`../../${file}`, import.meta.url), "utf8");

test("the headers of the callback page are named for whoever makes one [O9]", async () => {
  const policy = await read("SECURITY.md");
  const page = policy.slice(policy.indexOf("**The callback page.**"), policy.indexOf("## The checklist"));
  for (const word of ["Referrer-Policy: no-referrer", "Cache-Control: no-store", "content security policy", "third parties"]) {
    assert.ok(page.includes(word), word);
  }
});

test("a redirect URI for each provider is advised where none sends iss [B8]", async () => {
  assert.match(await read("SECURITY.md"), /one redirect URI for each provider/);
});

test("each storage is documented with what injected script gets of it [W8, X27]", async () => {
  const table = (await read("README.md")).split("\n").filter((line) => line.startsWith("| `"));
  for (const storage of ["memory", "session", "local", "encrypted"]) {
    const row = table.find((line) => line.startsWith(`| \`"${storage}"\``));
    assert.ok(row, storage);
    assert.match(row, storage === "memory" ? /what the page can call/ : /the refresh token/, storage);
  }
  assert.match(await read("SECURITY.md"), /A cookie that script can read\s+is no storage/);
});
