// What the tarball holds, and what its package.json promises.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ROOT, emptyProject } from "./project.mjs";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
before(async () => {
  project = await emptyProject();
});
after(() => project?.remove());

/** @param {string} file */
const packageFile = (file) => join(project.folder, "node_modules", "wasm-oidc", file);

test("the tarball holds each wasm and its glue, the wrapper, the types, a schema and the licences, and nothing else", () => {
  const wasms = project.packed.filter((file) => file.endsWith(".wasm"));
  assert.deepEqual(wasms.sort(), ["wasm/configuration.wasm", "wasm/core.wasm", "wasm/edge.wasm", "wasm/tools.wasm"]);
  const foreign = project.packed.filter(
    (file) => !/^(?:(?:hono\/|node\/|edge\/(?:[\w-]+\/)?)?[\w-]+\.(?:js|d\.ts)|wasm\/(?:configuration|core|edge|tools)\.(?:js|wasm)|configuration\.schema\.json|LICENSE-(?:MIT|APACHE)|README\.md|package\.json)$/.test(file),
  );
  assert.deepEqual(foreign, []);
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE", "index.d.ts", "browser.js", "node.js", "workerd.js", "callback.js", "edge/workerd.js", "edge/index.d.ts", "hono/index.js", "hono/index.d.ts", "node/index.js", "node/index.d.ts"]) {
    assert.ok(project.packed.includes(file), file);
  }
});

test("every export leads to a file, in the order that hosts need", async () => {
  const { exports } = JSON.parse(await readFile(packageFile("package.json"), "utf8"));
  for (const entry of [".", "./edge"]) {
    assert.deepEqual(Object.keys(exports[entry]), ["types", "workerd", "browser", "node", "default"]);
  }
  const targets = Object.values(exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  for (const target of targets) assert.ok(existsSync(packageFile(target)), target);
});

test("no script of the package writes markup, evaluates text or posts to every origin [B15, X34]", async () => {
  const scripts = project.packed.filter((file) => file.endsWith(".js"));
  assert.ok(scripts.length > 20, String(scripts.length));
  for (const file of scripts) {
    const code = await readFile(packageFile(file), "utf8");
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/, file);
    assert.doesNotMatch(code, /postMessage\([^)]*["'`]\*/, file);
  }
});

test("nothing but what is for programs, and what the entries of Node read their wasm with, names a module of Node", async () => {
  const scripts = project.packed.filter((file) => file.endsWith(".js") && !file.startsWith("node/"));
  const naming = [];
  for (const file of scripts) if (/["']node:/.test(await readFile(packageFile(file), "utf8"))) naming.push(file);
  assert.deepEqual(naming, ["wasm-file.js"]);
  for (const file of scripts) {
    const code = await readFile(packageFile(file), "utf8");
    // The entry of Node loads it when a configuration asks for a file, and not before.
    assert.doesNotMatch(file === "node.js" ? code.replaceAll('await import("./node/', "") : code, /["']\.\/node\//, file);
  }
});

test("the package needs two others, which seal sessions and write cookies, and Hono only where an app has it", async () => {
  const manifest = JSON.parse(await readFile(packageFile("package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies), ["cookie-es", "jose"]);
  assert.deepEqual(Object.keys(manifest.peerDependencies), ["hono"]);
  assert.deepEqual(manifest.peerDependenciesMeta, { hono: { optional: true } });
  for (const kind of ["optionalDependencies", "bundleDependencies"]) assert.equal(manifest[kind], undefined, kind);
});

test("the wasm starts small: no more than 17 pages of memory", async () => {
  const { instantiate } = await import(packageFile("wasm/core.js"));
  /** @type {WebAssembly.Memory | undefined} */
  let memory;
  instantiate(await WebAssembly.compile(await readFile(packageFile("wasm/core.wasm"))), {
    imports: (/** @type {unknown} */ imports) => imports,
    exports: (/** @type {WebAssembly.Exports} */ exports) => {
      memory = /** @type {WebAssembly.Memory} */ (exports.memory);
      return exports;
    },
  });
  assert.ok(memory !== undefined && memory.buffer.byteLength <= 17 * 65_536, `${memory?.buffer.byteLength} bytes`);
});

test("the package has the version of the crate", async () => {
  const { version } = JSON.parse(await readFile(packageFile("package.json"), "utf8"));
  assert.match(await readFile(join(ROOT, "Cargo.toml"), "utf8"), new RegExp(`^version = "${version}"$`, "m"));
});
