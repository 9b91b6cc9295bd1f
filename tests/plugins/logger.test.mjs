// @ts-check
// The trace log: each request to the provider and each answer as one event, in which no secret is, whoever puts it there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startTestProvider } from "../op/provider.mjs";
import { Watch, canary } from "../canaries/canaries.mjs";
import { makeClient } from "../session/client.mjs";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  const web = {
    client_id: "web", client_secret: canary("client-secret"), redirect_uris: ["http://127.0.0.1/callback"],
    token_endpoint_auth_method: "client_secret_post",
  };
  provider = await startTestProvider({ clients: [web] });
});
after(() => provider?.close());

/** @typedef {import("wasm-oidc").TraceEvent} TraceEvent */

/** A client with a log. @param {object} [more] options */
async function logged(more) {
  /** @type {TraceEvent[]} */
  const events = [];
  const made = await makeClient(provider, { logger: (/** @type {TraceEvent} */ event) => void events.push(event), ...more });
  return { ...made, events };
}

test("each request and its answer are two events of one id, in order, and no call of an API is among them", async () => {
  const { idp, signIn, events } = await logged({
    apiOrigins: ["https://api.example"],
    fetch: (/** @type {any} */ input, /** @type {any} */ init) =>
      String(input.url ?? input).startsWith("https://api.example") ? Promise.resolve(new Response("{}")) : fetch(input, init),
  });
  await signIn();
  await idp.getUserInfo();
  await idp.refresh();
  await idp.fetch("https://api.example/things");
  await idp.signOut({ redirect: false });
  await new Promise((resolve) => setTimeout(resolve));
  const sent = events.filter(({ type }) => type === "request");
  assert.equal(new Set(sent.map(({ id }) => id)).size, sent.length);
  for (const { id, purpose, method, url } of sent) {
    const [first, second, ...others] = events.filter((event) => event.id === id);
    assert.deepEqual([first.type, second.type, others], ["request", "response", []]);
    assert.deepEqual([second.purpose, second.method, second.url], [purpose, method, url]);
    assert.ok(second.durationMs !== undefined && second.durationMs >= 0 && second.durationMs < 30_000);
    assert.equal(second.status, 200);
  }
  const purposes = sent.map(({ purpose }) => purpose);
  for (const purpose of ["discovery", "keys", "token", "userinfo", "revocation"]) assert.ok(purposes.includes(/** @type {any} */ (purpose)), purpose);
  assert.ok(events.every(({ url }) => url.startsWith(provider.issuer)));
  idp.dispose();
});

test("what is no secret is shown: the grant, the scope, lifetimes, key ids, endpoints, the provider's refusal", async () => {
  const { idp, signIn, events } = await logged();
  await signIn();
  await assert.rejects(idp.createAgent({ .../** @type {any} */ (await idp.getTokens()), refresh_token: "x".repeat(43), expires_at: 1 }));
  await new Promise((resolve) => setTimeout(resolve));
  const of = (/** @type {string} */ type, /** @type {string} */ purpose) =>
    /** @type {any} */ (events.find((event) => event.type === type && event.purpose === purpose));
  const asked = of("request", "token");
  assert.deepEqual(
    [asked.body.grant_type, asked.body.client_id, asked.body.redirect_uri, asked.body.code, asked.body.code_verifier],
    ["authorization_code", "test-spa", "http://127.0.0.1/callback", "[redacted]", "[redacted]"],
  );
  assert.equal(asked.headers["content-type"], "application/x-www-form-urlencoded");
  const answered = of("response", "token");
  const { token_type, scope, expires_in, access_token, refresh_token, id_token } = answered.body;
  assert.deepEqual([token_type, scope, expires_in], ["Bearer", "openid email", 60]);
  assert.deepEqual([access_token, refresh_token, id_token], ["[redacted]", "[redacted]", "[redacted]"]);
  assert.ok(answered.bodyBytes > 100);
  assert.equal(of("response", "discovery").body.token_endpoint, `${provider.issuer}/token`);
  assert.deepEqual(Object.keys(of("response", "keys").body.keys[0]).includes("kid"), true);
  const refused = /** @type {any} */ (events.filter(({ type, purpose }) => type === "response" && purpose === "token").at(-1));
  assert.deepEqual([refused.status, refused.body.error], [400, "invalid_grant"]);
  assert.match(refused.body.error_description, /grant/);
  idp.dispose();
});

test("nobody but the token's own words are hidden: no secret of a whole life is in the log [X26]", async () => {
  const watch = new Watch();
  const key = canary("header");
  watch.hides("header", key);
  const secret = String((await provider.provider.Client.find("web"))?.clientSecret);
  watch.hides("client secret", secret);
  const { idp, signIn, events } = await logged({
    clientId: "web", clientAuth: { method: "client_secret_post", clientSecret: secret }, headers: { "x-key": key },
    fetch: async (/** @type {Request} */ request) => {
      const form = new URLSearchParams(await request.clone().text());
      for (const name of ["code", "code_verifier", "refresh_token", "token", "client_secret"]) watch.hides(name, form.get(name));
      watch.hides("authorization", request.headers.get("authorization")?.split(" ")[1]);
      return fetch(request);
    },
  });
  await signIn();
  const before = /** @type {any} */ (await idp.getTokens());
  await idp.refresh();
  const after = /** @type {any} */ (await idp.getTokens());
  for (const tokens of [before, after]) {
    for (const name of ["access_token", "refresh_token", "id_token"]) watch.hides(name, tokens[name]);
  }
  const info = await idp.getUserInfo();
  watch.hides("e-mail", String(info.email).padEnd(20, "\0"));
  await idp.introspect(after.access_token);
  await idp.checkToken(after.id_token);
  await idp.preflight();
  await idp.signOut({ redirect: false });
  await new Promise((resolve) => setTimeout(resolve));
  watch.sees("the log", events);
  assert.ok(watch.secrets.size >= 8 && events.length >= 20, `${watch.secrets.size} secrets, ${events.length} events`);
  assert.deepEqual(watch.found(), []);
  assert.doesNotMatch(JSON.stringify(events), /ada@|usr_ada/, "nor who it is");
  idp.dispose();
});

/** @type {[string, (echo: string) => Response | Promise<Response>][]} */
const ECHOES = [
  ["describes", (echo) => Response.json({ error: "invalid_grant", error_description: `cannot use ${echo}` }, { status: 400 })],
  ["names it as an error", (echo) => Response.json({ error: echo.slice(0, 400) }, { status: 400 })],
  ["has it as a name", (echo) => Response.json({ [echo]: 1, scope: { [echo]: 1 } })],
  ["has it as a value of a known name", (echo) => Response.json({ scope: [echo, { token_type: echo }], keys: echo, active: echo })],
  ["has it in a list", (echo) => Response.json([echo])],
  ["is it", (echo) => Response.json(echo)],
  ["has it in a form", (echo) => new Response(new URLSearchParams({ scope: echo, [echo]: echo }))],
  ["is a page", (echo) => new Response(`<p>${echo}</p>`, { headers: { "content-type": `text/html; x=${echo.slice(0, 300)}` } })],
  ["has it in its headers", (echo) => new Response("", { status: 401, headers: { "www-authenticate": `Bearer x="${echo}"`, "x-request-id": echo, server: echo, [echo.split(" ")[0]]: echo } })],
  ["redirects", (echo) => new Response("", { status: 302, headers: { location: `https://evil.example/?${echo}` } })],
  ["is not reached", (echo) => Promise.reject(new TypeError(`no ${echo}`))],
];

for (const [name, answer] of ECHOES) {
  test(`the log of a provider that repeats what it was sent and ${name} shows nothing of it [X26]`, async () => {
    const watch = new Watch();
    const key = canary("header");
    watch.hides("header", key);
    let isRight = true;
    const { idp, signIn, events } = await logged({
      headers: { "x-key": key },
      fetch: async (/** @type {Request} */ request) => {
        const form = new URLSearchParams(await request.clone().text());
        for (const field of ["code", "code_verifier", "refresh_token"]) watch.hides(field, form.get(field));
        const secrets = [...form].filter(([field]) => ["code", "code_verifier", "refresh_token"].includes(field));
        const echo = [...secrets.map(([, value]) => value), key].join(" ");
        return isRight || !request.url.endsWith("/token") ? fetch(request) : answer(echo);
      },
    });
    await signIn();
    isRight = false;
    await idp.refresh().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve));
    const last = /** @type {any} */ (events.at(-1));
    assert.deepEqual([last.purpose, last.type], ["token", name === "redirects" || name === "is not reached" ? "failure" : "response"]);
    watch.sees("the log", events);
    assert.deepEqual(watch.found(), []);
    idp.dispose();
  });
}

test("functions that are told something are called with no wasm on the stack, where they may ask the client anything", async () => {
  /** @type {string[]} */
  const stacks = [];
  /** @type {(boolean | undefined)[]} */
  const answers = [];
  /** @type {import("wasm-oidc").IdpClient | undefined} */
  let client;
  const told = () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Infinity;
    stacks.push(String(new Error("here").stack));
    Error.stackTraceLimit = stackTraceLimit;
    answers.push(client?.isAuthenticated);
  };
  const { idp } = await logged({ logger: told, onResponse: told });
  client = idp;
  await idp.discover({ force: true });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(answers.slice(-3), [false, false, false]);
  for (const stack of stacks) assert.doesNotMatch(stack, /wasm:\/\//);
  idp.dispose();
});
