// @ts-check
// Opens a URL in the browser of whoever sits at this machine. No shell sees it: a provider's metadata must not become a
// command (CVE-2025-6514).

import { spawn } from "node:child_process";

import { configurationError } from "../errors.js";

/** Milliseconds in which a program that cannot open a browser says so. Some live as long as the browser does. */
const FAILS_WITHIN = 5000;

/**
 * @param {string} url
 * @returns {Promise<void>} rejects where no browser opens
 */
export function openSystemBrowser(url) {
  const { href, protocol } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") throw unavailable(`${protocol} is no address of a page`);
  const [command, ...before] = opener();
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...before, href], { stdio: "ignore", detached: true, windowsHide: true });
    const timer = setTimeout(resolve, FAILS_WITHIN);
    // Neither the browser nor the wait for its failure keeps this process alive.
    timer.unref();
    child.unref();
    child.once("error", (error) => reject(unavailable(`${command} cannot be started: ${/** @type {any} */ (error).code ?? error.message}`)));
    child.once("exit", (code) => {
      clearTimeout(timer);
      if (code) reject(unavailable(`${command} ended with ${code}`));
      else resolve();
    });
  });
}

function opener() {
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["rundll32.exe", "url.dll,FileProtocolHandler"];
  return ["xdg-open"];
}

/** @param {string} why */
function unavailable(why) {
  const message =
    `no browser could be opened (${why}): show the \`url\` of startLogin to whoever signs in, or give \`openBrowser\` a ` +
    "function that does";
  return configurationError("browser_unavailable", message);
}
