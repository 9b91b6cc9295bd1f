// Builds pkg/, the npm package: cargo → wasm-bindgen → wasm-opt → guarded factory → pkg-template. Each step runs only
// where what goes into it has changed.
//
// `npm run build` builds what ships; `npm run build -- --traps` also the build with deliberate traps, for the tests.

import {
  copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";

import { BUILDS, STACK_BYTES, WASM_OPT } from "./builds.mjs";
import { toFactory, toFactoryTypes } from "./factory.mjs";
import { GaveUp, ROOT, filesBelow, fingerprint, ifStarted, inRoot, must, say } from "./run.mjs";
import { TOOLS, WASM_TARGET, setUp } from "./set-up.mjs";
import { reportSize } from "./size.mjs";

/** The scripts that decide what a build contains. */
const SCRIPTS = ["scripts/build.mjs", "scripts/builds.mjs", "scripts/factory.mjs"];

/** @param {typeof BUILDS.package} build */
export async function buildPackage(build) {
  for (const wasm of build.wasms) {
    mkdirSync(wasm.work, { recursive: true });
    await link(wasm);
    await bind(wasm);
  }
  assemble(build);
  checkEntries(build.folder);
}

/**
 * Rust to wasm, by `cargo rustc` with the one crate type: with `rlib` beside it cargo drops fat LTO without a word.
 *
 * @param {import("./builds.mjs").Wasm} wasm
 */
async function link(wasm) {
  const linked = join(wasm.work, "linked.wasm");
  const toolchain = await must("asking rustc", "rustc", ["--version", "--verbose"]);
  const sysroot = (await must("asking rustc", "rustc", ["--print", "sysroot"])).trim();
  const flags = withoutMachinePaths(sysroot);
  const inputs = fingerprint(["src", "Cargo.toml", "Cargo.lock", "scripts/builds.mjs"], [toolchain, ...flags]);
  const level = wasm.optLevel === undefined ? {} : { CARGO_PROFILE_RELEASE_OPT_LEVEL: wasm.optLevel };
  await unlessFresh(wasm, "link", inputs, [linked], async () => {
    say(`compiling ${wasm.name} with ${wasm.features.join(", ")}`);
    const output = inRoot("target", WASM_TARGET, "release", "wasm_oidc.wasm");
    // Without its output, in both places that cargo keeps it, it links again and shows the command checked below.
    for (const kept of [output, join(dirname(output), "deps", "wasm_oidc.wasm")]) rmSync(kept, { force: true });
    const log = await must("compiling the crate", "cargo", [
      ...["rustc", "--lib", "--release", "--crate-type", "cdylib", "--target", WASM_TARGET, "--verbose"],
      ...["--no-default-features", "--features", wasm.features.join(","), "--target-dir", inRoot("target")],
      ...["--", "-C", `link-arg=-zstack-size=${STACK_BYTES}`],
    ], { env: { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"), ...level } });
    const command = log.split("\n").find((line) => line.includes("--crate-name wasm_oidc "));
    if (command === undefined || !/ -C lto(=fat)?( |$)/.test(command)) {
      throw new GaveUp(`cargo compiled the crate without fat LTO:\n${command ?? log}`);
    }
    copyFileSync(output, linked);
  });
}

/**
 * Panic messages name source files; not by the paths of whoever built the package.
 *
 * @param {string} sysroot where the standard library's sources are, if they are installed
 * @returns {string[]} flags for rustc
 */
function withoutMachinePaths(sysroot) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const sources = join(cargoHome, "registry", "src");
  const registries = existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : [];
  // The last that matches is taken.
  return [cargoHome, sysroot, ...registries, ROOT.replace(/\/$/, "")].map((path) => `--remap-path-prefix=${path}=.`);
}

/**
 * wasm-bindgen, wasm-opt and the factory.
 *
 * @param {import("./builds.mjs").Wasm} wasm
 */
async function bind(wasm) {
  const linked = join(wasm.work, "linked.wasm");
  const { name } = wasm;
  const made = ["wasm", "js", "d.ts"].map((kind) => join(wasm.work, "wasm", `${name}.${kind}`));
  const inputs = fingerprint(
    [relative(ROOT, linked), relative(ROOT, TOOLS.wasmBindgen), ...SCRIPTS],
    [readFileSync(inRoot("node_modules", "binaryen", "package.json"), "utf8")],
  );
  await unlessFresh(wasm, "bind", inputs, made, async () => {
    const bound = join(wasm.work, "bound");
    rmSync(bound, { recursive: true, force: true });
    await must("wasm-bindgen", TOOLS.wasmBindgen, [
      ...["--target", "web", "--out-name", name, "--out-dir", bound, linked],
    ]);
    mkdirSync(join(wasm.work, "wasm"), { recursive: true });
    const [optimized, glue, types] = made;
    await must("wasm-opt", process.execPath, [
      ...[inRoot("node_modules", "binaryen", "bin", "wasm-opt"), ...WASM_OPT],
      ...[join(bound, `${name}_bg.wasm`), "--output", optimized],
    ]);
    checkWasm(readFileSync(optimized), name);
    try {
      writeFileSync(glue, toFactory(readFileSync(join(bound, `${name}.js`), "utf8"), name));
      writeFileSync(types, toFactoryTypes(readFileSync(join(bound, `${name}.d.ts`), "utf8")));
    } catch (error) {
      throw new GaveUp(`the glue of wasm-bindgen is not what scripts/factory.mjs knows: ${error.message}`);
    }
  });
}

/**
 * @param {Buffer} wasm what would ship
 * @param {string} own its name
 */
function checkWasm(wasm, own) {
  const foreign = WebAssembly.Module.imports(new WebAssembly.Module(wasm))
    .filter(({ module, kind }) => module !== `./${own}_bg.js` || kind !== "function");
  if (foreign.length > 0) {
    const names = foreign.map(({ module, name }) => `${module}.${name}`).join(", ");
    throw new GaveUp(`the wasm imports what no JavaScript host has: ${names}`);
  }
  for (const path of [ROOT.replace(/\/$/, ""), homedir().replace(/\/$/, "")]) {
    if (path !== "" && wasm.includes(`${path}/`)) throw new GaveUp(`the wasm holds a path of this machine: ${path}`);
  }
}

/**
 * pkg-template, the wasm and its glue, the licences: together what `npm pack` takes.
 *
 * @param {typeof BUILDS.package} build
 */
function assemble(build) {
  const parts = new Map([
    ...filesBelow(inRoot("pkg-template")).map((file) => [relative(inRoot("pkg-template"), file), file]),
    ...build.wasms.flatMap(({ work }) => filesBelow(join(work, "wasm"))).map((file) => [join("wasm", basename(file)), file]),
    ...["LICENSE-MIT", "LICENSE-APACHE"].map((name) => [name, inRoot(name)]),
  ]);
  for (const file of filesBelow(build.folder)) {
    if (!parts.has(relative(build.folder, file))) rmSync(file);
  }
  for (const [name, file] of parts) {
    const target = join(build.folder, name);
    const content = readFileSync(file);
    // Unchanged files keep their time: bundlers and their dev servers watch them.
    if (existsSync(target) && readFileSync(target).equals(content)) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  const version = /^version = "(.+)"$/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))?.[1];
  const manifest = JSON.parse(readFileSync(join(build.folder, "package.json"), "utf8"));
  if (manifest.version !== version) {
    throw new GaveUp(`pkg-template/package.json says version ${manifest.version}, Cargo.toml says ${version}`);
  }
}

/**
 * The wasms that an entry leads to.
 *
 * @param {string} entry
 */
function wasmsFor(entry) {
  if (entry === "./callback.js") return [];
  // It imports the package by its name.
  if (entry.startsWith("./hono/")) return [];
  return entry.startsWith("./edge/") ? ["configuration", "core", "edge", "tools"] : ["configuration", "core", "tools"];
}

/**
 * Each entry of the package leads to these, and each wasm to glue of its own.
 *
 * @param {string} folder
 */
function checkEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const entry of new Set(targetsOf(exports).filter((target) => target.endsWith(".js")))) {
    const wasms = [...wasmsOf(join(folder, entry))].map((file) => relative(folder, file)).sort();
    const expected = wasmsFor(entry).map((name) => join("wasm", `${name}.wasm`));
    if (wasms.join() !== expected.join()) {
      throw new GaveUp(`the entry ${entry} references these wasm files: ${wasms.join(", ")}; expected: ${expected.join(", ")}`);
    }
  }
}

/** @param {unknown} exports a value of "exports" in package.json */
function targetsOf(exports) {
  return typeof exports === "string" ? [exports] : Object.values(exports ?? {}).flatMap(targetsOf);
}

/**
 * @param {string} file a module
 * @param {Set<string>} [seen] modules that were followed already
 * @returns {Set<string>} the wasm files that it references, itself or through what it imports
 */
function wasmsOf(file, seen = new Set()) {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const code = readFileSync(file, "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  const references = [...code.matchAll(/["'](\.{1,2}\/[^"']+\.(?:js|wasm))["']/g)].map((match) => match[1]);
  const wasms = references.filter((reference) => reference.endsWith(".wasm"));
  const imported = references.filter((reference) => !/\.wasm$|_bg\.js$/.test(reference));
  return new Set([
    ...wasms.map((wasm) => join(dirname(file), wasm)),
    ...imported.flatMap((module) => [...wasmsOf(join(dirname(file), module), seen)]),
  ]);
}

/**
 * @param {import("./builds.mjs").Wasm} wasm
 * @param {string} step
 * @param {string} inputs a hash over what goes in
 * @param {string[]} outputs files that have to be there
 * @param {() => Promise<void>} make
 */
async function unlessFresh(wasm, step, inputs, outputs, make) {
  const stamp = join(wasm.work, `${step}.inputs`);
  if (outputs.every((file) => existsSync(file)) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return;
  rmSync(stamp, { force: true });
  await make();
  writeFileSync(stamp, inputs);
}

await ifStarted(import.meta.url, async () => {
  await setUp();
  await buildPackage(BUILDS.package);
  if (process.argv.includes("--traps")) await buildPackage(BUILDS.traps);
  say(`the package is in ${relative(ROOT, BUILDS.package.folder)}/`);
  await reportSize({ breakdown: false });
});
