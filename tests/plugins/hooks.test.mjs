// @ts-check
// Headers and hooks of the app's, against the real provider: they reach the provider and nobody else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { startTestProvider } from "../op/provider.mjs";
import { makeClient } from "../session/client.mjs";
import { tellReports } from "./reports.mjs";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  provider = await startTestProvider();
});
after(() => provider?.close());

const API = "https://api.example";

/** A client, and the requests that it sends. @param {object} [more] options */
async function watched(more) {
  /** @type {Request[]} */
  const sent = [];
  const made = await makeClient(provider, {
    apiOrigins: [API],
    fetch: (/** @type {any} */ input, /** @type {any} */ init) => {
      const request = new Request(input, init);
      sent.push(request);
      return request.url.startsWith(API) ? Promise.resolve(new Response("{}")) : fetch(request);
    },
    ...more,
  });
  return { ...made, sent };
}

/** Every job that asks the provider, and a call of an API. @param {Awaited<ReturnType<typeof watched>>} made */
async function doEverything({ idp, signIn }) {
  await signIn();
  await idp.getUserInfo();
  await idp.refresh();
  await idp.fetch(`${API}/things`);
  await idp.signOut({ redirect: false });
  idp.dispose();
}

test("headers go to the provider with every request and never to an API", async () => {
  const made = await watched({ headers: { "X-Tenant": "acme", "User-Agent": "app/1", Cookie: "a=b" } });
  await doEverything(made);
  const isOf = (/** @type {Request} */ request) => request.headers.get("x-tenant");
  const toApi = made.sent.filter(({ url }) => url.startsWith(API));
  assert.deepEqual(toApi.map(isOf), [null]);
  const toProvider = made.sent.filter(({ url }) => url.startsWith(provider.issuer));
  const paths = toProvider.map(({ url }) => new URL(url).pathname);
  for (const path of ["/.well-known/openid-configuration", "/jwks", "/token", "/me", "/token/revocation"]) {
    assert.ok(paths.includes(path), `${path} in ${paths}`);
  }
  assert.deepEqual([...new Set(toProvider.map(isOf))], ["acme"]);
  assert.equal(toProvider[0].headers.get("user-agent"), "app/1");
  assert.equal(toProvider[0].headers.get("cookie"), "a=b");
});

test("headers are secrets in the options that can be read, and a `Headers` is taken as well", async () => {
  const made = await watched({ headers: new Headers({ "x-tenant": "acme" }) });
  assert.deepEqual(made.idp.options.headers, { "x-tenant": "[redacted]" });
  await made.idp.discover({ force: true });
  assert.equal(made.sent.at(-1)?.headers.get("x-tenant"), "acme");
  made.idp.dispose();
});

test("what is no header, is set by the library or belongs to the connection is refused by name", async () => {
  const create = (/** @type {any} */ headers) =>
    IdpClient.create({ issuer: provider.issuer, clientId: "test-spa", headers, session: "single-user" });
  /** @type {[any, string, RegExp][]} */
  const wrong = [
    [{ "x key": "canary" }, "invalid_option", /"x key"/],
    [{ "x-key": "canary\r\nx: y" }, "invalid_option", /"x-key"/],
    [{ "x-key": "canary\0" }, "invalid_option", /"x-key"/],
    [{ "x-key": "cänary" }, "invalid_option", /"x-key"/],
    [{ "x-key": 5 }, "invalid_option", /strings/],
    [{ "x-key": "canary", "X-Key": "canary" }, "invalid_option", /twice/],
    [{ Authorization: "canary" }, "reserved_parameter", /"authorization"/],
    [{ DPoP: "canary" }, "reserved_parameter", /"dpop"/],
    [{ Host: "canary" }, "invalid_option", /"host"/],
    [{ Upgrade: "canary" }, "invalid_option", /"upgrade"/],
    [["canary"], "invalid_option", /object/],
    ["canary", "invalid_option", /object/],
  ];
  for (const [headers, code, words] of wrong) {
    await assert.rejects(create(headers), (/** @type {any} */ error) => {
      assert.deepEqual([error.name, error.code], ["ConfigurationError", code], JSON.stringify(headers));
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /c.nary/);
      return true;
    });
  }
});

for (const [name, onRequest] of /** @type {[string, (request: any) => any][]} */ ([
  ["answers with a request", async (request) => ({ ...request, headers: { ...request.headers, "X-Trace": "t1" } })],
  ["answers with headers alone", () => ({ headers: { "x-trace": "t1" } })],
  ["answers with `Headers`", ({ headers }) => ({ headers: new Headers([...Object.entries(headers), ["x-trace", "t1"]]) })],
  ["changes what it was given and answers nothing", ({ headers }) => void (headers["x-trace"] = "t1")],
])) {
  test(`a hook that ${name} adds a header to every request to the provider`, async () => {
    const made = await watched({ onRequest, headers: { "x-tenant": "acme" } });
    await doEverything(made);
    for (const request of made.sent) {
      const isOurs = request.url.startsWith(provider.issuer);
      assert.equal(request.headers.get("x-trace"), isOurs ? "t1" : null, request.url);
      assert.equal(request.headers.get("x-tenant"), isOurs ? "acme" : null, request.url);
    }
  });
}

test("hooks see what goes out and what comes back, in pairs, tools included", async () => {
  /** @type {any[]} */
  const requests = [];
  /** @type {any[]} */
  const responses = [];
  const made = await watched({
    onRequest: (/** @type {any} */ request) => void requests.push(request),
    onResponse: (/** @type {any} */ response) => void responses.push(response),
  });
  await made.signIn();
  const { access_token } = /** @type {any} */ (await made.idp.getTokens());
  await new Promise((resolve) => setTimeout(resolve));
  const asked = requests.find(({ purpose }) => purpose === "token");
  assert.ok(asked.body instanceof URLSearchParams);
  assert.deepEqual([asked.method, asked.body.get("grant_type")], ["POST", "authorization_code"]);
  const answered = responses.find(({ purpose }) => purpose === "token");
  assert.equal(JSON.parse(answered.body).access_token, access_token);
  assert.deepEqual([answered.status, answered.method, answered.url], [200, "POST", asked.url]);
  assert.match(answered.headers["content-type"], /^application\/json/);
  assert.deepEqual(responses.map(({ purpose }) => purpose), requests.map(({ purpose }) => purpose));

  const before = requests.length;
  await made.idp.preflight();
  const tried = requests.slice(before).map(({ purpose }) => purpose);
  for (const purpose of ["discovery", "keys"]) assert.ok(tried.includes(purpose), `${purpose} in ${tried}`);
  made.idp.dispose();
});

test("a check of a token shows what the app adds to the client's own provider, and to nobody else", async () => {
  const made = await watched({ headers: { "x-tenant": "acme" } });
  await made.signIn();
  const { id_token } = /** @type {any} */ (await made.idp.getTokens());
  const asked = async (/** @type {any} */ options) => {
    made.sent.length = 0;
    await made.idp.checkToken(id_token, options);
    return [...new Set(made.sent.map(({ headers }) => headers.get("x-tenant")))];
  };
  assert.deepEqual(await asked({}), ["acme"]);
  const other = await startTestProvider();
  assert.deepEqual(await asked({ expectedIssuer: other.issuer }), []);
  const foreign = await makeClient(other);
  await foreign.signIn();
  const theirs = /** @type {any} */ (await foreign.idp.getTokens()).id_token;
  made.sent.length = 0;
  const report = await made.idp.checkToken(theirs, { expectedIssuer: other.issuer });
  assert.equal(report.steps.find(({ name }) => name === "verify_signature")?.passed, true);
  assert.deepEqual([...new Set(made.sent.map(({ headers }) => headers.get("x-tenant")))], [null]);
  await other.close();
  for (const { idp } of [made, foreign]) idp.dispose();
});

/** @type {[string, (request: any) => any, string, string][]} */
const WRONG = [
  ["throws at once", () => { throw new Error("no"); }, "ConfigurationError", "plug_in_failed"],
  ["rejects with a string", () => Promise.reject("no"), "ConfigurationError", "plug_in_failed"],
  ["never settles", () => new Promise(() => {}), "TimeoutError", "timeout"],
  ["answers with text", () => "x", "ConfigurationError", "plug_in_answer"],
  ["answers with another URL", (request) => ({ ...request, url: "https://evil.example/" }), "ConfigurationError", "plug_in_answer"],
  ["sets a header of the library's", () => ({ headers: { accept: "*/*" } }), "ConfigurationError", "reserved_parameter"],
  ["has a header that is no text", () => ({ headers: { "x-key": 1n } }), "ConfigurationError", "plug_in_failed"],
];

for (const [name, onRequest, error, code] of WRONG) {
  test(`a hook that ${name} is ${error} ${code} for the job, and nothing is sent`, async () => {
    const made = await watched({ onRequest, timeoutSeconds: 1 });
    const reported = await tellReports(() => assert.rejects(made.idp.discover({ force: true }), { name: error, code }));
    assert.deepEqual(reported, []);
    assert.deepEqual(made.sent, []);
    made.idp.dispose();
  });
}

for (const option of ["onResponse", "logger"]) {
  for (const [name, told, thrown] of /** @type {[string, () => any, unknown[]][]} */ ([
    ["throws", () => { throw new RangeError("mine"); }, ["mine"]],
    ["rejects with a string", () => Promise.reject("mine"), ["mine"]],
    ["never settles", () => new Promise(() => {}), []],
    ["answers with something", () => ({ status: 500 }), []],
  ])) {
    test(`an \`${option}\` that ${name} changes nothing, and what it throws is reported`, async () => {
      const reported = await tellReports(async () => {
        const made = await watched({ [option]: told });
        await made.signIn();
        assert.equal(made.idp.agent?.id, "usr_ada");
        made.idp.dispose();
      });
      const words = reported.map((one) => (one instanceof Error ? one.message : one));
      assert.deepEqual([...new Set(words)], thrown);
    });
  }
}

test("hooks and loggers that are no functions are refused by name", async () => {
  for (const option of ["logger", "onRequest", "onResponse"]) {
    const made = watched({ [option]: "x" });
    await assert.rejects(made, { name: "ConfigurationError", code: "invalid_option", message: new RegExp(option) });
  }
});
