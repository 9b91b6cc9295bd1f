// @ts-check
// The page of the examples on a server: who is signed in, what they may do, and a button to change that. It holds no token.

/**
 * @param {string} framework
 * @param {import("wasm-oidc/edge").Session | null} session
 * @returns {Response}
 */
export function page(framework, session) {
  const agent = session?.agent;
  const html = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${agent ? text(agent.claims.name) : "Nobody is signed in"} · ${framework}</title>
  <link rel="icon" href="data:,">
  <style>${style}</style>
</head>
<body><main><p class="brand">wasm-oidc with ${framework}</p>${agent ? signedIn(agent) : signedOut}</main></body>
</html>`;
  const response = new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } });
  // The cookie of the session, where it changed.
  return session?.applyTo(response) ?? response;
}

const signedOut = `<h1>Nobody is signed in</h1>
    <p class="lead">The server keeps the tokens. This page gets a cookie that no script can read.</p>
    <a class="button" href="/auth/login?returnTo=/">Sign in</a>`;

/** @param {import("wasm-oidc").Agent} agent */
function signedIn(agent) {
  const questions = [["read", "projects.tasks"], ["write", "projects.tasks"], ["write", "library"]];
  return `<h1>${text(agent.claims.name)}</h1>
    <p class="lead">${text(agent.email)}</p>
    <dl>${agent.organizations.map(({ title, scopes }) => `<div><dt>${text(title)}</dt><dd>${scopes.map(code).join(" ")}</dd></div>`).join("")}</dl>
    <ul>${questions.map(([action, resource]) => `<li class="${agent.hasAccess(action, resource) ? "may" : "may-not"}">${action} ${code(resource)}</li>`).join("")}</ul>
    <button id="sign-out">Sign out</button>
    <script>${signOut}</script>`;
}

/** What a form cannot send shows that the request is of this page: the handler wants such a header for whatever changes something. */
export const signOut = `
document.getElementById("sign-out").onclick = async () => {
  const response = await fetch("/auth/logout", { method: "POST", headers: { "x-wasm-oidc": "1" } });
  const { url } = await response.json();
  location.assign(url);
};`;

/** @param {unknown} value */
const code = (value) => `<code>${text(value)}</code>`;

/** @param {unknown} value */
function text(value) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(value).replace(/[&<>"']/g, (character) => entities[/** @type {keyof typeof entities} */ (character)]);
}

export const style = `
:root { color-scheme: light dark;
  --ground: #e6eeec; --card: #ffffff; --ink: #10201d; --soft: #51635f; --line: #cbd8d5; --accent: #0b5f55; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #0c1513; --card: #14201e; --ink: #e6f0ee; --soft: #9cb0ab; --line: #2b3b38; --accent: #6fd3c2; --on-accent: #05231f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 32rem; padding: clamp(1.5rem, 6vw, 2.5rem); background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
.brand { margin: 0 0 1.75rem; color: var(--soft); font-size: .875rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; }
.lead { margin: .35rem 0 1.5rem; color: var(--soft); overflow-wrap: anywhere; }
dl, ul { margin: 0 0 1.5rem; padding: 0; display: grid; gap: .75rem; list-style: none; }
dt { font-weight: 600; } dd { margin: .25rem 0 0; display: flex; flex-wrap: wrap; gap: .375rem; }
code { font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; padding: .05rem .4rem; border-radius: .375rem;
  background: var(--ground); overflow-wrap: anywhere; }
ul { gap: .375rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
li::before { display: inline-block; width: 5.5rem; font-weight: 600; } .may::before { content: "May"; color: var(--accent); }
.may-not::before { content: "May not"; color: var(--soft); }
a:not(.button) { color: var(--accent); }
.button, button { display: inline-block; font: inherit; font-weight: 600; border: 0; border-radius: .5rem; padding: .7rem 1.25rem;
  cursor: pointer; text-decoration: none; background: var(--accent); color: var(--on-accent); }
.button:hover, button:hover { filter: brightness(1.12); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
