// Everything that is judged without running it: rustfmt, clippy with the gate of Cargo.toml on both targets, the types
// of the wrapper, the tests' names against the security checklist. One line for each check; a failed one with its output.

import { BUILDS } from "./builds.mjs";
import { buildPackage } from "./build.mjs";
import { GaveUp, ifStarted, inRoot, run, say } from "./run.mjs";
import { WASM_TARGET, setUp } from "./set-up.mjs";

const WARNINGS_FAIL = ["--", "--deny", "warnings"];

/** @type {[string, string, string[]][]} */
const CHECKS = [
  ["rustfmt", "cargo", ["fmt", "--all", "--check", "--", "--color", "never"]],
  ["clippy, native", "cargo", ["clippy", "--all-targets", "--features", "tools,configuration,edge,native-crypto", ...WARNINGS_FAIL]],
  ["clippy, wasm", "cargo", ["clippy", "--target", WASM_TARGET, "--lib", "--features", "core-bindings,tools-bindings,configuration-bindings,edge-bindings,traps", ...WARNINGS_FAIL]],
  ["clippy, wasm tests and example", "cargo", ["clippy", "--target", WASM_TARGET, "--test", "host_*", "--example", "sign_in", "--features", "host", ...WARNINGS_FAIL]],
  ["documentation", "cargo", ["doc", "--no-deps", "--lib", "--document-private-items"]],
  ["types of the wrapper and of its users", process.execPath, [inRoot("node_modules", "typescript", "bin", "tsc"), "--project", inRoot("scripts", "tsconfig.json")]],
  ["security checklist", process.execPath, [inRoot("scripts", "security.mjs")]],
];

/**
 * @param {(name: string, passed: boolean, seconds: number) => void} [tell] called after each check
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function lint(tell = () => {}) {
  const counts = { passed: 0, failed: 0 };
  for (const [name, command, args] of CHECKS) {
    const start = performance.now();
    const { code, output } = await run(command, args, { quiet: true, env: { RUSTDOCFLAGS: "--deny warnings" } });
    if (code !== 0) console.log(`\n${output.trimEnd()}\n`);
    counts[code === 0 ? "passed" : "failed"] += 1;
    tell(name, code === 0, (performance.now() - start) / 1000);
  }
  return counts;
}

await ifStarted(import.meta.url, async () => {
  await setUp({ lint: true });
  await buildPackage(BUILDS.package);
  const { failed } = await lint((name, passed, seconds) => say(`${passed ? "passed" : "FAILED"}  ${name}  (${seconds.toFixed(1)} s)`));
  if (failed > 0) throw new GaveUp(`${failed} of ${CHECKS.length} checks failed`);
});
