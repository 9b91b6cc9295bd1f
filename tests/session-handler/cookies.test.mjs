// @ts-check
// The cookies of a session handler: how they are set, what of them is believed, and that whatever else comes is nobody.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { CompactEncrypt } from "jose";

import { Seals } from "../../pkg/edge/session/seal.js";
import { Browser, ORIGIN, SECRET, makeHandler, startProvider } from "./setting.mjs";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider();
});
after(() => provider?.close());

/** A `Set-Cookie` without what differs from run to run. @param {string} line */
const shape = (line) => line.replace(/(sign-in|began)\.[^=]*=/, "$1.ID=").replace(/^([^=]+)=[^;]+;/, "$1=SEALED;");

const SESSION = "__Host-wasm-oidc";

test("every cookie is set with these attributes, and no others [W9]", async () => {
  const browser = new Browser(makeHandler(provider));
  await browser.signIn();
  await browser.fetch("/auth/logout", { method: "POST" });
  assert.deepEqual(browser.set.map(shape), [
    "__Secure-wasm-oidc-sign-in.ID=SEALED; Max-Age=600; Path=/auth; HttpOnly; Secure; SameSite=Lax",
    "__Host-wasm-oidc-began.ID=SEALED; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax",
    "__Secure-wasm-oidc-sign-in.ID=SEALED; Max-Age=600; Path=/auth; HttpOnly; Secure; SameSite=Lax",
    "__Host-wasm-oidc=SEALED; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Lax",
    "__Host-wasm-oidc=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
  ]);
});

test("SameSite=Strict is the session's where the app asks for it, and the transaction stays Lax [W9]", async () => {
  const browser = new Browser(makeHandler(provider, { sameSite: "strict" }));
  await browser.signIn();
  assert.deepEqual(browser.set.map(shape), [
    "__Secure-wasm-oidc-sign-in.ID=SEALED; Max-Age=600; Path=/auth; HttpOnly; Secure; SameSite=Lax",
    "__Host-wasm-oidc-began.ID=SEALED; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax",
    "__Secure-wasm-oidc-sign-in.ID=SEALED; Max-Age=600; Path=/auth; HttpOnly; Secure; SameSite=Lax",
    "__Host-wasm-oidc=SEALED; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Strict",
  ]);
});

test("on http, which is for loopback alone, a cookie has no prefix and is not Secure, and is the same otherwise [W9]", async (t) => {
  const origin = "http://127.0.0.1:8787";
  const local = await startProvider({}, { redirectUris: [`${origin}/auth/callback`] });
  t.after(() => local.close());
  const browser = new Browser(makeHandler(local, { publicOrigin: origin }), origin);
  await browser.signIn();
  assert.deepEqual(browser.set.map(shape).slice(1), [
    "wasm-oidc-sign-in.ID=SEALED; Max-Age=600; Path=/auth; HttpOnly; SameSite=Lax",
    "wasm-oidc=SEALED; Max-Age=28800; Path=/; HttpOnly; SameSite=Lax",
  ]);
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("nothing of a token, of the code verifier or of the state can be read in a cookie [W9]", async () => {
  const browser = new Browser(makeHandler(provider));
  const callback = new URL(await browser.atProvider());
  const state = /** @type {string} */ (callback.searchParams.get("state"));
  await browser.go(`${callback.pathname}${callback.search}`);
  const handler = makeHandler(provider);
  const tokens = (await handler.getSession(browser.request("/")))?.agent.tokens;
  assert.ok(tokens?.id_token && tokens.refresh_token);
  const readable = browser.set.map((line) => line + line.split(/[.=;~]/).map((part) => Buffer.from(part, "base64url").toString("latin1")).join("\n"));
  for (const secret of [state, tokens.access_token, tokens.refresh_token, tokens.id_token, "usr_ada", "code_verifier", "codeVerifier"]) {
    for (const text of readable) assert.ok(!text.includes(secret), secret);
  }
});

test("a cookie of one purpose is none of another, even where its place is taken: cookie_purpose_mismatch [X11]", async () => {
  /** @type {any[]} */
  const events = [];
  const handler = makeHandler(provider, { logger: (/** @type {any} */ event) => void events.push(event) });
  const browser = new Browser(handler);
  const callback = new URL(await browser.atProvider());
  const [[name, { value }]] = [...browser.jar].filter(([name]) => name.includes("sign-in"));
  const asSession = browser.request("/", { headers: { cookie: `${SESSION}=1~${value}` } });
  assert.equal(await handler.getSession(asSession), null);
  assert.deepEqual(events.map(({ type, error }) => [type, error.code]), [["warning", "cookie_purpose_mismatch"]]);

  await browser.go(`${callback.pathname}${callback.search}`);
  const [[, session]] = browser.session;
  const next = new URL(await browser.atProvider());
  const [[fresh]] = [...browser.jar].filter(([other]) => other.includes("sign-in") && other !== name);
  browser.jar.set(fresh, { value: session.value.replace(/^\d~/, ""), path: "/auth" });
  const refused = await browser.go(`${next.pathname}${next.search}`);
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /cookie_purpose_mismatch/);
});

test("each purpose has a key of its own, so that a changed header opens nothing [X11]", async () => {
  const seals = new Seals([new TextEncoder().encode(SECRET)], "context");
  const [session, record] = await Promise.all(["session", "record"].map((purpose) => seals.seal(/** @type {any} */ (purpose), { a: 1 }, 4e9)));
  assert.deepEqual(await seals.open("session", session), { a: 1 });
  await assert.rejects(seals.open("record", session), { code: "cookie_purpose_mismatch" });
  const disguised = [record.split(".")[0], ...session.split(".").slice(1)].join(".");
  assert.equal(await seals.open("record", disguised), undefined);
  // With the header that belongs there, and the key of another purpose.
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(SECRET), "HKDF", false, ["deriveKey"]);
  const sealedBy = async (/** @type {string} */ purpose) => {
    const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(`wasm-oidc ${purpose} context`) };
    const key = await crypto.subtle.deriveKey(parameters, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const header = { alg: "dir", enc: "A256GCM", typ: "wasm-oidc-record+jwe" };
    return new CompactEncrypt(new TextEncoder().encode('{"exp":4e9,"content":{"a":1}}')).setProtectedHeader(header).encrypt(key);
  };
  assert.deepEqual(await seals.open("record", await sealedBy("record")), { a: 1 });
  assert.equal(await seals.open("record", await sealedBy("session")), undefined);
  const others = new Seals([new TextEncoder().encode(SECRET)], "another client");
  assert.equal(await others.open("session", session), undefined);
  assert.equal(await seals.open("session", session.replace(/^[^.]*/, Buffer.from('{"alg":"dir","enc":"A256GCM","typ":"wasm-oidc-session+jwe","zip":"DEF"}').toString("base64url"))), undefined);
});

test("what is sealed is over when it says so, whatever the browser keeps", async () => {
  const seals = new Seals([new TextEncoder().encode(SECRET)], "context");
  const now = Math.floor(Date.now() / 1000);
  assert.equal(await seals.open("session", await seals.seal("session", 1, now - 1)), undefined);
  assert.equal(await seals.open("session", await seals.seal("session", 1, now + 60)), 1);
});

test("secrets rotate: the first seals, all open, and one that is gone opens nothing", async () => {
  const [old, next] = ["old ".repeat(10), "next ".repeat(10)];
  const browser = new Browser(makeHandler(provider, { secrets: old }));
  await browser.signIn();
  const request = () => browser.request("/");
  assert.equal((await makeHandler(provider, { secrets: [next, old] }).getSession(request()))?.agent.id, "usr_ada");
  assert.equal(await makeHandler(provider, { secrets: [next] }).getSession(request()), null);
  const rotated = new Browser(makeHandler(provider, { secrets: [next, old] }));
  await rotated.signIn();
  assert.equal((await makeHandler(provider, { secrets: next }).getSession(rotated.request("/")))?.agent.id, "usr_ada");
});

test("a transaction that a neighbour under the same domain put here is none of this browser's [X10]", async () => {
  const handler = makeHandler(provider);
  const [attacker, victim] = [new Browser(handler), new Browser(handler)];
  const callback = new URL(await attacker.atProvider());
  // What `Domain=` and the prefix `__Secure-` allow, and `__Host-` does not.
  for (const [name, cookie] of attacker.jar) if (name.startsWith("__Secure-")) victim.jar.set(name, cookie);
  const response = await victim.go(`${callback.pathname}${callback.search}`);
  assert.deepEqual([response.status, victim.session], [400, []]);
  assert.match(await response.text(), /transaction_not_found/);
});

test("a session of another client with the same secret is nobody's", async () => {
  const browser = new Browser(makeHandler(provider));
  await browser.signIn();
  const other = makeHandler(provider, { client: { clientId: "another" } });
  assert.equal(await other.getSession(browser.request("/")), null);
});

/** A session that needs several cookies. */
async function large() {
  const users = [{
    sub: "usr_ada", login: "ada", password: "notes-1843", about: "", name: "Ada ".repeat(1200), email: "ada@example.com",
    email_verified: true, organizations: [],
  }];
  const provider = await startProvider({ users });
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  const response = await browser.signIn();
  return { provider, handler, browser, response };
}

test("a long session stands in several cookies, each below 4096 bytes, and is read only whole [W9]", async (t) => {
  const { provider, handler, browser } = await large();
  t.after(() => provider.close());
  const lines = browser.set.filter((line) => /^__Host-wasm-oidc(\.\d)?=/.test(line));
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(Buffer.byteLength(line) < 4096, `${line.length}`);
  assert.equal((await browser.who()).agent.id, "usr_ada");
  const whole = Object.fromEntries(browser.session.map(([name, { value }]) => [name, value]));
  const seen = async (/** @type {Record<string, string>} */ cookies) => {
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
    return (await handler.getSession(browser.request("/", { headers: { cookie } })))?.agent.id ?? null;
  };
  assert.equal(await seen(whole), "usr_ada");
  const [first, second, third] = Object.keys(whole);
  const { [second]: middle, ...without } = whole;
  assert.equal(await seen(without), null, "one is missing");
  assert.equal(await seen({ ...whole, [second]: middle.slice(0, -1) }), null, "one is cut");
  assert.equal(await seen({ ...whole, [second]: whole[third], [third]: middle }), null, "two changed places");
  assert.equal(await seen({ ...whole, [first]: whole[first].replace("3~", "2~") }), null, "another number");
  for (const number of ["0", "9", "99", "-1", "x"]) assert.equal(await seen({ ...whole, [first]: whole[first].replace("3", number) }), null);
});

test("what is left of a longer session is deleted by a shorter one [W9]", async (t) => {
  const { provider: other, browser: long } = await large();
  t.after(() => other.close());
  const browser = new Browser(makeHandler(provider));
  browser.jar = long.jar;
  await browser.signIn();
  assert.deepEqual(browser.session.map(([name]) => name), [SESSION]);
  assert.equal((await browser.who()).agent.claims.name, "Ada Lovelace");
  const gone = browser.set.filter((line) => line.includes("Max-Age=0")).map(shape);
  assert.deepEqual(gone, [1, 2].map((number) => `${SESSION}.${number}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`));
});

test("a session that no cookies can hold is refused with what to do, and its tokens are revoked", async (t) => {
  const users = [{ sub: "usr_ada", login: "ada", password: "notes-1843", about: "", name: "Ada ".repeat(4000), email: "a@example.com", email_verified: true, organizations: [] }];
  const wide = await startProvider({ users });
  t.after(() => wide.close());
  /** @type {any[]} */
  const events = [];
  const browser = new Browser(makeHandler(wide, { logger: (/** @type {any} */ event) => void events.push(event) }));
  const response = await browser.signIn();
  assert.equal(response.status, 500);
  assert.equal(events.at(-1).error.code, "session_too_large");
  assert.match(events.at(-1).error.message, /"store"/);
  assert.deepEqual(browser.session, []);
  assert.equal(wide.requests.filter(({ path }) => path === "/token/revocation").length, 2);
});

test("garbage in every place of a cookie is nobody, and no error", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn();
  const [[, { value }]] = browser.session;
  const [header, key, iv, text, tag] = value.split(".");
  const wrong = [
    "", "~", "1~", "1~.", "1~....", "x", "1~%00", "1~\u00ff", "__proto__", "1~a.b.c.d.e", `1~${header}`, value.slice(2), value.slice(0, -1), `${value}A`,
    [header, key, iv, text].join("."), [header, "AAAA", iv, text, tag].join("."), [header, key, "AAAAAAAAAAAAAAAA", text, tag].join("."),
    [header, key, iv, text, "AAAA"].join("."), [header, key, iv, "", tag].join("."), `1~${Buffer.from('{"alg":"none"}').toString("base64url")}....`,
  ];
  for (const cookie of wrong) {
    const request = browser.request("/", { headers: { cookie: `${SESSION}=${encodeURI(cookie)}` } });
    assert.equal(await handler.getSession(request), null, cookie);
    const raw = new Request(`${ORIGIN}/`, { headers: { cookie: `a; ;=;${SESSION}=${encodeURI(cookie)}; ${SESSION}.1` } });
    assert.equal(await handler.getSession(raw), null, cookie);
  }
  assert.equal((await browser.who()).agent.id, "usr_ada");
});

test("a megabyte of cookies is nobody, before anything is opened", async () => {
  const handler = makeHandler(provider);
  const browser = new Browser(handler);
  await browser.signIn();
  const [[name, { value }]] = browser.session;
  const padding = Array.from({ length: 1024 }, (_, index) => `p${index}=${"x".repeat(1000)}`).join("; ");
  const piece = (/** @type {number} */ index) => `${SESSION}.${index}=${"A".repeat(3000)}`;
  const { decrypt } = crypto.subtle;
  let opened = 0;
  crypto.subtle.decrypt = function (...given) {
    opened += 1;
    return decrypt.apply(crypto.subtle, given);
  };
  try {
    const after = [`${name}=${value}; ${padding}`, Array.from({ length: 350 }, (_, index) => piece(index)).join("; "), `${SESSION}=1~${"A".repeat(1 << 20)}`];
    const [header] = value.split(".");
    const long = `${header.slice(2)}..AAAAAAAAAAAAAAAA.${"A".repeat(34000)}.AAAAAAAAAAAAAAAAAAAAAA`;
    const pieces = Array.from({ length: 9 }, (_, index) => long.slice(index * 3800, (index + 1) * 3800));
    after.push(`${SESSION}=1~${long}`, pieces.map((text, index) => (index === 0 ? `${SESSION}=9~${text}` : `${SESSION}.${index}=${text}`)).join("; "));
    for (const cookie of after) assert.equal(await handler.getSession(new Request(`${ORIGIN}/`, { headers: { cookie } })), null);
    assert.equal(opened, 0, "nothing is opened");
    assert.equal((await handler.getSession(browser.request("/")))?.agent.id, "usr_ada");
    assert.equal(opened, 1, "one text, one opening");
  } finally {
    crypto.subtle.decrypt = decrypt;
  }
});

test("of the sign-ins under way eight stay, and the oldest go", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const browser = new Browser(makeHandler(provider));
  const names = () => [...browser.jar.keys()].filter((name) => name.includes("sign-in"));
  /** @type {string[]} */
  const begun = [];
  for (let count = 0; count < 11; count += 1) {
    const before = new Set(names());
    await browser.go("/auth/login");
    begun.push(...names().filter((name) => !before.has(name)));
    t.mock.timers.tick(2000);
  }
  assert.deepEqual(names().sort(), begun.slice(-8).sort());
  assert.equal([...browser.jar.keys()].filter((name) => name.includes("began")).length, 8);
});
