// To the real provider's logout page and back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";
const BYE = "http://127.0.0.1/bye?lang=de";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI], postLogoutRedirectUris: [BYE] });
});
after(() => provider?.close());

async function signedIn() {
  /** @type {string[]} */
  const opened = [];
  const jar = new Map();
  const idp = await IdpClient.create({
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    postLogoutRedirectUri: BYE,
    session: "single-user",
    openUrl: (url) => void opened.push(url),
  });
  await idp.signInRedirect();
  await idp.handleRedirectCallback(await signInWithoutBrowser(opened[0], "ada", { jar }));
  return { idp, opened, jar };
}

/**
 * Says yes on the provider's logout page.
 *
 * @param {string} url
 * @param {Map<string, string>} jar
 */
async function confirm(url, jar) {
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const page = await fetch(url, { headers: { cookie: cookie() } });
  for (const line of page.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    jar.set(name, value);
  }
  const html = await page.text();
  const [, action] = /action="([^"]+)"/.exec(html) ?? [];
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(html) ?? [];
  assert.ok(action && xsrf, html.slice(0, 2000));
  const body = new URLSearchParams({ xsrf, logout: "yes" });
  const answer = await fetch(action, { method: "POST", redirect: "manual", headers: { cookie: cookie() }, body });
  return String(answer.headers.get("location"));
}

test("the provider sends the user back, and the sign-out's own state is told once [L1, L2]", async () => {
  const { idp, opened, jar } = await signedIn();
  await idp.signOut({ appState: { tab: 3 } });
  assert.equal(idp.agent, null);
  const back = await confirm(opened[1], jar);
  assert.ok(back.startsWith(`${BYE}&state=`), back);
  assert.deepEqual(await idp.handleLogoutCallback(back), { returnTo: BYE, appState: { tab: 3 } });
  assert.equal(await idp.handleLogoutCallback(new URL(back)), null);
  idp.dispose();
});

test("what is not the return of this sign-out is nothing [L2]", async () => {
  const { idp, opened } = await signedIn();
  await idp.signOut();
  const state = new URL(opened[1]).searchParams.get("state");
  for (const url of [BYE, `${BYE}&state=made-up`, `http://127.0.0.1/elsewhere?lang=de&state=${state}`]) {
    assert.equal(await idp.handleLogoutCallback(url), null);
  }
  assert.equal(await idp.handleLogoutCallback(), null);
  assert.deepEqual(await idp.handleLogoutCallback(`${BYE}&state=${state}`), { returnTo: BYE, appState: undefined });
  idp.dispose();
});

test("a form is for pages, and without one the session stays", async () => {
  const { idp } = await signedIn();
  await assert.rejects(idp.signOut({ method: "post" }), { name: "ConfigurationError", code: "invalid_option" });
  assert.equal(idp.agent?.id, "usr_ada");
  await assert.rejects(idp.signOut(/** @type {any} */ ({ method: "put" })), { code: "invalid_option" });
  idp.dispose();
});

test("a server has no logout to return from", async () => {
  const idp = IdpClient.createSync({ issuer: provider.issuer, clientId: testClientId });
  await assert.rejects(idp.handleLogoutCallback(BYE), { name: "ConfigurationError", code: "no_ambient_session" });
  idp.dispose();
});
