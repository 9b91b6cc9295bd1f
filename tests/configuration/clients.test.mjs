// @ts-check
// Clients of a configuration: signing in at the real provider, environments, applications, overrides, storage.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { IdpClient, loadProviders, memoryStorage } from "wasm-oidc";

import { startGitHubLike } from "../op/github-like.mjs";
import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";
import { basicOidc, manualEndpoints, quickStart, satorbis, tokenStorage, withSecretReference } from "./documents.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
});
after(() => provider?.close());

/** No request leaves. */
const offline = { fetch: () => Promise.reject(new TypeError("offline")), session: "single-user" };

/** A configuration of the real provider. */
const ours = (/** @type {object} */ members = {}) => ({
  providers: {
    ours: {
      issuer: provider.issuer,
      client_id: "test-spa",
      redirect_uri: REDIRECT_URI,
      scopes: "openid email offline_access",
      session: "single-user",
      ...members,
    },
  },
});

/** @param {IdpClient} idp */
async function signIn(idp) {
  const auth = await idp.createAuthorizationRequest();
  const agent = await idp.adopt(await idp.exchangeCode(await signInWithoutBrowser(auth.url, "ada"), auth));
  return { agent, auth };
}

describe("a client of a configuration", () => {
  test("signs in, refreshes and is asked who it is like any other", async () => {
    const idp = await IdpClient.fromConfig("ours", { config: ours() });
    const { agent } = await signIn(idp);
    assert.equal(agent.id, "usr_ada");
    assert.equal((await idp.getUserInfo()).sub, "usr_ada");
    const { access_token } = agent.tokens;
    assert.notEqual((await idp.refresh()).tokens.access_token, access_token);
    assert.deepEqual([idp.name, idp.flow, idp.discoveryMode], ["ours", "authorization_code", "auto"]);
  });

  test("is the default provider's where none is named, of the loaded configuration", async () => {
    await loadProviders(quickStart);
    const idp = await IdpClient.fromConfig(undefined, offline);
    assert.deepEqual([idp.name, idp.options.issuer], ["corporate", "https://sso.company.com/realms/main"]);
    const alone = await IdpClient.fromConfig(null, { config: basicOidc, ...offline });
    assert.deepEqual([alone.name, alone.options.scopes], ["corporate", ["openid", "profile", "email"]]);
  });

  test("takes overrides field by field, by every name that the configuration knows", async () => {
    await loadProviders(quickStart);
    const idp = await IdpClient.fromConfig("corporate", { client_id: "override-id", timeout: 7, ...offline });
    const { clientId, issuer, timeoutSeconds } = idp.options;
    assert.deepEqual([clientId, issuer, timeoutSeconds], ["override-id", "https://sso.company.com/realms/main", 7]);
    await assert.rejects(IdpClient.fromConfig("corporate", { clientID: "a" }), { code: "unknown_option", message: /did you mean "clientId"/ });
  });

  test("tells providers apart in one store", async () => {
    const storage = memoryStorage();
    const config = { providers: { one: ours().providers.ours, two: ours().providers.ours } };
    const [one, two] = await Promise.all(["one", "two"].map((name) => IdpClient.fromConfig(name, { config, storage })));
    await signIn(one);
    assert.equal(await two.getAgent(), null);
    const again = await IdpClient.fromConfig("one", { config, storage });
    assert.equal(again.agent?.id, "usr_ada");
    await signIn(two);
    await two.clear();
    assert.equal((await one.getAgent())?.id, "usr_ada");
  });

  test("names the provider that there is not, and those there are", async () => {
    await assert.rejects(IdpClient.fromConfig("corprate", { config: tokenStorage }), {
      name: "ConfigurationError",
      code: "unknown_option",
      message: 'unknown provider "corprate"; did you mean "corporate"? (known: "corporate", "github")',
    });
    await assert.rejects(IdpClient.fromConfig(undefined, { config: tokenStorage }), { code: "missing_option", message: /defaultProvider/ });
    await assert.rejects(IdpClient.fromConfig(/** @type {any} */ ({ config: tokenStorage })), { code: "invalid_option" });
  });

  test("has the three modes of discovery", async () => {
    const known = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();
    const hybrid = await IdpClient.fromConfig("ours", { config: ours({ userinfo_url: `${provider.issuer}/elsewhere` }) });
    assert.equal(hybrid.discoveryMode, "hybrid");
    const { userinfo_endpoint, token_endpoint } = await hybrid.discover();
    assert.deepEqual([userinfo_endpoint, token_endpoint], [`${provider.issuer}/elsewhere`, known.token_endpoint]);

    const manual = await IdpClient.fromConfig("ours", {
      config: ours({
        issuer: null,
        metadata: { issuer: provider.issuer },
        authorize_url: known.authorization_endpoint,
        token_url: known.token_endpoint,
        jwks_url: known.jwks_uri,
        userinfo_url: known.userinfo_endpoint,
      }),
    });
    assert.equal(manual.discoveryMode, "manual");
    provider.requests.length = 0;
    assert.equal((await signIn(manual)).agent.id, "usr_ada");
    assert.equal((await manual.getUserInfo()).sub, "usr_ada");
    assert.ok(!provider.requests.some((request) => String(request.path ?? request.url ?? request).includes(".well-known/openid")));
  });

  test("can be looked at: a preflight of it is called by its name", async () => {
    const idp = await IdpClient.fromConfig("ours", { config: ours() });
    assert.equal((await idp.preflight()).provider, "ours");
  });
});

describe("environments and applications", () => {
  /** @param {object} [options] */
  const client = (options) => IdpClient.fromConfig("satorbis", { config: satorbis, ...offline, ...options });
  const dev = "https://auth.dev.satorbis.example";

  test("the option goes before SATORBIS_ENV, and prod is what is left; nothing is read from the process", async (t) => {
    process.env.SATORBIS_ENV = "dev";
    t.after(() => delete process.env.SATORBIS_ENV);
    assert.equal((await client({ environment: "dev" })).options.issuer, dev);
    assert.equal((await client({ env: { SATORBIS_ENV: "dev" } })).options.issuer, dev);
    assert.equal((await client({ env: process.env })).options.issuer, dev);
    const prod = await client();
    assert.deepEqual([prod.options.issuer, prod.options.environment], ["https://auth.satorbis.example", "prod"]);
    assert.equal((await client({ environment: "prod", env: { SATORBIS_ENV: "dev" } })).options.environment, "prod");
    assert.equal((await client({ env: { SATORBIS_ENV: "" } })).options.environment, "prod");
    assert.equal((await client({ env: Object.create({ SATORBIS_ENV: "dev" }) })).options.environment, "prod");
  });

  test("an application adds the audience of its project, once, and is shown", async () => {
    const idp = await client({ environment: "dev", application: "spatial_engine" });
    const audience = "urn:zitadel:iam:org:project:id:222:aud";
    assert.deepEqual(idp.options.scopes, ["openid", "profile", "email", "offline_access", audience]);
    assert.deepEqual([idp.options.environment, idp.options.application], ["dev", "spatial_engine"]);
    const twice = await client({ application: "spatial_engine", scopes: "openid urn:zitadel:iam:org:project:id:111:aud" });
    assert.deepEqual(twice.options.scopes, ["openid", "urn:zitadel:iam:org:project:id:111:aud"]);
  });

  test("the other options of OIDCAuth are those of the document", async () => {
    const { options } = await client({ environment: "dev" });
    assert.deepEqual(
      [options.redirectUri, options.callbackTimeoutSeconds, options.verifySignature, options.metadata],
      ["http://127.0.0.1:4200/callback", 300, true, { authorization_endpoint: `${dev}/authorize`, token_endpoint: `${dev}/token` }],
    );
  });

  test("unknown names are told with the nearest one and those there are", async () => {
    await assert.rejects(client({ environment: "de" }), { code: "unknown_option", message: /"de"; did you mean "dev"\? \(known: "prod", "dev"\)/ });
    await assert.rejects(client({ application: "spatial" }), { code: "unknown_option", message: /unknown application "spatial" \(known: "spatial_engine"\)/ });
    await assert.rejects(client({ env: { SATORBIS_ENV: "hunter2" } }), (/** @type {any} */ error) => {
      return error.code === "unknown_option" && /SATORBIS_ENV/.test(error.message) && !/hunter2/.test(error.message);
    });
  });

  test("the audience scope is asked for and kept once, also after a refresh", async () => {
    const audience = "urn:zitadel:iam:org:project:id:42:aud";
    /** @type {string[]} */
    const sent = [];
    const idp = await IdpClient.fromConfig("ours", {
      config: ours({ applications: { spatial_engine: { projectId: "42" } } }),
      application: "spatial_engine",
      // A provider that does not say which scopes it granted: those asked for.
      fetch: async (/** @type {any} */ input, /** @type {any} */ init) => {
        const request = new Request(input, init);
        if (!request.url.endsWith("/token")) return fetch(request);
        sent.push(await request.clone().text());
        const { scope, ...tokens } = await (await fetch(request)).json();
        return Response.json(tokens);
      },
    });
    const { agent, auth } = await signIn(idp);
    const count = (/** @type {string} */ text) => decodeURIComponent(text).split(audience).length - 1;
    assert.equal(count(auth.url), 1);
    assert.equal(count(String(agent.tokens.scope)), 1);
    assert.equal(count(String((await idp.refresh()).tokens.scope)), 1);
    assert.ok(sent.length === 2 && sent.every((body) => count(body) <= 1), String(sent.length));
  });

  test("without a configuration they are refused, and the message says what to do", async () => {
    for (const name of ["environment", "application"]) {
      const options = { issuer: "https://idp.example", clientId: "spa", [name]: "dev" };
      await assert.rejects(IdpClient.create(options), { code: "invalid_option", message: /IdpClient\.fromConfig\(name, / });
      assert.throws(() => IdpClient.createSync(options), { code: "invalid_option" });
    }
  });
});

describe("storage", () => {
  test("a kind that a host lacks is made by the app's function, with what belongs to it", async () => {
    /** @type {unknown[]} */
    const asked = [];
    const sops = (/** @type {unknown} */ options) => {
      asked.push(options);
      return { ...memoryStorage() };
    };
    const idp = await IdpClient.fromConfig("corporate", { config: tokenStorage, storages: { sops }, ...offline });
    assert.equal(idp.storage, "custom");
    assert.deepEqual(asked, [{ path: "~/.config/kstlib/tokens.sops.yml" }]);
  });

  test("without such a function the error says what to do, before anybody is asked for a secret", async () => {
    await assert.rejects(IdpClient.fromConfig("corporate", { config: tokenStorage, ...offline }), {
      code: "invalid_option",
      message: /"sops" of the provider "corporate": this library writes no SOPS files: "encryptedFile" takes its place/,
    });
    const config = { storage: { kind: "encryptedFile", path: "/a", passphrase: "vault://key" }, ...quickStart.auth };
    const idp = await IdpClient.fromConfig("corporate", {
      config,
      resolveSecret: async () => "a passphrase",
      storages: { encryptedFile: (options) => (assert.deepEqual(options, { path: "/a", passphrase: "a passphrase" }), memoryStorage()) },
      ...offline,
    });
    assert.equal(idp.storage, "custom");
  });

  test("an override goes before that of the document, which is then not made", async () => {
    const idp = await IdpClient.fromConfig("corporate", { config: tokenStorage, storage: memoryStorage(), ...offline });
    assert.equal(idp.storage, "custom");
    const words = await IdpClient.fromConfig("corporate", { config: tokenStorage, storage: "memory", ...offline });
    assert.equal(words.storage, "memory");
  });
});

describe("a plain OAuth 2.0 provider", () => {
  test("is read with its endpoints, and takes a secret outside of pages", async () => {
    const idp = await IdpClient.fromConfig("github", { config: manualEndpoints, redirectUri: REDIRECT_URI, ...offline });
    assert.deepEqual([idp.discoveryMode, idp.options.clientSecret], ["manual", "[redacted]"]);
    const url = new URL(idp.createAuthorizationUrl().url);
    assert.equal(`${url.origin}${url.pathname}`, "https://github.com/login/oauth/authorize");
    assert.equal(url.searchParams.get("scope"), "read:user user:email");
  });

  test("signs somebody in, with a secret that a reference stands for", async (t) => {
    const like = await startGitHubLike();
    t.after(() => like.close());
    const { github } = withSecretReference.auth.providers;
    const { authorization_endpoint, token_endpoint, userinfo_endpoint } = like.metadata();
    const idp = await IdpClient.fromConfig("github", {
      config: { auth: { providers: { github: { ...github, authorization_endpoint, token_endpoint, userinfo_endpoint } } } },
      resolveSecret: async () => "secret of my-app",
      redirectUri: REDIRECT_URI,
      identity: { id: "id" },
      session: "single-user",
    });
    const auth = await idp.createAuthorizationRequest();
    const agent = await idp.exchangeCode(await like.authorize(auth.url), auth);
    assert.equal(agent.id, "583231");
  });
});
