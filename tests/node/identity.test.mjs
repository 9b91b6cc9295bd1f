// Who signed in is who was expected: what the first reference document says of `login_hint`.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { IdentityMismatchError, IdpClient } from "wasm-oidc";
import { fileStorage, login, startLogin } from "wasm-oidc/node";

import { browse, browserOf, emptyFolder, startSetting } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
/** @type {Awaited<ReturnType<typeof emptyFolder>>} */
let place;
before(async () => {
  [setting, place] = await Promise.all([startSetting(), emptyFolder()]);
});
after(() => Promise.all([setting?.provider.close(), place?.remove()]));

test("the hint pre-fills the login page and lets in who has that address", async () => {
  const started = await startLogin({ ...setting.options, loginHint: "Ada@Example.com" });
  assert.equal(new URL(started.url).searchParams.get("login_hint"), "Ada@Example.com");
  await browse(started.url, "ada");
  const { idp, agent } = await started.awaitCallback();
  assert.equal(agent.email, "ada@example.com");
  idp.dispose();
});

test("who cleared it and signed in as another is refused, nothing is stored, and the page says so without an address", async () => {
  const storage = fileStorage(join(place.folder, "session.json"));
  const started = await startLogin({ ...setting.options, storage, loginHint: "ada@example.com" });
  const page = await browse(started.url, "ben");
  const error = await started.awaitCallback().catch((thrown) => thrown);
  assert.ok(error instanceof IdentityMismatchError, String(error));
  assert.deepEqual([error.code, error.expected, error.actual], ["identity_mismatch", "ada@example.com", "ben@example.com"]);
  assert.doesNotMatch(error.message, /@example/);
  assert.deepEqual(await storage.list(), []);
  assert.equal(page.status, 400);
  const text = await page.text();
  assert.match(text, /The sign-in failed/);
  assert.doesNotMatch(text, /@example/);
});

test("a client of the app's own keeps its session when another person signs in, and its store too", async () => {
  const redirectUri = `http://127.0.0.1:${setting.port}/callback`;
  const { issuer, clientId, scopes } = setting.options;
  const storage = fileStorage(join(place.folder, "own.json"));
  const client = await IdpClient.create({ issuer, clientId, scopes, redirectUri, session: "single-user", storage });
  const { agent } = await login({ client, openBrowser: browserOf("ada") });
  const kept = await storage.list();
  await assert.rejects(login({ client, loginHint: "ada@example.com", openBrowser: browserOf("ben") }), IdentityMismatchError);
  assert.equal(client.agent, agent);
  assert.deepEqual(await storage.list(), kept);
  assert.equal((await client.refresh()).id, "usr_ada");
  client.dispose();
});

test("a hint that is empty, or that is said to be a hint alone, refuses nobody", async () => {
  for (const more of [{ loginHint: "" }, { loginHint: "ada@example.com", enforceLoginHint: false }]) {
    const { idp, agent } = await login({ ...setting.options, ...more, openBrowser: browserOf("ben") });
    assert.equal(agent.id, "usr_ben");
    idp.dispose();
  }
});

test("whom the app expects is expected of a login too", async () => {
  const expecting = (/** @type {object} */ expect) => login({ ...setting.options, expect, openBrowser: browserOf("ben") });
  await assert.rejects(expecting({ sub: "usr_ada" }), { name: "IdentityMismatchError" });
  const { idp, agent } = await expecting({ sub: "usr_ben" });
  assert.equal(agent.id, "usr_ben");
  idp.dispose();
});

test("a hint beside an expected address is a hint alone: the address decides", async () => {
  const options = { ...setting.options, loginHint: "ada@example.com", expect: { email: "ben@example.com" } };
  const { idp, agent } = await login({ ...options, openBrowser: browserOf("ben") });
  assert.equal(agent.id, "usr_ben");
  idp.dispose();
});
