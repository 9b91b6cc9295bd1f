// @ts-check
// What a browser shows that came back to a program: one small page, without script, that nobody keeps (RFC 9700 4.2.4).

import { createHash } from "node:crypto";

import { isOAuthError } from "../errors.js";

const STYLE =
  ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}" +
  "body{max-width:36rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.5rem}p{overflow-wrap:anywhere}";

export function signedInPage() {
  return page("You are signed in", "You can close this window and go back to the program.");
}

/** @param {unknown} thrown */
export function failedPage(thrown) {
  // What is not of this library may say what is nobody's business.
  const reason = isOAuthError(thrown) ? thrown.message : "Something went wrong in the program.";
  return page("The sign-in failed", reason, "You can close this window. The program says what can be done.");
}

export function notWaitedForPage() {
  return page("This sign-in is not waited for", "It is over, or another one has begun since. Begin again in the program.");
}

export function notFoundPage() {
  return page("There is nothing here", "A program waits here for a sign-in.");
}

export function refusedPage() {
  return page("This request is refused", "A program waits here for a sign-in.");
}

/**
 * @param {string} text of a page
 * @returns {Record<string, string>}
 */
export function pageHeaders(text) {
  const hash = createHash("sha256").update(STYLE).digest("base64");
  return {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
    "content-security-policy":
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  };
}

/**
 * @param {string} title
 * @param {...string} lines
 */
function page(title, ...lines) {
  const body = lines.map((line) => `<p>${escaped(line)}</p>\n`).join("");
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width">\n' +
    `<title>${escaped(title)}</title>\n<style>${STYLE}</style>\n</head>\n<body>\n<h1>${escaped(title)}</h1>\n${body}</body>\n</html>\n`
  );
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
