// @ts-check
// References of a configuration: variables, and secrets that an app's function knows; none of them in any error.

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, test } from "node:test";

import { IdpClient, loadProviders } from "wasm-oidc";

import { withSecretReference } from "./documents.mjs";

const REFERENCE = "sops://secrets.yaml#github.secret";

/** What the token endpoint was sent, by a client that exchanges a code. @param {object} options */
async function sentBy(options) {
  /** @type {{ authorization: string | null, body: string }[]} */
  const sent = [];
  const idp = await IdpClient.fromConfig("github", {
    config: withSecretReference,
    redirectUri: "http://127.0.0.1/callback",
    fetch: async (/** @type {any} */ input, /** @type {any} */ init) => {
      const request = new Request(input, init);
      sent.push({ authorization: request.headers.get("authorization"), body: await request.text() });
      return Response.json({ access_token: "an-access-token", token_type: "bearer" });
    },
    ...options,
  });
  const auth = await idp.createAuthorizationRequest();
  await idp.exchangeCode({ code: "a-code", state: auth.state }, auth);
  return sent;
}

const basic = (/** @type {string} */ secret) => `Basic ${btoa(`my-app:${secret}`)}`;

describe("a reference of an app's own scheme", () => {
  test("is given to resolveSecret, and its text is the secret", async () => {
    /** @type {unknown[][]} */
    const asked = [];
    const resolveSecret = async (/** @type {unknown[]} */ ...given) => (asked.push(given), "hunter2");
    const [{ authorization }] = await sentBy({ resolveSecret });
    assert.equal(authorization, basic("hunter2"));
    assert.deepEqual(asked, [[REFERENCE]]);
    const [second] = await sentBy({ resolveSecret: () => "at-once" });
    assert.equal(second.authorization, basic("at-once"));
  });

  test("is not resolved by loading, nor for a provider that is not used, nor where an override takes its place", async () => {
    const resolveSecret = () => assert.fail("nobody needs it");
    const config = { providers: { ...withSecretReference.auth.providers, other: { issuer: "https://a.example", clientId: "a" } } };
    await loadProviders(config, { resolveSecret });
    await IdpClient.fromConfig("other", { fetch: () => Promise.reject(new TypeError("offline")) });
    assert.equal((await sentBy({ resolveSecret, clientSecret: "own" }))[0].authorization, basic("own"));
    assert.equal((await sentBy({ resolveSecret, clientAuth: { method: "none" } }))[0].authorization, null);
  });

  test("that several places name is asked for once", async () => {
    let asked = 0;
    const options = { clientSecret: "a://x", clientId: "a://x", authorizeUrl: "https://a.example", tokenUrl: "https://a.example" };
    const idp = await IdpClient.fromConfig("p", {
      config: { providers: { p: { type: "oauth2", ...options } } },
      resolveSecret: async () => ((asked += 1), "both"),
    });
    assert.deepEqual([asked, idp.options.clientId], [1, "both"]);
  });

  test("without resolveSecret is an error that says so", async () => {
    await assert.rejects(sentBy({}), {
      name: "ConfigurationError",
      code: "missing_option",
      message: "auth.providers.github.client_secret: it is a reference (sops://…): give `resolveSecret: async (reference) => text`",
    });
  });

  for (const [what, resolveSecret] of /** @type {[string, () => any][]} */ ([
    ["throws", () => { throw new Error("sealed"); }],
    ["rejects", async () => { throw new Error("sealed"); }],
    ["gives no text", async () => 7],
    ["gives nothing", () => undefined],
    ["gives an empty text", async () => ""],
    ["gives an object", async () => ({ toString: () => "hunter2" })],
  ])) {
    test(`that ${what} is secret_unavailable, which can be tried again`, async () => {
      await assert.rejects(sentBy({ resolveSecret }), (/** @type {any} */ error) => {
        assert.deepEqual([error.name, error.code, error.recovery], ["ConfigurationError", "secret_unavailable", "retry"]);
        assert.match(error.message, /^auth\.providers\.github\.client_secret: the reference \(sops:\/\/…\) /);
        assert.doesNotMatch(inspect(error), /hunter2|github\.secret/);
        if (what === "throws") assert.equal(error.cause.message, "sealed");
        return true;
      });
    });
  }

  test("that never settles is given up after 30 s", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = sentBy({ resolveSecret: () => new Promise(() => {}) });
    const told = assert.rejects(waiting, { code: "secret_unavailable", message: /led to nothing within 30 s/ });
    // The wasm is loaded meanwhile, without timers.
    const start = performance.now();
    let isOver = false;
    void told.finally(() => (isOver = true)).catch(() => {});
    while (!isOver && performance.now() - start < 20_000) {
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(1000);
    }
    await told;
  });
});

describe("a variable", () => {
  const config = {
    providers: {
      github: {
        ...withSecretReference.auth.providers.github,
        client_id: "my-${WORD}",
        client_secret: "${GITHUB_SECRET}",
        token_endpoint: "https://${HOST}/token",
      },
    },
  };
  const env = { WORD: "app", GITHUB_SECRET: "vault://not-a-reference ${WORD}", HOST: "github.com", UNUSED: Symbol("a") };

  test("is replaced, and what it stands for is taken as it is", async () => {
    const resolveSecret = () => assert.fail("a value is no reference");
    const [{ authorization }] = await sentBy({ config, env, resolveSecret });
    const [, secret] = atob(String(authorization).slice(6)).split(":");
    assert.equal(decodeURIComponent(secret.replaceAll("+", " ")), env.GITHUB_SECRET);
  });

  test("comes from those that were loaded, unless others are given", async () => {
    await loadProviders(config, { env });
    const loaded = await IdpClient.fromConfig("github", { redirectUri: "http://127.0.0.1/callback" });
    assert.equal(loaded.options.clientId, "my-app");
    const given = await IdpClient.fromConfig("github", { env: { ...env, WORD: "other" } });
    assert.equal(given.options.clientId, "my-other");
    await assert.rejects(IdpClient.fromConfig("github", { config }), { code: "missing_option" });
  });

  test("that there is not, is no text or only inherited, is named; no value is", async () => {
    for (const GITHUB_SECRET of [undefined, null, 7, { hunter2: 1 }, ["hunter2"]]) {
      await assert.rejects(sentBy({ config, env: { ...env, GITHUB_SECRET } }), (/** @type {any} */ error) => {
        assert.deepEqual([error.name, error.code], ["ConfigurationError", "missing_option"]);
        assert.match(error.message, /providers\.github\.client_secret: the variable "GITHUB_SECRET"/);
        return !/hunter2/.test(inspect(error));
      });
    }
    const { GITHUB_SECRET, ...without } = env;
    await assert.rejects(sentBy({ config, env: Object.assign(Object.create({ GITHUB_SECRET }), without) }), { code: "missing_option" });
    await assert.rejects(sentBy({ config, env: "a" }), { code: "invalid_option" });
  });

  test("that makes no URL, or throws when it is read, is told without its value", async () => {
    await assert.rejects(sentBy({ config, env: { ...env, HOST: "ada:hunter2@github.com" } }), (/** @type {any} */ error) => {
      assert.match(error.message, /token_endpoint: the URL must hold no user name or password/);
      return !/hunter2/.test(inspect(error));
    });
    const throws = { ...env, get HOST() { throw new Error("hunter2"); } };
    await assert.rejects(sentBy({ config, env: throws }), (/** @type {any} */ error) => {
      return error.code === "missing_option" && !/hunter2/.test(inspect(error));
    });
  });
});
