// @ts-check
// Opaque tokens (RFC 7662), with a real provider that is asked about them: in Node and in workerd.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createVerifier } from "wasm-oidc/edge";

import { inThisProcess, inWorkerd } from "./isolates.mjs";
import { API, ASKER, OPAQUE_API, revoke, startCounter, startResourceProvider, tokenOf } from "./resource.mjs";

const URL_OF_ORDERS = "http://api.example/orders";

/** @type {Awaited<ReturnType<typeof startResourceProvider>>} */
let provider;
/** Between the verifiers and the endpoint. @type {Awaited<ReturnType<typeof startCounter>>} */
let endpoint;
/** @type {Record<string, import("wasm-oidc/edge").VerifierOptions>} */
let options;

before(async () => {
  provider = await startResourceProvider();
  endpoint = await startCounter(provider.metadata.introspection_endpoint);
  const usual = { issuer: provider.issuer, audience: OPAQUE_API };
  options = {
    // The endpoint of the metadata.
    usual: { ...usual, introspection: ASKER },
    counted: { ...usual, introspection: { ...ASKER, endpoint: endpoint.url } },
    brief: { ...usual, introspection: { ...ASKER, endpoint: endpoint.url, maxCacheSeconds: 1, refusedCacheSeconds: 1 } },
    fresh: { ...usual, introspection: { ...ASKER, endpoint: endpoint.url, maxCacheSeconds: 0, refusedCacheSeconds: 0 } },
    post: { ...usual, introspection: { ...ASKER, endpoint: endpoint.url, clientAuthMethod: "client_secret_post" } },
    stranger: { ...usual, introspection: { ...ASKER, clientSecret: "another secret", endpoint: endpoint.url } },
    always: { ...usual, audience: API, introspection: { ...ASKER, endpoint: endpoint.url, always: true, maxCacheSeconds: 0, refusedCacheSeconds: 0 } },
    loose: { ...usual, introspection: { ...ASKER, endpoint: endpoint.url, maxCacheSeconds: 0, refusedCacheSeconds: 0, allowMissingAudience: true } },
    none: usual,
  };
});
after(async () => {
  await endpoint?.close();
  await provider?.close();
});

const opaqueToken = () => tokenOf(provider, { resource: OPAQUE_API });

for (const [where, start] of /** @type {const} */ ([["Node", inThisProcess], ["workerd", inWorkerd]])) {
  describe(where, () => {
    /** @type {Awaited<ReturnType<typeof inWorkerd>>} */
    let isolates;
    before(async () => {
      isolates = await start(options);
    });
    after(() => isolates?.dispose());

    /** @param {string} name @param {string} token */
    const asked = (name, token) => isolates.ask(name, new Request(URL_OF_ORDERS, { headers: { authorization: `Bearer ${token}` } }));

    /** @param {Response} response */
    function refused(response) {
      assert.equal(response.status, 401);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer error="invalid_token"/);
    }

    test("whom an opaque token speaks of is what the provider says", async () => {
      const response = await asked("usual", await opaqueToken());
      assert.equal(response.status, 200, response.headers.get("www-authenticate") ?? "");
      const { claims } = await response.json();
      assert.deepEqual([claims.iss, claims.aud, claims.client_id, claims.scope], [provider.issuer, OPAQUE_API, "caller", "orders:read"]);
      assert.equal(claims.sub, "caller");
      assert.ok(!("active" in claims));
    });

    test("the provider is asked once for a time, and a revoked token is refused when the time is over [INT2]", async () => {
      const token = await opaqueToken();
      endpoint.state.count = 0;
      for (let call = 0; call < 5; call += 1) assert.equal((await asked("counted", token)).status, 200);
      assert.equal(endpoint.state.count, 1);
      assert.equal((await asked("brief", token)).status, 200);
      await revoke(provider, token);
      assert.equal((await asked("counted", token)).status, 200);
      const deadline = Date.now() + 30_000;
      let last;
      do {
        await new Promise((resolve) => setTimeout(resolve, 200));
        last = await asked("brief", token);
      } while (last.status === 200 && Date.now() < deadline);
      refused(last);
      refused(await asked("fresh", token));
    });

    test("a token that nobody knows is asked about once for a time [INT1, INT2]", async () => {
      endpoint.state.count = 0;
      for (let call = 0; call < 5; call += 1) refused(await asked("counted", `nobody-knows-${where}`));
      assert.equal(endpoint.state.count, 1);
      for (let call = 0; call < 2; call += 1) refused(await asked("fresh", `nobody-knows-${where}`));
      assert.equal(endpoint.state.count, 3);
    });

    test("a token for another API is refused [INT3]", async () => {
      // A JWT for another API is refused by itself, an opaque one of no API by what the provider says.
      refused(await asked("usual", await tokenOf(provider, { resource: API })));
      refused(await asked("usual", await tokenOf(provider, { resource: "" })));
    });

    test("the API authenticates as the option says, and a wrong secret is no fault of the token [INT4]", async () => {
      const token = await opaqueToken();
      assert.equal((await asked("post", token)).status, 200);
      const response = await asked("stranger", token);
      assert.deepEqual([response.status, response.headers.get("www-authenticate")], [503, null]);
      assert.ok(response.headers.get("retry-after"));
    });

    test("an issuer that is down is 503, and the next request asks again", async () => {
      const token = await opaqueToken();
      try {
        for (const status of [500, 503, 404, 302, 200]) {
          endpoint.state.status = status;
          const response = await asked("counted", token);
          assert.equal(response.status, 503, String(status));
          assert.equal(response.headers.get("www-authenticate"), null);
        }
      } finally {
        endpoint.state.status = 0;
      }
      assert.equal((await asked("counted", token)).status, 200);
    });

    test("without the option an opaque token is refused, and nobody is asked", async () => {
      endpoint.state.count = 0;
      refused(await asked("none", await opaqueToken()));
      assert.equal(endpoint.state.count, 0);
    });

    test("where JWTs are asked about, too, one that the issuer ended is refused, and a forged one is not asked about [INT1]", async () => {
      const token = await tokenOf(provider, { resource: API });
      const aud = API;
      endpoint.state.count = 0;
      try {
        for (const [says, status] of /** @type {const} */ ([
          [{ active: true, aud, sub: "caller" }, 200], [{ active: false }, 401], [{ active: "true", aud, sub: "caller" }, 401],
          [{ active: true, aud, sub: "caller" }, 200], [{ active: true, aud: "https://other.example/", sub: "caller" }, 401],
        ])) {
          endpoint.state.says = says;
          const response = await asked("always", token);
          assert.equal(response.status, status, JSON.stringify(says));
        }
        assert.equal(endpoint.state.count, 5);
        refused(await asked("always", `${token.slice(0, -8)}AAAAAAAA`));
        assert.equal(endpoint.state.count, 5);
      } finally {
        endpoint.state.says = undefined;
      }
      // This provider answers for opaque tokens alone: nobody can tell, and that is no fault of the token.
      assert.equal((await asked("always", token)).status, 503);
    });

    test("a refresh token that the issuer calls active opens nothing, and a token without an audience only where that is allowed [INT3]", async () => {
      try {
        for (const [says, status, name] of /** @type {const} */ ([
          [{ active: true, aud: OPAQUE_API, sub: "u", token_type: "Refresh" }, 401, "fresh"],
          [{ active: true, aud: OPAQUE_API, sub: "u", token_type: "DPoP" }, 401, "fresh"],
          [{ active: true, sub: "u" }, 401, "fresh"],
          [{ active: true, sub: "u" }, 200, "loose"],
          [{ active: true, aud: "https://other.example/", sub: "u" }, 401, "loose"],
          [{ active: true, aud: OPAQUE_API, sub: "u", exp: 1 }, 401, "fresh"],
          [{ active: true, aud: OPAQUE_API, sub: "u", iss: "https://other.example" }, 401, "fresh"],
          [{ active: true, aud: OPAQUE_API, sub: "u", cnf: { "x5t#S256": "A".repeat(43) } }, 401, "fresh"],
        ])) {
          endpoint.state.says = says;
          assert.equal((await asked(name, "opaque")).status, status, JSON.stringify(says));
        }
      } finally {
        endpoint.state.says = undefined;
      }
    });

    test("fifty requests of ten opaque tokens at the same time get each its own answer", async () => {
      const scopes = ["orders:read", "orders:write", "orders:read orders:write"];
      const tokens = await Promise.all(Array.from({ length: 10 }, (_, at) => tokenOf(provider, { resource: OPAQUE_API, scope: scopes[at % 3] })));
      const answers = await Promise.all(Array.from({ length: 50 }, async (_, at) => {
        const response = await asked("fresh", tokens[at % 10]);
        return (await response.json()).claims;
      }));
      answers.forEach((claims, at) => assert.equal(claims.scope, scopes[(at % 10) % 3]));
      assert.equal(new Set(answers.map(({ jti }) => jti)).size <= 10, true);
    });
  });
}

test("a mistake in the options is named", () => {
  const { issuer } = provider;
  for (const [introspection, code] of /** @type {const} */ ([
    [{}, "missing_option"], [{ clientId: "api" }, "missing_option"], [{ ...ASKER, endpoint: "http://idp.example/" }, "invalid_option"],
    [{ ...ASKER, maxCache: 1 }, "unknown_option"], ["api", "invalid_option"], [{ ...ASKER, clientAuthMethod: "none" }, "invalid_option"],
    [{ ...ASKER, issuer: "https://other.example" }, "missing_option"],
  ])) {
    assert.throws(() => createVerifier({ issuer, audience: API, introspection: /** @type {any} */ (introspection) }), { name: "ConfigurationError", code });
  }
  const issuers = [issuer, "https://other.example"];
  assert.throws(() => createVerifier({ issuers, audience: API, introspection: ASKER }), { code: "missing_option" });
  assert.ok(createVerifier({ issuers, audience: API, introspection: { ...ASKER, issuer } }));
});
