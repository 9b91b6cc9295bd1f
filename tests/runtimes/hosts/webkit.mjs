// @ts-check
// WebKit by WebKitWebDriver, in a display that is none: the few commands of W3C WebDriver that the suite needs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";

/** Milliseconds until the driver has to answer; the machine may be busy. */
const PATIENCE = 60_000;

/** How long a script of a page may take: a whole life of the suite. */
const SCRIPT_PATIENCE = 240_000;

/** @returns {Promise<import("./pages.mjs").Tab>} */
export async function startWebKit() {
  const [driver, display] = [find("WEBKIT_DRIVER", "/usr/bin/WebKitWebDriver"), find("XVFB_RUN", "/usr/bin/xvfb-run")];
  const port = await freePort();
  // A process group of its own: the display, the driver and the browser end together.
  const child = spawn(display, ["--auto-servernum", driver, `--port=${port}`, "--host=127.0.0.1"], {
    detached: true,
    stdio: "ignore",
    // As root there is no sandbox. Nothing outside of this machine is asked for.
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1" },
  });
  const ended = once(child, "close");
  const end = async () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await ended;
  };
  try {
    await answers(port, child);
    const browserOptions = { binary: browser(), args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": browserOptions, timeouts: { script: SCRIPT_PATIENCE, pageLoad: PATIENCE } } };
    const session = await command(port, "POST", "/session", { capabilities });
    const at = `/session/${session.sessionId}`;
    return {
      version: session.capabilities.browserVersion,
      goto: (url) => command(port, "POST", `${at}/url`, { url }),
      async evaluate(expression) {
        const script = `const done = arguments[arguments.length - 1];
          Promise.resolve().then(() => (${expression.startsWith("void ") ? `(${expression.slice(5)}, undefined)` : expression}))
            .then((value) => done({ value }), (error) => done({ error: String(error) + "\\n" + (error.stack ?? "") }));`;
        const { value, error } = await command(port, "POST", `${at}/execute/async`, { script, args: [] });
        if (error) throw new Error(error);
        return value;
      },
      async close() {
        await command(port, "DELETE", at).catch(() => {});
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** @param {string} variable @param {...string} places */
function find(variable, ...places) {
  const all = process.env[variable] ? [String(process.env[variable])] : places;
  const found = all.find((place) => existsSync(place));
  assert.ok(found, `WebKit needs ${all.join(" or ")}, which is not there; ${variable} can say where it is`);
  return found;
}

/** MiniBrowser, which comes with the library. */
function browser() {
  const folders = readdirSync("/usr/lib").filter((name) => name.includes("-linux-"));
  return find("WEBKIT_BROWSER", ...folders.map((name) => `/usr/lib/${name}/webkit2gtk-4.1/MiniBrowser`));
}

async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** Until the driver listens. @param {number} port @param {import("node:child_process").ChildProcess} child */
async function answers(port, child) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    if ((await command(port, "GET", "/status").catch(() => null))?.ready) return;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("WebKitWebDriver does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {number} port @param {string} method @param {string} path @param {object} [body] */
async function command(port, method, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    signal: AbortSignal.timeout(SCRIPT_PATIENCE + PATIENCE),
  });
  const { value } = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`WebDriver: ${value?.error}: ${value?.message}`);
  return value;
}
