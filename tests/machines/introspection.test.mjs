// @ts-check
// An API asks the real provider about tokens as a client with a key: no secret is shared with it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";
import { createVerifier } from "wasm-oidc/edge";

import { clientIdOf, optionsOf, startMachinesProvider } from "./provider.mjs";

const METHOD = "private_key_jwt ES256";

/** @type {Awaited<ReturnType<typeof startMachinesProvider>>} */
let provider;
before(async () => {
  provider = await startMachinesProvider();
});
after(() => provider?.close());

test("a verifier asks about opaque tokens with a key, also for several tokens at a time [INT4]", async () => {
  const { clientAuth, issuer } = optionsOf(provider, METHOD);
  const verifier = createVerifier({
    issuer,
    audience: false,
    introspection: { clientId: clientIdOf(METHOD), clientAuth: /** @type {any} */ (clientAuth), allowMissingAudience: true },
  });
  const idp = IdpClient.createSync(optionsOf(provider, METHOD));
  const agents = await Promise.all(["users:read", "users:write", "other:read"].map((scope) => idp.clientCredentials(scope)));
  const verify = async (/** @type {string} */ token) =>
    verifier.verify(new Request("https://api.example.com/", { headers: { authorization: `Bearer ${token}` } }));
  const verified = await Promise.all(agents.map((agent) => verify(agent.tokens.access_token)));
  assert.deepEqual(verified.map(({ id }) => id), Array(3).fill(clientIdOf(METHOD)));
  await assert.rejects(verify("no-token-of-this-provider"), { name: "RequestAuthError", status: 401 });
  const asked = provider.requests.filter(({ path }) => path === "/token/introspection");
  assert.deepEqual(asked.map(({ status }) => status), Array(4).fill(200));
});

test("what is wrong with the key of a verifier is said when it is made", () => {
  const introspection = { clientId: "api", clientAuth: /** @type {any} */ ({ key: { kty: "EC", crv: "P-256", x: "a", y: "b" } }) };
  const make = () => createVerifier({ issuer: provider.issuer, audience: false, introspection });
  assert.throws(make, { name: "ConfigurationError", code: "invalid_option", message: /it is a public key/ });
});
