// @ts-check
// The pages of the demo provider: plain HTML that works without scripts, in light and dark.

/**
 * @param {object} page
 * @param {string} page.clientName
 * @param {import("./users.mjs").User[]} page.users
 * @param {string} page.login what the login field holds: a `login_hint`, or what was typed before
 * @param {boolean} [page.failed]
 */
export function loginPage({ clientName, users, login, failed = false }) {
  const chosen = users.find((user) => user.login === login || user.email === login) ?? (login ? undefined : users[0]);
  const invalid = failed ? ` aria-invalid="true" aria-describedby="failure"` : "";
  return page(
    "Sign in",
    `<h1>Sign in</h1>
    <p class="lead">to continue to <strong>${text(clientName)}</strong></p>
    ${failed ? `<p class="failure" id="failure" role="alert">That user and password do not belong together.</p>` : ""}
    <form method="post" autocomplete="on">
      <label for="login">User or e-mail</label>
      <input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required
        value="${text(login || (chosen?.login ?? ""))}"${invalid}>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required
        value="${text(failed ? "" : (chosen?.password ?? ""))}"${invalid}>
      <button class="primary" name="answer" value="sign-in">Sign in</button>
      <button class="quiet" name="answer" value="cancel" formnovalidate>Cancel</button>
    </form>
    <section aria-labelledby="demo">
      <h2 id="demo">Demo users</h2>
      <ul>${users.map(demoUser).join("")}</ul>
    </section>`,
  );
}

/** @param {import("./users.mjs").User} user */
function demoUser({ login, password, name, about }) {
  return `<li><form method="post">
    <input type="hidden" name="login" value="${text(login)}">
    <input type="hidden" name="password" value="${text(password)}">
    <button class="person">
      <span class="initial" aria-hidden="true">${text(name.slice(0, 1))}</span>
      <span><b>${text(name)}</b><small>${text(about)}</small></span>
      <code>${text(login)} / ${text(password)}</code>
    </button></form></li>`;
}

/** @param {{clientName: string, scopes: string[]}} page */
export function consentPage({ clientName, scopes }) {
  return page(
    "Allow access",
    `<h1>Allow access?</h1>
    <p class="lead"><strong>${text(clientName)}</strong> asks for</p>
    <ul class="scopes">${scopes.map((scope) => `<li><code>${text(scope)}</code></li>`).join("")}</ul>
    <form method="post">
      <button class="primary" name="answer" value="allow">Allow</button>
      <button class="quiet" name="answer" value="cancel">Deny</button>
    </form>`,
  );
}

/** @param {string} form the form of node-oidc-provider, which the buttons submit */
export function signOutPage(form) {
  return page(
    "Sign out",
    `<h1>Sign out?</h1>
    <p class="lead">This ends your session at the identity provider, for every app that uses it.</p>
    ${form}
    <div class="form">
      <button class="primary" form="op.logoutForm" name="logout" value="yes">Sign out</button>
      <button class="quiet" form="op.logoutForm">Stay signed in</button>
    </div>`,
  );
}

export function signedOutPage() {
  return page("Signed out", `<h1>Signed out</h1><p class="lead">You can close this page.</p>`);
}

/** @param {Record<string, unknown>} out the members of the error response */
export function errorPage(out) {
  const rows = Object.entries(out).map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`);
  return page("Error", `<h1>This did not work</h1><dl>${rows.join("")}</dl>`);
}

/** @param {unknown} value */
function text(value) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(value).replace(/[&<>"']/g, (character) => entities[/** @type {keyof typeof entities} */ (character)]);
}

/** @param {string} title @param {string} body */
function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${text(title)} · Demo provider</title>
  <link rel="icon" href="data:,">
  <style>${style}</style>
</head>
<body><main><p class="brand"><span aria-hidden="true"></span>Demo identity provider</p>${body}</main></body>
</html>`;
}

const style = `
:root { color-scheme: light dark;
  --ground: #e6eeec; --card: #ffffff; --ink: #10201d; --soft: #51635f; --line: #cbd8d5; --accent: #0b5f55; --on-accent: #fff;
  --failure: #9b1c1c; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #0c1513; --card: #14201e; --ink: #e6f0ee; --soft: #9cb0ab; --line: #2b3b38; --accent: #6fd3c2; --on-accent: #05231f;
  --failure: #ff9d94; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 27rem; padding: clamp(1.5rem, 6vw, 2.5rem); background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.75rem; color: var(--soft); font-size: .875rem; }
.brand span { width: .8rem; height: .8rem; border-radius: 50%; border: .2rem solid var(--accent); }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; }
h2 { margin: 0 0 .6rem; font-size: .875rem; font-weight: 600; color: var(--soft); }
.lead { margin: .35rem 0 1.5rem; color: var(--soft); } .lead strong { color: var(--ink); font-weight: 600; }
.failure { margin: 0 0 1rem; color: var(--failure); font-weight: 600; }
form, .form { display: grid; gap: .4rem; } label { font-size: .875rem; font-weight: 600; }
input { font: inherit; color: inherit; background: transparent; border: 1px solid var(--soft); border-radius: .5rem;
  padding: .65rem .75rem; margin-bottom: .6rem; width: 100%; }
button { font: inherit; font-weight: 600; border-radius: .5rem; padding: .7rem 1rem; border: 1px solid transparent;
  cursor: pointer; color: inherit; background: transparent; }
.primary { background: var(--accent); color: var(--on-accent); margin-top: .4rem; } .primary:hover { filter: brightness(1.12); }
.quiet { color: var(--soft); } .quiet:hover { color: var(--ink); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
.person { display: grid; grid-template-columns: auto 1fr; align-items: center; gap: .1rem .75rem; width: 100%; padding: .65rem .75rem;
  text-align: left; border-color: var(--line); font-weight: 400; } .person:hover { border-color: var(--accent); }
.person small { display: block; color: var(--soft); font-size: .8125rem; } .person b { font-weight: 600; }
.person code { grid-column: 2; color: var(--soft); }
.initial { display: grid; place-items: center; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--ground);
  font-weight: 600; color: var(--accent); }
code { font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.scopes { margin-bottom: 1.5rem; gap: .25rem; } dl { display: grid; gap: .1rem; margin: 1.25rem 0 0; overflow-wrap: anywhere; }
dt { color: var(--soft); font-size: .8125rem; } dd { margin: 0 0 .75rem; }
`;
