// Brings a machine to where it can build and test: says what it installs, installs nothing twice, and where it cannot,
// ends with the one thing to do. Node built-ins only: nothing is installed before this has run.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import { GaveUp, fingerprint, ifStarted, inRoot, must, run, say } from "./run.mjs";

export const WASM_TARGET = "wasm32-unknown-unknown";

const CI = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";
/** Outside the checkout, so that a second clone finds what took minutes to compile. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "wasm-oidc");
const TOOLS_TARGET = join(CACHE, "tools");
const TOOLS_FOLDER = join(TOOLS_TARGET, "tools");

/** Where the tools are that Cargo.lock holds. */
export const TOOLS = {
  wasmBindgen: join(TOOLS_FOLDER, "wasm-bindgen"),
  testRunner: join(TOOLS_FOLDER, "wasm-bindgen-test-runner"),
};

/**
 * @param {{ lint?: boolean, browser?: boolean }} [needs] what goes beyond building: rustfmt and clippy; browsers
 * @returns {Promise<Record<string, string>>} where the browsers are, and what else only tests need: environment variables,
 *   as the tests read them
 */
export async function setUp({ lint = false, browser = false } = {}) {
  await rust(lint);
  await npmPackages();
  await wasmTools();
  if (!browser) return {};
  return { ...(await chromium()), ...(await firefox()), ...(await webkit()), ...(await redis()), ...(await openssl()) };
}

/** @param {boolean} lint */
async function rust(lint) {
  const wanted = /^rust-version = "(\d+\.\d+)/m.exec(readFileSync(inRoot("Cargo.toml"), "utf8"))?.[1] ?? "";
  const { code, output } = await run("rustc", ["--version"], { quiet: true });
  if (code !== 0) {
    throw new GaveUp(`Rust ${wanted} or newer is needed, and rustc does not run here. Install it with rustup.\n${output}`);
  }
  const found = /^rustc (\d+\.\d+)/m.exec(output)?.[1] ?? "0.0";
  if (isOlder(found, wanted)) {
    throw new GaveUp(`Rust ${wanted} or newer is needed, this is ${found}. Run: rustup update stable`);
  }
  const libraries = await must("asking rustc", "rustc", ["--print", "target-libdir", "--target", WASM_TARGET]);
  if (!existsSync(libraries.trim())) await rustup(`the Rust target ${WASM_TARGET}`, ["target", "add", WASM_TARGET]);
  if (!lint) return;
  for (const [tool, component] of [["fmt", "rustfmt"], ["clippy", "clippy"]]) {
    if ((await run("cargo", [tool, "--version"], { quiet: true })).code !== 0) {
      await rustup(`the Rust component ${component}`, ["component", "add", component]);
    }
  }
}

/**
 * @param {string} what
 * @param {string[]} args
 */
async function rustup(what, args) {
  say(`installing ${what}`);
  const { code, output } = await run("rustup", args, { quiet: true });
  if (code !== 0) throw new GaveUp(`${what} could not be installed. Run: rustup ${args.join(" ")}\n${output.trimEnd()}`);
}

async function npmPackages() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new GaveUp(`Node 20 or newer is needed, this is ${process.versions.node}.`);
  }
  // The example and the tests depend on the package that is built into pkg/: npm has to find it there.
  mkdirSync(inRoot("pkg"), { recursive: true });
  cpSync(inRoot("pkg-template", "package.json"), inRoot("pkg", "package.json"));

  const { workspaces } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const manifests = ["package.json", "package-lock.json", ...workspaces.map((folder) => `${folder}/package.json`)];
  const stamp = inRoot("node_modules", ".installed");
  const upToDate = () => existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint(manifests);
  if (upToDate()) return;

  say("installing the npm packages of package-lock.json");
  const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];
  let { code, output } = await run("npm", ["ci", ...quietly], { quiet: true });
  if (code !== 0 && !CI && /can only install packages|package-lock\.json/.test(output)) {
    say("package-lock.json does not fit package.json: npm install brings it up to date");
    ({ code, output } = await run("npm", ["install", ...quietly], { quiet: true }));
  }
  if (code !== 0) throw new GaveUp(`npm could not install the packages. Run: npm ci\n${output.trimEnd()}`);
  // Another Node is there to be tested, not to run the scripts: npm would find it before the one that is installed.
  rmSync(inRoot("node_modules", ".bin", "node"), { force: true });
  writeFileSync(stamp, fingerprint(manifests));
}

async function wasmTools() {
  if (!existsSync(TOOLS.wasmBindgen) || !existsSync(TOOLS.testRunner)) {
    say("building the wasm-bindgen CLI and its test runner from Cargo.lock: two to four minutes, once");
  }
  // cargo itself knows when they are up to date, in half a second.
  await must("building the wasm-bindgen CLI", "cargo", [
    ...["build", "--package", "wasm-tools", "--profile", "tools", "--target-dir", TOOLS_TARGET],
    ...["--config", 'future-incompat-report.frequency="never"'],
    ...(CI ? ["--locked"] : []),
  ]);
}

async function chromium() {
  return installed(
    () => ({
      CHROMIUM: firstOf(process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
      CHROMEDRIVER: firstOf(process.env.CHROMEDRIVER, "chromedriver"),
    }),
    ["chromium", "chromium-driver", "fonts-liberation"],
    ["Chromium and its driver are needed", "set CHROMIUM and CHROMEDRIVER to where they are"],
  );
}

async function firefox() {
  return installed(
    () => ({ FIREFOX: firstOf(process.env.FIREFOX, "firefox-esr", "firefox") }),
    ["firefox-esr"],
    ["Firefox is needed", "set FIREFOX to where it is"],
  );
}

/** WebKit as GTK has it: its driver, its browser, and a display, since it has no mode without one. */
async function webkit() {
  return installed(
    () => ({
      WEBKIT_DRIVER: firstOf(process.env.WEBKIT_DRIVER, "WebKitWebDriver"),
      WEBKIT_BROWSER: firstOf(process.env.WEBKIT_BROWSER, ...miniBrowsers()),
      XVFB_RUN: firstOf(process.env.XVFB_RUN, "xvfb-run"),
      XAUTH: firstOf(process.env.XAUTH, "xauth"),
    }),
    ["webkit2gtk-driver", "xvfb", "xauth"],
    ["WebKit and its driver are needed", "set WEBKIT_DRIVER, WEBKIT_BROWSER, XVFB_RUN and XAUTH to where they are"],
  );
}

/** The browser comes with the library, in a folder of the architecture and of the library's version. */
function miniBrowsers() {
  return readdirSync("/usr/lib")
    .filter((name) => name.includes("-linux-"))
    .flatMap((name) => ["4.1", "6.0", "4.0"].map((version) => `/usr/lib/${name}/webkit2gtk-${version}/MiniBrowser`));
}

/** A store that many isolates share. */
async function redis() {
  return installed(
    () => ({ REDIS_SERVER: firstOf(process.env.REDIS_SERVER, "redis-server") }),
    ["redis-server"],
    ["redis-server is needed", "set REDIS_SERVER to where it is"],
  );
}

/** The other opinion on keys and certificates. */
async function openssl() {
  return installed(
    () => ({ OPENSSL: firstOf(process.env.OPENSSL, "openssl") }),
    ["openssl"],
    ["openssl is needed", "set OPENSSL to where it is"],
  );
}

/**
 * Programs that a system has or Debian's packages bring.
 *
 * @param {() => Record<string, string | undefined>} find by the environment variable of each
 * @param {string[]} packages of Debian
 * @param {[need: string, instead: string]} words for whoever has to do it by hand
 * @returns {Promise<Record<string, string>>} each of them there
 */
async function installed(find, packages, [need, instead]) {
  const already = whole(find());
  if (already !== undefined) return already;

  const byHand = `${need} for the tests. Run: sudo apt-get install ${packages.join(" ")}\n(or ${instead})`;
  if (process.getuid?.() !== 0 || firstOf("apt-get") === undefined) throw new GaveUp(byHand);
  say(`installing ${packages.join(", ")} with apt-get`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", ...packages]]) {
    const { code, output } = await run("apt-get", args, { quiet: true, env });
    if (code !== 0) throw new GaveUp(`${byHand}\n${output.trimEnd()}`);
  }
  const found = whole(find());
  if (found === undefined) throw new GaveUp(byHand);
  return found;
}

/**
 * @param {Record<string, string | undefined>} programs
 * @returns {Record<string, string> | undefined} only where each is there
 */
function whole(programs) {
  return Object.values(programs).includes(undefined) ? undefined : /** @type {Record<string, string>} */ (programs);
}

/**
 * @param {(string | undefined)[]} programs names on the PATH, or whole paths
 * @returns {string | undefined} the first that is there
 */
function firstOf(...programs) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  for (const program of programs) {
    if (program === undefined || program === "") continue;
    const candidates = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
    const found = candidates.find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * @param {string} found
 * @param {string} wanted
 */
function isOlder(found, wanted) {
  const [[major, minor], [wantedMajor, wantedMinor]] = [found, wanted].map((version) => version.split(".").map(Number));
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

await ifStarted(import.meta.url, async () => {
  await setUp({ lint: true, browser: true });
  say("everything that is needed is here");
});
