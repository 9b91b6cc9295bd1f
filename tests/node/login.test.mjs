// Signing in from a program: each line of the first reference document about login, callback and refresh, and what a login
// of this package does beyond them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { ConfigurationError, IdpClient, RefreshError, TimeoutError } from "wasm-oidc";
import { login, startLogin } from "wasm-oidc/node";

import { signInWithoutBrowser } from "../op/provider.mjs";
import { ask, browse, browserOf, startSetting } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
before(async () => {
  setting = await startSetting();
});
after(() => setting?.provider.close());

/** The options of a login. @param {object} [more] */
const options = (more) => ({ ...setting.options, ...more });

/** @param {unknown} port whether something listens on it */
const isTaken = (port) => ask(`http://127.0.0.1:${port}/`).then(() => true, () => false);

test("starting a login gives the URL of an authorization request with PKCE, and the program listens for its callback", async () => {
  const started = await startLogin(options());
  const { origin, searchParams } = new URL(started.url);
  assert.equal(origin, setting.provider.issuer);
  assert.equal(searchParams.get("code_challenge_method"), "S256");
  assert.match(searchParams.get("code_challenge") ?? "", /^[\w-]{43}$/);
  assert.equal(searchParams.get("redirect_uri"), `http://127.0.0.1:${setting.port}/callback`);
  assert.equal(started.redirectUri, searchParams.get("redirect_uri"));
  assert.equal(await isTaken(setting.port), true);
  await started.close();
  assert.equal(await isTaken(setting.port), false);
});

test("waiting for the callback exchanges the code and gives who signed in, with a client whose session that is", async () => {
  const started = await startLogin(options());
  const waiting = started.awaitCallback();
  assert.equal((await browse(started.url)).status, 200);
  const { idp, agent } = await waiting;
  assert.equal(agent.id, "usr_ada");
  assert.equal(agent.email, "ada@example.com");
  assert.equal(idp.agent, agent);
  assert.equal(idp.snapshot.status, "signed-in");
  assert.equal(await idp.getAgent(), agent);
  assert.match(await idp.authorizationHeader(), /^Bearer ./);
  assert.equal(await started.awaitCallback().then(({ agent }) => agent), agent);
  await started.close();
  assert.equal(idp.agent, agent);
  assert.equal(await isTaken(setting.port), false);
  idp.dispose();
});

test("the callback may come before anybody waits for it", async () => {
  const started = await startLogin(options());
  await browse(started.url, "ben");
  const { idp, agent } = await started.awaitCallback();
  assert.equal(agent.id, "usr_ben");
  idp.dispose();
});

test("one call does it all: it opens a browser and waits", async () => {
  const { idp, agent } = await login(options({ openBrowser: browserOf("ben") }));
  assert.equal(agent.id, "usr_ben");
  idp.dispose();
});

test("the default port is 4200, the default scopes are those of the client, and a redirect URI can be given as a whole", async () => {
  const { provider } = setting;
  await provider.addClient({ client_id: "defaults", redirect_uris: ["http://127.0.0.1:4200/callback", `http://localhost:${setting.port}/somewhere/else`] });
  const started = await startLogin({ issuer: provider.issuer, clientId: "defaults" }).catch((thrown) => thrown);
  if (started instanceof Error) {
    // Somebody works with it on this machine.
    assert.match(started.message, /^port 4200 of 127\.0\.0\.1 is taken/);
  } else {
    const { searchParams } = new URL(started.url);
    assert.deepEqual([started.redirectUri, searchParams.get("scope")], ["http://127.0.0.1:4200/callback", "openid profile email"]);
    await started.close();
  }
  const redirectUri = `http://localhost:${setting.port}/somewhere/else`;
  const whole = await startLogin({ issuer: provider.issuer, clientId: "defaults", redirectUri });
  assert.equal(whole.redirectUri, redirectUri);
  await browse(whole.url);
  const { idp, agent } = await whole.awaitCallback();
  assert.equal(agent.id, "usr_ada");
  idp.dispose();
});

test("endpoints can be given, and are discovered where they are not; what checks a token can be said", async () => {
  const { issuer } = setting.options;
  const given = await startLogin(options({ metadata: { authorization_endpoint: `${issuer}/elsewhere` } }));
  assert.equal(new URL(given.url).pathname, "/elsewhere");
  await given.close();
  const started = await startLogin(options({ metadata: { token_endpoint: `${issuer}/token` }, verifySignature: false }));
  await browse(started.url);
  const { idp, agent } = await started.awaitCallback();
  assert.deepEqual([agent.id, idp.discoveryMode, idp.options.verifySignature], ["usr_ada", "hybrid", false]);
  idp.dispose();
});

test("any free port serves where the provider compares loopback redirect URIs without it", async () => {
  await setting.provider.addClient({ client_id: "native", application_type: "native", redirect_uris: ["http://127.0.0.1/callback"] });
  const { idp, agent } = await login(options({ clientId: "native", port: 0, openBrowser: browserOf("ada") }));
  assert.equal(agent.id, "usr_ada");
  assert.notEqual(new URL(String(idp.options.redirectUri)).port, "");
  idp.dispose();
});

test("a client of the app's own signs in where its redirect URI says, and stays the app's when that fails", async () => {
  const redirectUri = `http://127.0.0.1:${setting.ports[1]}/callback`;
  const { issuer, clientId } = options();
  const client = await IdpClient.create({ issuer, clientId, redirectUri, session: "single-user", callbackTimeoutSeconds: 1 });
  /** @type {string[]} */
  const events = [];
  client.on("signedin", ({ detail }) => events.push(detail.agent?.id ?? ""));
  await assert.rejects(login({ client, openBrowser: () => {} }), { name: "TimeoutError", message: /within 1 s/ });
  const { idp, agent } = await login({ client, scopes: ["openid"], openBrowser: browserOf("ada") });
  assert.equal(idp, client);
  assert.equal(client.agent, agent);
  assert.deepEqual(events, ["usr_ada"]);
  client.dispose();
});

test("nobody who comes back in time is a TimeoutError that says what to do, and the port is free again", async () => {
  const started = await startLogin(options({ timeoutSeconds: 1, appState: { tab: 3 } }));
  const begun = performance.now();
  const error = await started.awaitCallback().catch((thrown) => thrown);
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.code, error.recovery, error.appState], ["timeout", "retry", { tab: 3 }]);
  assert.match(error.message, new RegExp(`http://127\\.0\\.0\\.1:${setting.port}/callback within 1 s: .* opened in a browser .* Start the login again; \`timeoutSeconds\``));
  assert.ok(performance.now() - begun >= 900);
  assert.equal(await isTaken(setting.port), false);
});

test("the time limit is 300 seconds where nothing else is said", async () => {
  const { setTimeout: real } = globalThis;
  /** @type {(number | undefined)[]} */
  const limits = [];
  globalThis.setTimeout = /** @type {any} */ ((/** @type {() => void} */ run, /** @type {number} */ milliseconds) => {
    limits.push(milliseconds);
    return real(run, milliseconds);
  });
  try {
    const started = await startLogin(options());
    await started.close();
  } finally {
    globalThis.setTimeout = real;
  }
  assert.ok(limits.includes(300_000), String(limits));
});

test("waiting before a login is started cannot be written: there is nothing to call it on", async () => {
  const entry = await import("wasm-oidc/node");
  assert.deepEqual(Object.keys(entry).sort(), ["encryptedFileStorage", "fetchTrusting", "fileStorage", "login", "startLogin"]);
});

test("refreshing renews access and refresh token in the client and in its store", async () => {
  const { idp, agent } = await login(options({ openBrowser: browserOf() }));
  const old = agent.tokens;
  const renewed = await idp.refresh();
  assert.equal(renewed.id, "usr_ada");
  assert.notEqual(renewed.tokens.access_token, old.access_token);
  assert.notEqual(renewed.tokens.refresh_token, old.refresh_token);
  assert.deepEqual(await idp.getTokens(), renewed.tokens);
  // The provider rotates: only the new one is good, and it was saved.
  assert.equal((await idp.refresh()).id, "usr_ada");
  idp.dispose();
});

test("refreshing without a refresh token is an error that names offline_access", async () => {
  await setting.provider.addClient({
    client_id: "without-refresh",
    grant_types: ["authorization_code"],
    redirect_uris: [`http://127.0.0.1:${setting.port}/callback`],
  });
  const { idp } = await login(options({ clientId: "without-refresh", scopes: "openid", openBrowser: browserOf() }));
  const error = await idp.refresh().catch((thrown) => thrown);
  assert.ok(error instanceof RefreshError);
  assert.equal(error.code, "no_refresh_token");
  assert.match(error.message, /offline_access/);
  idp.dispose();
});

test("an access token that is due is renewed without being asked", async () => {
  const { idp, agent } = await login(options({ refreshBufferSeconds: 600, openBrowser: browserOf() }));
  const before = setting.tokenRequests("refresh_token");
  const { access_token: old } = agent.tokens;
  await idp.getAccessToken({ minValiditySeconds: 3600 });
  assert.equal(setting.tokenRequests("refresh_token") - before, 1);
  assert.notEqual(idp.agent?.tokens.access_token, old);
  idp.dispose();
});

test("who says no at the provider ends the login with that, and its page says it", async () => {
  const started = await startLogin(options());
  const { searchParams } = new URL(started.url);
  const denied = new URLSearchParams({ error: "access_denied", error_description: "<b>no</b>", state: searchParams.get("state") ?? "", iss: setting.provider.issuer });
  const { status, text } = await ask(`${started.redirectUri}?${denied}`);
  assert.equal(status, 400);
  assert.match(text, /The sign-in failed/);
  assert.doesNotMatch(text, /<b>/);
  await assert.rejects(started.awaitCallback(), { name: "AccessDeniedError", code: "access_denied" });
  assert.equal(setting.provider.requests.at(-1)?.path.endsWith("/token"), false);
});

test("closing a login ends the waiting, and closing it again changes nothing", async () => {
  const started = await startLogin(options());
  const waiting = started.awaitCallback();
  await started.close();
  await started.close();
  await assert.rejects(waiting, { name: "ConfigurationError", code: "disposed" });
  assert.equal(await isTaken(setting.port), false);
});

test("leaving the block of a login closes it", async () => {
  const started = await startLogin(options());
  await /** @type {any} */ (started)[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
  assert.equal(await isTaken(setting.port), false);
});

test("a signal ends the waiting with its reason", async () => {
  const controller = new AbortController();
  const started = await startLogin(options({ signal: controller.signal }));
  controller.abort(new Error("enough"));
  await assert.rejects(started.awaitCallback(), /enough/);
  assert.equal(await isTaken(setting.port), false);
  await assert.rejects(startLogin(options({ signal: AbortSignal.abort(new Error("before")) })), /before/);
  assert.equal(await isTaken(setting.port), false);
});

test("disposing of the client ends the waiting", async () => {
  const redirectUri = `http://127.0.0.1:${setting.ports[1]}/callback`;
  const { issuer, clientId } = options();
  const client = await IdpClient.create({ issuer, clientId, redirectUri, session: "single-user" });
  const started = await startLogin({ client });
  client.dispose();
  await assert.rejects(started.awaitCallback(), { code: "disposed" });
  assert.equal(await isTaken(setting.ports[1]), false);
});

test("nothing ends a login from outside once its answer is here", async () => {
  const controller = new AbortController();
  /** @type {() => void} */
  let goOn = () => {};
  const held = new Promise((resolve) => (goOn = () => resolve(undefined)));
  /** @type {() => void} */
  let arrived = () => {};
  const asked = new Promise((resolve) => (arrived = () => resolve(undefined)));
  const slow = async (/** @type {any} */ input, /** @type {any} */ init) => {
    if (input.url.endsWith("/token")) {
      arrived();
      await held;
    }
    return fetch(input, init);
  };
  const started = await startLogin(options({ signal: controller.signal, fetch: slow }));
  const browser = browse(started.url);
  await asked;
  controller.abort();
  const closed = started.close();
  goOn();
  const { idp, agent } = await started.awaitCallback();
  assert.equal(agent.id, "usr_ada");
  assert.match(await (await browser).text(), /You are signed in/);
  await closed;
  idp.dispose();
});

test("a browser that cannot be opened ends the login", async () => {
  const refuse = () => {
    throw new Error("no screen");
  };
  await assert.rejects(login(options({ openBrowser: refuse })), /no screen/);
  await assert.rejects(login(options({ openBrowser: async () => refuse() })), /no screen/);
  assert.equal(await isTaken(setting.port), false);
});

test("a port that is taken is an error that names it and says what to do, and nothing was sent", async () => {
  const other = createServer();
  await new Promise((resolve) => other.listen(setting.port, "127.0.0.1", () => resolve(undefined)));
  const sent = setting.provider.requests.length;
  try {
    const error = await startLogin(options()).catch((thrown) => thrown);
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, "port_taken");
    assert.match(error.message, new RegExp(`port ${setting.port} of 127\\.0\\.0\\.1 is taken .*: end that, or choose another \`port\``));
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
  assert.equal(setting.provider.requests.length, sent);
});

test("options that cannot be are refused before anything listens, each by its name", async () => {
  /** @type {[object, RegExp][]} */
  const rows = [
    [{ host: "0.0.0.0" }, /"host": expected "127\.0\.0\.1"/],
    [{ host: "::" }, /"host"/],
    [{ host: "example.com" }, /"host"/],
    [{ host: "127.0.0.2" }, /"host"/],
    [{ port: -1 }, /"port"/],
    [{ port: 65_536 }, /"port"/],
    [{ port: "4200" }, /"port"/],
    [{ port: 4200.5 }, /"port"/],
    [{ path: "callback" }, /"path"/],
    [{ path: "//evil.example" }, /"path"/],
    [{ path: "/callback?a=1" }, /"path"/],
    [{ path: "/call\r\nback" }, /"path"/],
    [{ timeoutSeconds: 0 }, /"timeoutSeconds": expected a number from 1 to 600/],
    [{ timeoutSeconds: 601 }, /"timeoutSeconds"/],
    [{ timeoutSeconds: NaN }, /"timeoutSeconds"/],
    [{ openBrowser: "firefox" }, /"openBrowser"/],
    [{ responseMode: "fragment" }, /"responseMode"/],
    [{ redirectUri: "http://127.0.0.1:4200/callback" }, /"port", "host", "path"/],
    [{ port: undefined, redirectUri: "https://127.0.0.1:4200/callback" }, /"redirectUri"/],
    [{ port: undefined, redirectUri: "http://app.example.com/callback" }, /"redirectUri"/],
    [{ port: undefined, redirectUri: "http://127.0.0.1:0/callback" }, /"redirectUri"/],
    [{ port: undefined, redirectUri: "callback" }, /"redirectUri"/],
    [{ client: {} }, /"client": expected an IdpClient/],
  ];
  for (const [more, says] of rows) {
    await assert.rejects(startLogin(/** @type {any} */ (options(more))), (error) => {
      assert.ok(error instanceof ConfigurationError && error.code === "invalid_option", `${JSON.stringify(more)} ${error}`);
      assert.match(error.message, says);
      return true;
    });
  }
  await assert.rejects(login(/** @type {any} */ (options({ openBrowser: false }))), /nobody would see the URL; use `startLogin`/);
  await assert.rejects(startLogin(/** @type {any} */ (options({ clientID: "x" }))), { code: "unknown_option", message: /clientId/ });
  assert.equal(await isTaken(setting.port), false);
});

test("every option of a sign-in that a program can use is one of a login", async () => {
  const [declared, code] = await Promise.all(
    ["index.d.ts", "node/login.js"].map((file) => readFile(new URL(`../../pkg/${file}`, import.meta.url), "utf8")),
  );
  const [, members] = /export interface SignInOptions \{(.*?)\n\}/s.exec(declared) ?? [];
  const names = [...members.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
  assert.ok(names.length > 15, String(names));
  const others = ["scopes", "responseMode", "returnTo", "state", "nonce"];
  const [, list] = /const SIGN_IN = \[(.*?)\]/s.exec(code) ?? [];
  assert.deepEqual([...list.matchAll(/"(\w+)"/g)].map(([, name]) => name).sort(), names.filter((name) => !others.includes(name)).sort());
});

test("a client that serves several people is refused, with the port free again", async () => {
  const redirectUri = `http://127.0.0.1:${setting.ports[1]}/callback`;
  const { issuer, clientId } = options();
  const client = await IdpClient.create({ issuer, clientId, redirectUri });
  await assert.rejects(startLogin({ client }), { code: "no_ambient_session", message: /startLogin/ });
  assert.equal(await isTaken(setting.ports[1]), false);
  client.dispose();
});

test("a provider that is down is told, with the port free again", async () => {
  await assert.rejects(startLogin(options({ issuer: "http://127.0.0.1:9" })), { name: "NetworkError" });
  assert.equal(await isTaken(setting.port), false);
});

test("a later login of the same client leaves an earlier one to its own answer", async () => {
  const first = await startLogin(options());
  const second = await startLogin(options({ port: setting.ports[1] }));
  const callback = await signInWithoutBrowser(first.url, "ada");
  const wrong = callback.replace(`:${setting.ports[0]}/`, `:${setting.ports[1]}/`);
  assert.equal((await ask(wrong)).status, 400);
  assert.equal((await ask(callback)).status, 200);
  await browse(second.url, "ben");
  const ended = await Promise.all([first.awaitCallback(), second.awaitCallback()]);
  assert.deepEqual(ended.map(({ agent }) => agent.id), ["usr_ada", "usr_ben"]);
  for (const { idp } of ended) idp.dispose();
});
