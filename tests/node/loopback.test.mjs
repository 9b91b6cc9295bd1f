// What the server of a login lets in (RFC 8252 8.3, 8.10), what it shows, and that nothing of it stays.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";

import { startLogin } from "wasm-oidc/node";

import { signInWithoutBrowser } from "../op/provider.mjs";
import { ask, browse, emptyFolder, runProgram, startSetting } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
before(async () => {
  setting = await startSetting();
});
after(() => setting?.provider.close());

/**
 * A login, the callback that ends it, and that it still ends after what the test did.
 *
 * @param {(login: { started: import("wasm-oidc/node").StartedLogin, callback: string }) => Promise<void>} meanwhile
 * @param {object} [more] options
 */
async function stillEnds(meanwhile, more) {
  const started = await startLogin({ ...setting.options, ...more });
  const callback = await signInWithoutBrowser(started.url, "ada");
  const before = setting.tokenRequests("authorization_code");
  await meanwhile({ started, callback });
  assert.equal(setting.tokenRequests("authorization_code"), before, "a code was sent meanwhile");
  assert.equal((await ask(callback)).status, 200);
  const { idp, agent } = await started.awaitCallback();
  assert.equal(agent.id, "usr_ada");
  idp.dispose();
}

test("another state is refused and ends nothing: it is somebody else's request [B2]", () =>
  stillEnds(async ({ started, callback }) => {
    const others = [
      callback.replace("state=", "state=x"),
      callback.replace(/state=[^&]+/, ""),
      callback.replace(/state=[^&]+/, "state=made-up-by-a-page-of-another-site"),
      `${started.redirectUri}?error=access_denied&state=guessed`,
      `${started.redirectUri}?error=access_denied`,
      `${started.redirectUri}?code=stolen`,
      started.redirectUri,
    ];
    for (const url of others) {
      const { status, text } = await ask(url);
      assert.equal(status, 400, url);
      assert.match(text, /This sign-in is not waited for/);
    }
  }));

test("a request that names another host is refused, since a page can make its own name lead here", () =>
  stillEnds(async ({ callback }) => {
    for (const host of ["evil.example", `evil.example:${setting.port}`, "127.0.0.1", `localhost:${setting.port}`, `127.0.0.1:${setting.port}.`]) {
      assert.equal((await ask(callback, { headers: { host } })).status, 421, host);
    }
  }));

test("another path is not found, as spelt otherwise or asked for by an icon", () =>
  stillEnds(async ({ callback }) => {
    const { search } = new URL(callback);
    for (const path of ["/", "/favicon.ico", "/callback/", "//callback", "/Callback", "/%63allback", "/x/../callback", `http://127.0.0.1:${setting.port}/callback`]) {
      assert.equal((await ask(callback, { path: path + search })).status, 404, path);
    }
  }));

test("no method but GET is answered", () =>
  stillEnds(async ({ callback }) => {
    for (const method of ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
      const { status, headers } = await ask(callback, { method });
      assert.deepEqual([status, headers.allow], [405, "GET"], method);
    }
  }));

test("one answer is taken, and none after it", async () => {
  const started = await startLogin(setting.options);
  const callback = await signInWithoutBrowser(started.url, "ada");
  const [first, ...others] = await Promise.all([ask(callback), ask(callback), ask(callback).catch(() => ({ status: 400 }))]);
  assert.deepEqual([first.status, ...others.map(({ status }) => status)], [200, 400, 400]);
  const { idp } = await started.awaitCallback();
  await assert.rejects(ask(callback), { code: "ECONNREFUSED" });
  idp.dispose();
});

test("only the loopback interface is listened on", async (t) => {
  const started = await startLogin(setting.options);
  const others = Object.values(networkInterfaces()).flat().filter((one) => one !== undefined && !one.internal && one.family === "IPv4");
  t.diagnostic(`addresses beside loopback: ${others.length}`);
  for (const { address } of /** @type {any[]} */ (["127.0.0.2", ...others.map((one) => one?.address)].map((address) => ({ address })))) {
    await assert.rejects(
      new Promise((resolve, reject) => connect({ host: address, port: setting.port }).once("connect", resolve).once("error", reject)),
      { code: "ECONNREFUSED" },
      address,
    );
  }
  await started.close();
});

test("localhost is listened on at both addresses that a browser may take it for, and ::1 by itself", async () => {
  for (const [host, addresses] of /** @type {const} */ ([["localhost", ["127.0.0.1", "[::1]"]], ["[::1]", ["[::1]"]], ["::1", ["[::1]"]]])) {
    const started = await startLogin({ ...setting.options, host });
    const name = host === "::1" ? "[::1]" : host;
    assert.equal(started.redirectUri, `http://${name}:${setting.port}/callback`);
    for (const address of addresses) {
      const { status } = await ask(`http://${address}:${setting.port}/callback`, { headers: { host: `${name}:${setting.port}` } });
      assert.equal(status, 400, address);
    }
    if (name === "[::1]") await assert.rejects(ask(`http://127.0.0.1:${setting.port}/`), { code: "ECONNREFUSED" });
    await browse(started.url);
    (await started.awaitCallback()).idp.dispose();
  }
});

test("localhost is refused where somebody else listens on one of its addresses: the code would be theirs", async () => {
  const { createServer } = await import("node:http");
  const other = createServer();
  await new Promise((resolve) => other.listen(setting.port, "::1", () => resolve(undefined)));
  await assert.rejects(startLogin({ ...setting.options, host: "localhost" }), { code: "port_taken" });
  await assert.rejects(ask(`http://127.0.0.1:${setting.port}/`), { code: "ECONNREFUSED" });
  await new Promise((resolve) => other.close(resolve));
});

test("each page is without script, is kept by nobody, sends no referrer, and holds neither code nor token [O9, X26, X34]", async () => {
  const started = await startLogin(setting.options);
  const callback = await signInWithoutBrowser(started.url, "ada");
  const { searchParams } = new URL(callback);
  const pages = [await ask(callback, { path: "/favicon.ico" }), await ask(callback.replace("state=", "state=<script>")), await ask(callback)];
  const { idp, agent } = await started.awaitCallback();
  for (const { text, headers } of pages) {
    const style = /<style>(.*)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    assert.equal(
      headers["content-security-policy"],
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.doesNotMatch(text, /<script|<a |<img|<link|<form|https?:/);
    for (const secret of [searchParams.get("code"), searchParams.get("state"), ...Object.values(agent.tokens)]) {
      assert.ok(typeof secret !== "string" || secret.length < 20 || !text.includes(secret), "a secret");
    }
  }
  assert.match(pages[2].text, /You are signed in/);
  idp.dispose();
});

test("what a provider says in an error is shown as text, never as markup [X34]", async () => {
  const started = await startLogin(setting.options);
  const { searchParams } = new URL(started.url);
  const words = { error: "server_error", error_description: `<img src=x onerror="alert('1')">&amp;`, iss: setting.provider.issuer };
  const { text } = await ask(`${started.redirectUri}?${new URLSearchParams({ ...words, state: searchParams.get("state") ?? "" })}`);
  await assert.rejects(started.awaitCallback(), { name: "ProviderError" });
  assert.match(text, /The sign-in failed/);
  assert.doesNotMatch(text, /<img|onerror="/);
  const { failedPage } = await import("../../pkg/node/pages.js");
  const { toError } = await import("../../pkg/errors.js");
  const hostile = toError({ class: "ProviderError", code: "server_error", message: words.error_description, recovery: "retry" });
  assert.match(failedPage(hostile), /<p>&#60;img src=x onerror=&#34;alert\(&#39;1&#39;\)&#34;&#62;&#38;amp;<\/p>/);
  assert.doesNotMatch(failedPage(new Error("a path of this machine")), /path of/);
});

test("who connects and says nothing keeps the port of no login that is over", async () => {
  const started = await startLogin(setting.options);
  const silent = connect(setting.port, "127.0.0.1");
  await new Promise((resolve) => silent.once("connect", resolve));
  silent.on("error", () => {});
  const closed = new Promise((resolve) => silent.once("close", resolve));
  await started.close();
  await closed;
  await assert.rejects(ask(`http://127.0.0.1:${setting.port}/`), { code: "ECONNREFUSED" });
});

test("a program ends by itself after its login, also after one that failed", async () => {
  for (const [how, ended] of [["success", "usr_ada"], ["timeout", "timeout"], ["close", "disposed"]]) {
    const { code, told } = await runProgram("login.mjs", { options: setting.options, how }, { limit: 20_000 });
    assert.deepEqual([code, told.ended], [0, ended], how);
  }
});

test("the browser of the system is started without a shell, with the URL as it is [X15]", async () => {
  const { folder, remove } = await emptyFolder();
  try {
    // What a shell would make of the URL would show.
    await writeFile(join(folder, "xdg-open"), `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > "${join(folder, "opened")}"\n`);
    await chmod(join(folder, "xdg-open"), 0o755);
    const path = `${folder}${delimiter}${process.env.PATH}`;
    const extraParams = { hint: "$(touch pwned);`id`&calc|\"'" };
    const { code, told } = await runProgram(
      "system-browser.mjs",
      { options: { ...setting.options, extraParams }, opened: join(folder, "opened") },
      { env: { PATH: path }, limit: 30_000 },
    );
    assert.equal(code, 0);
    assert.equal(told.ended, "usr_ada");
    assert.equal(told.count, "1");
    assert.match(told.url, /^http:\/\/127\.0\.0\.1:\d+\/auth\?/);
    assert.equal(new URL(told.url).searchParams.get("hint"), extraParams.hint);
  } finally {
    await remove();
  }
});

test("a machine without a browser is an error that says what to do", async () => {
  const { folder, remove } = await emptyFolder();
  try {
    const nowhere = await runProgram("system-browser.mjs", { options: setting.options }, { env: { PATH: folder }, limit: 20_000 });
    assert.deepEqual([nowhere.code, nowhere.told.ended], [0, "browser_unavailable"]);
    assert.match(nowhere.told.message, /xdg-open cannot be started: ENOENT.*: show the `url` of startLogin/);
    await writeFile(join(folder, "xdg-open"), "#!/bin/sh\nexit 3\n");
    await chmod(join(folder, "xdg-open"), 0o755);
    const fails = await runProgram("system-browser.mjs", { options: setting.options }, { env: { PATH: folder }, limit: 20_000 });
    assert.match(fails.told.message, /xdg-open ended with 3/);
  } finally {
    await remove();
  }
});
