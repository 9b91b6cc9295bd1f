// @ts-check
// Configurations, right and wrong, which the reader and the JSON Schema judge alike. Those of the reference documents are
// among them, word for word but for the syntax.

const github = {
  type: "oauth2",
  authorize_url: "https://github.com/login/oauth/authorize",
  token_url: "https://github.com/login/oauth/access_token",
  client_id: "your-client-id",
  client_secret: "your-client-secret",
  scopes: ["read:user", "user:email"],
};

const corporate = {
  type: "oidc",
  issuer: "https://idp.corp.local/realms/main",
  client_id: "my-app",
  scopes: ["openid", "profile", "email"],
  pkce: true,
};

/** kstlib.auth: the quick start, both kinds of providers, token storage. */
export const quickStart = {
  auth: {
    default_provider: "corporate",
    providers: { corporate: { type: "oidc", issuer: "https://sso.company.com/realms/main", client_id: "my-app", pkce: true } },
  },
};
export const basicOidc = { auth: { providers: { corporate } } };
export const manualEndpoints = { auth: { providers: { github } } };
export const withSecretReference = {
  auth: {
    providers: {
      github: {
        type: "oauth2",
        authorization_endpoint: "https://github.com/login/oauth/authorize",
        token_endpoint: "https://github.com/login/oauth/access_token",
        client_id: "my-app",
        client_secret: "sops://secrets.yaml#github.secret",
      },
    },
  },
};
export const tokenStorage = {
  auth: { token_storage: "sops", sops: { path: "~/.config/kstlib/tokens.sops.yml" }, providers: { corporate, github } },
};

/** satorbis: environments, applications, and the options of its class. */
export const satorbis = {
  environmentVariable: "SATORBIS_ENV",
  providers: {
    satorbis: {
      client_id: "notebook",
      scopes: "openid profile email offline_access",
      redirect_port: 4200,
      callback_timeout: 300,
      verify_jwt: true,
      environments: {
        prod: { issuer: "https://auth.satorbis.example", project_ids: { spatial_engine: "111" } },
        dev: {
          issuer: "https://auth.dev.satorbis.example",
          authorization_url: "https://auth.dev.satorbis.example/authorize",
          token_url: "https://auth.dev.satorbis.example/token",
          project_ids: { spatial_engine: "222" },
        },
      },
    },
  },
};

/** @param {object} members of a provider @returns {object} */
const provider = (members) => ({ providers: { p: members } });

/** @type {Record<string, object>} */
export const right = {
  quickStart, basicOidc, manualEndpoints, withSecretReference, tokenStorage, satorbis,
  "no provider yet": { providers: {} },
  "a schema for editors": { $schema: "./configuration.schema.json", providers: {} },
  "a section with a schema": { $schema: "x", auth: { providers: {} } },
  "null is absent": { storage: null, providers: { p: { issuer: null, environments: null, applications: { a: null } }, q: null } },
  "headers, an identity": provider({ type: "oauth2", headers: { "x-key": "vault://key", "x-none": null }, identity: { id: "id" } }),
  "claim mappings": { providers: { p: { claimMapping: "zitadel" }, q: { claim_mapping: { roles: "a" } }, r: { ssl_ca_bundle: "/ca.pem" } } },
  "each storage": {
    storage: { kind: "encryptedFile", path: "${HOME}/tokens", passphrase: "vault://key" },
    providers: Object.fromEntries(
      ["memory", "session", { type: "local" }, { kind: "encrypted", name: "a" }, { kind: "file", path: "/a" }].map((storage, at) => [at, { storage }]),
    ),
  },
  "references": provider({ issuer: "https://${HOST}/realms/a", clientSecret: "$${x} ${A_1} $ $5", scopes: "a ${B}" }),
  "metadata and jwks": provider({ metadata: { issuer: "https://a.example", jwks_uri: "https://a.example/k", x: 1 }, jwks: { keys: [] } }),
  "loopback": provider({ issuer: "http://localhost:8080", redirectUri: "http://127.0.0.1/cb?a=b", tokenUrl: "http://[::1]:1/t" }),
  "project ids by environment": provider({
    environments: { prod: {} },
    applications: { a: { projectId: { prod: "1" } }, b: {} },
    projectIds: { c: "2", d: { prod: "3" } },
  }),
  "all numbers at their ends": provider({ timeout: 600, clockToleranceSeconds: 0, refreshBufferSeconds: 86400, discovery_ttl_seconds: 0 }),
  "client authentication": provider({ clientAuth: { method: "client_secret_post", client_secret: "${A}" } }),
  "a key that signs": provider({
    clientAuth: { method: "private_key_jwt", key: "${KEY}", key_id: "k1", algorithm: "ES256", audience: "token_endpoint", certificateThumbprint: "x" },
  }),
  "a key by its other name": provider({ client_auth: { method: "private_key_jwt", private_key: "vault://key" } }),
  "a secret that signs": provider({ clientAuth: { method: "client_secret_jwt", clientSecret: "${A}", audience: "issuer" } }),
  "none of it": provider({ clientAuth: { method: "none" }, algorithms: ["RS256", "EdDSA"], session: "single-user" }),
};

/** @type {Record<string, unknown>} */
export const wrong = {
  "no providers": {},
  "providers are null": { providers: null },
  "providers are a list": { providers: [] },
  "an unknown key": { providers: {}, provider: {} },
  "an unknown key that is null": { providers: {}, x: null },
  "another section": { auth: { providers: {} }, other: {} },
  "a section that is none": { auth: 7 },
  "a provider without a name": { providers: { "": {} } },
  "a provider that is a list": { providers: { p: [] } },
  "__proto__": JSON.parse('{"providers":{"p":{"__proto__":{"clientId":"a"}}}}'),
  "constructor": provider({ constructor: "a" }),
  "an unknown key of a provider": provider({ isuer: "https://a.example" }),
  "one thing twice": provider({ clientId: "a", client_id: "b" }),
  "one endpoint twice": provider({ token_url: "https://a.example/t", tokenEndpoint: "https://a.example/t" }),
  "one endpoint twice, once in the metadata": provider({ token_url: "https://a.example/t", metadata: { token_endpoint: "https://a.example/t" } }),
  "a port and a redirect URI": provider({ redirect_port: 1, redirect_uri: "http://localhost/" }),
  "a secret twice": provider({ client_secret: "a", client_auth: { method: "none" } }),
  "a number for a text": provider({ clientId: 7 }),
  "an empty text": provider({ clientId: "" }),
  "an open reference": provider({ clientId: "${A" }),
  "a reference without a name": provider({ clientId: "${}" }),
  "plain http": provider({ issuer: "http://a.example" }),
  "no URL": provider({ tokenUrl: "a.example/t" }),
  "a user in a URL": provider({ tokenUrl: "https://a:b@a.example/t" }),
  "a fragment": provider({ redirectUri: "https://a.example/#a" }),
  "a query in an issuer": provider({ issuer: "https://a.example?a" }),
  "metadata with plain http": provider({ metadata: { token_endpoint: "http://a.example/t" } }),
  "an open reference in metadata": provider({ metadata: { x: "${" } }),
  "PKCE switched off": provider({ pkce: false }),
  "certificates unchecked": provider({ ssl_verify: false }),
  "a word that is none": provider({ type: "saml" }),
  "a long time": provider({ timeout: 601 }),
  "no time": provider({ callback_timeout: 0 }),
  "half a second": provider({ timeout: 1.5 }),
  "seconds as text": provider({ timeout: "30" }),
  "a flag as text": provider({ auto_refresh: "yes" }),
  "HMAC": provider({ algorithms: ["HS256"] }),
  "no algorithm": provider({ algorithms: [] }),
  "scopes of another type": provider({ scopes: ["a", 7] }),
  "an empty origin": provider({ apiOrigins: [""] }),
  "origins as text": provider({ apiOrigins: "https://a.example" }),
  "a method that is none": provider({ clientAuth: { method: "tls" } }),
  "no method": provider({ clientAuth: { clientSecret: "a" } }),
  "a secret for no method": provider({ clientAuth: { method: "none", clientSecret: "a" } }),
  "a method without a secret": provider({ clientAuth: { method: "client_secret_basic" } }),
  "a method without a key": provider({ clientAuth: { method: "private_key_jwt" } }),
  "a secret instead of a key": provider({ clientAuth: { method: "private_key_jwt", clientSecret: "a" } }),
  "a secret beside a key": provider({ clientAuth: { method: "private_key_jwt", key: "a", clientSecret: "a" } }),
  "a key beside a secret": provider({ clientAuth: { method: "client_secret_jwt", key: "a", clientSecret: "a" } }),
  "a key for no method": provider({ clientAuth: { method: "none", key: "a" } }),
  "a key that signs by HMAC": provider({ clientAuth: { method: "private_key_jwt", key: "a", algorithm: "HS256" } }),
  "a key that is an object": provider({ clientAuth: { method: "private_key_jwt", key: { kty: "EC" } } }),
  "an unknown storage": { providers: {}, storage: "cookie" },
  "a storage of no kind": { providers: {}, storage: { path: "/a" } },
  "a storage of two kinds": { providers: {}, storage: { kind: "file", type: "file", path: "/a" } },
  "a file without a path": { providers: {}, storage: { kind: "file" } },
  "a file with a path that is null": { providers: {}, storage: { kind: "file", path: null } },
  "an encrypted file without a passphrase": { providers: {}, storage: { kind: "encryptedFile", path: "/a" } },
  "a preset that is none": provider({ claimMapping: "zitadle" }),
  "a header that is a number": provider({ headers: { "x-a": 1 } }),
  "memory with a path": { providers: {}, storage: { kind: "memory", path: "/a" } },
  "an environment within one": provider({ environments: { prod: { environments: {} } } }),
  "an environment that is text": provider({ environments: { prod: "a" } }),
  "an application with a key of no meaning": provider({ applications: { a: { id: "1" } } }),
  "a project id that is a number": provider({ applications: { a: { projectId: 1 } } }),
  "project ids without a name": provider({ projectIds: { "": "1" } }),
  "a list": [],
};
