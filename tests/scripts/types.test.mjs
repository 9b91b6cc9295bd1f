// What is said to be type-checked is: no file of the wrapper is left out because nothing leads to it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { relative } from "node:path";
import { test } from "node:test";

import { filesBelow, inRoot } from "../../scripts/run.mjs";

test("every file of the wrapper is type-checked", () => {
  const compiler = inRoot("node_modules", "typescript", "bin", "tsc");
  const project = ["--project", inRoot("scripts", "tsconfig.json"), "--listFilesOnly"];
  const program = execFileSync(process.execPath, [compiler, ...project], { encoding: "utf8" }).split("\n");
  const checked = new Set(program.map((file) => relative(inRoot("pkg"), file)));
  const wrapper = filesBelow(inRoot("pkg-template")).filter((file) => /\.(js|ts)$/.test(file));
  const names = wrapper.map((file) => relative(inRoot("pkg-template"), file));
  assert.ok(names.includes("client.js"));
  assert.deepEqual(names.filter((name) => !checked.has(name)), []);
});
