// @ts-check
// Access tokens at an API (RFC 9068, RFC 6750, RFC 8725): those of a real provider, and those of one that signs whatever it is
// told, in Node and in workerd.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { createVerifier, isOAuthError } from "wasm-oidc/edge";

import { signingKeys } from "../op/signing.mjs";
import { inThisProcess, inWorkerd } from "./isolates.mjs";
import { API, startResourceProvider, tokenOf } from "./resource.mjs";

const URL_OF_ORDERS = "http://api.example/orders";

/** @type {Awaited<ReturnType<typeof startResourceProvider>>} */
let provider;
/** @type {string} of the real provider */
let real;
/** @type {Awaited<ReturnType<typeof startSigner>>} */
let signer;

before(async () => {
  [provider, signer] = await Promise.all([startResourceProvider(), startSigner()]);
  real = await tokenOf(provider);
});
after(async () => {
  await Promise.all([provider?.close(), signer?.close()]);
});

/** An issuer that counts who asks for its keys, and can be down. */
async function startSigner() {
  const keys = signingKeys();
  const state = { requests: 0, isDown: false };
  const server = createServer(({ url }, response) => {
    state.requests += 1;
    if (state.isDown) return void response.writeHead(503, { "retry-after": "7" }).end();
    const body = url === "/keys" ? keys.keySet() : { issuer, jwks_uri: `${issuer}/keys` };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const claims = (/** @type {object} */ changes = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const right = { iss: issuer, aud: API, exp: now + 300, iat: now, sub: "usr_1", client_id: "spa", jti: "j1", scope: "orders:read" };
    return JSON.stringify({ ...right, ...changes });
  };
  return {
    issuer,
    state,
    /** @param {{ claims?: object, header?: object } & Partial<Omit<Parameters<typeof keys.sign>[0], "claims" | "header">>} [made] */
    token: ({ claims: changes, header = {}, ...made } = {}) =>
      keys.sign({ claims: claims(changes), header: (right) => JSON.parse(JSON.stringify({ ...right, typ: "at+jwt", ...header })), ...made }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** @param {string} [token] @param {string} [url] */
function request(token, url = URL_OF_ORDERS) {
  return new Request(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
}

for (const [where, start] of /** @type {const} */ ([["Node", inThisProcess], ["workerd", inWorkerd]])) {
  describe(where, () => {
    /** @type {Awaited<ReturnType<typeof inWorkerd>>} */
    let isolates;
    before(async () => {
      isolates = await start({
        real: { issuer: provider.issuer, audience: API },
        usual: { issuer: signer.issuer, audience: API, realm: "orders" },
        legacy: { issuer: signer.issuer, audience: API, legacyJwt: true },
        several: { issuers: [provider.issuer, { issuer: signer.issuer, audience: "elsewhere" }], audience: API },
        untouched: { issuer: signer.issuer, audience: API },
      });
    });
    after(() => isolates?.dispose());

    test("a real provider's access token is its agent, once it is verified and again", async () => {
      for (let round = 0; round < 3; round += 1) {
        const response = await isolates.ask("real", request(real));
        assert.equal(response.status, 200);
        const { id, claims } = await response.json();
        assert.deepEqual([id, claims.client_id, claims.aud], ["caller", "caller", API]);
      }
      assert.equal((await isolates.ask("real", request(`${real.slice(0, -4)}AAAA`))).status, 401);
    });

    test("every algorithm that the issuer signs with is verified", async () => {
      for (const algorithm of /** @type {const} */ (["RS256", "PS256", "ES256", "EdDSA"])) {
        const response = await isolates.ask("usual", request(signer.token({ algorithm })));
        assert.equal(response.status, 200, algorithm);
      }
    });

    test("what is signed wrongly, by somebody else, or not at all is refused [X1, X2, X3, X5, X24, X25]", async () => {
      await isolates.ask("usual", request(signer.token()));
      const before = signer.state.requests;
      const jwk = { kty: "oct", k: "AAAA" };
      const right = signer.token();
      for (const token of [
        signer.token({ wrong: "broken" }), signer.token({ wrong: "empty" }), signer.token({ wrong: "zeros" }),
        signer.token({ wrong: "stranger" }), signer.token({ wrong: "public key" }), signer.token({ algorithm: "ES256", wrong: "der" }),
        signer.token({ algorithm: "ES256", wrong: "zeros" }), signer.token({ header: { alg: "none" } }), signer.token({ header: { alg: "nOnE" } }),
        signer.token({ header: { crit: ["b64"], b64: false } }), signer.token({ header: { jwk }, wrong: "stranger" }),
        signer.token({ header: { jku: `${signer.issuer}/trap` }, wrong: "stranger" }), `${right}=`, `${right}.`, right.replace(".", ".."),
      ]) {
        const response = await isolates.ask("usual", request(token));
        const challenge = response.headers.get("www-authenticate") ?? "";
        assert.equal(response.status, 401, token.slice(0, 60));
        assert.match(challenge, /^Bearer realm="orders", error="invalid_token"/);
        assert.ok(!challenge.includes(token.slice(-20)));
        assert.equal(response.headers.get("cache-control"), "no-store");
      }
      assert.equal(signer.state.requests, before, "nothing in a token makes a request");
    });

    test("what says something wrong is refused, and an ID token too [ATJ2, ATJ3, ATJ4, ATJ7]", async () => {
      const now = Math.floor(Date.now() / 1000);
      for (const made of [
        { claims: { iss: "https://other.example" } }, { claims: { aud: "https://other.example/" } }, { claims: { aud: undefined } },
        { claims: { exp: now - 120 } }, { claims: { exp: `${now + 300}` } }, { claims: { iat: now + 120 } }, { claims: { nbf: now + 120 } },
        { claims: { sub: undefined } }, { claims: { client_id: undefined } }, { claims: { jti: undefined } }, { claims: { groups: "admin" } },
        { header: { typ: "JWT" } }, { header: { typ: undefined } }, { header: { typ: "dpop+jwt" } }, { claims: { cnf: { jkt: "x" } } },
      ]) {
        const response = await isolates.ask("usual", request(signer.token(made)));
        assert.equal(response.status, 401, JSON.stringify(made));
        assert.match(response.headers.get("www-authenticate") ?? "", /error="invalid_/);
      }
      const old = { header: { typ: "JWT" }, claims: { client_id: undefined, jti: undefined } };
      assert.equal((await isolates.ask("legacy", request(signer.token(old)))).status, 200);
      const idToken = { header: { typ: "JWT" }, claims: { nonce: "n", aud: API } };
      assert.equal((await isolates.ask("legacy", request(signer.token(idToken)))).status, 401);
    });

    test("a token is good for the issuer and audience that are configured, and for no other", async () => {
      assert.equal((await isolates.ask("several", request(real))).status, 200);
      assert.equal((await isolates.ask("several", request(signer.token()))).status, 401);
      assert.equal((await isolates.ask("several", request(signer.token({ claims: { aud: ["elsewhere", "x"] } })))).status, 200);
    });

    test("no token is challenged without an error; two, or one in the query, are a bad request", async () => {
      const bare = await isolates.ask("usual", request());
      assert.deepEqual([bare.status, await bare.text()], [401, ""]);
      assert.match(bare.headers.get("www-authenticate") ?? "", /^Bearer realm="orders"/);
      assert.doesNotMatch(bare.headers.get("www-authenticate") ?? "", /error/);
      const token = signer.token();
      await isolates.ask("usual", request(token));
      const twice = new Headers([["authorization", `Bearer ${token}`], ["authorization", `Bearer ${token}`]]);
      for (const bad of [
        new Request(URL_OF_ORDERS, { headers: twice }), request(token, `${URL_OF_ORDERS}?access_token=${token}`),
        request(undefined, `${URL_OF_ORDERS}?a=b&access%5Ftoken=x`), request("{}"), request("a b"),
      ]) {
        const response = await isolates.ask("usual", bad);
        assert.equal(response.status, 400);
        assert.match(response.headers.get("www-authenticate") ?? "", /error="invalid_request"/);
      }
    });

    test("an issuer that is down is answered with 503 and the time to come back, and others do not suffer", async () => {
      signer.state.isDown = true;
      try {
        for (let round = 0; round < 3; round += 1) {
          const response = await isolates.ask("untouched", request(signer.token()));
          assert.equal(response.status, 503);
          const seconds = Number(response.headers.get("retry-after"));
          assert.ok(seconds >= 1 && seconds <= 30, String(seconds));
          assert.equal(response.headers.get("www-authenticate"), null);
        }
        assert.equal((await isolates.ask("real", request(real))).status, 200);
      } finally {
        signer.state.isDown = false;
      }
    });

    test("fifty interleaved requests of ten users are each answered as the user who sent them [X38]", async () => {
      const tokens = Array.from({ length: 10 }, (_, at) => signer.token({ claims: { sub: `usr_${at}`, jti: `j${at}` } }));
      for (let round = 0; round < 2; round += 1) {
        const answers = await Promise.all(Array.from({ length: 50 }, async (_, at) => {
          const response = await isolates.ask("legacy", request(tokens[at % 10]));
          return (await response.json()).id;
        }));
        assert.deepEqual(answers, Array.from({ length: 50 }, (_, at) => `usr_${at % 10}`));
      }
    });
  });
}

describe("in a process", () => {
  test("a token that was seen is the same frozen agent, which has no token to give away", async () => {
    const verifier = createVerifier({ issuer: signer.issuer, audience: API });
    const token = signer.token({ claims: { email: "ada@example.com", organizations: [{ id: "org_a", scopes: ["orders:*"] }] } });
    const [agent, second] = await Promise.all([verifier.verify(request(token)), verifier.verify(request(token))]);
    assert.equal(agent, second);
    assert.equal(await verifier.verify(request(token), { access: ["write", "orders", "org_a"] }), agent);
    assert.ok(Object.isFrozen(agent));
    assert.deepEqual([agent.id, agent.type, agent.email], ["usr_1", "user", "ada@example.com"]);
    assert.ok(agent.hasAccessIn("org_a", "write", "orders") && !agent.hasAccess("read", "users"));
    assert.ok(agent.expiresIn !== null && agent.expiresIn > 200);
    assert.ok(!JSON.stringify(agent).includes(token.slice(0, 20)));
    for (const call of [async () => agent.tokens, () => agent.getAccessToken(), () => agent.fetch("https://api.example"), () => agent.refresh()]) {
      await assert.rejects(call, { name: "ConfigurationError", code: "tokens_not_kept" });
    }
    const other = await verifier.verify(request(signer.token({ claims: { sub: "usr_2" } })));
    assert.notEqual(other, agent);
  });

  test("what a request needs beside a good token is asked of its agent", async () => {
    const verifier = createVerifier({ issuer: signer.issuer, audience: API });
    const token = signer.token({ claims: { scope: "orders:read mail" } });
    for (const needs of [{ scopes: ["mail"] }, { access: /** @type {const} */ (["read", "orders"]) }, { access: { action: "read", resource: "orders" } }]) {
      for (let round = 0; round < 2; round += 1) assert.equal((await verifier.verify(request(token), needs)).id, "usr_1");
    }
    for (const [needs, scope] of /** @type {const} */ ([
      [{ scopes: ["mail", "post"] }, "mail post"], [{ access: ["write", "orders"] }, "orders:write"],
      [{ access: ["read", "orders", "org_a"] }, "orders:read"], [{ access: ["read", "orders", undefined] }, "orders:read"],
    ])) {
      for (let round = 0; round < 2; round += 1) {
        const { agent, response, error } = await verifier.tryVerify(request(token), /** @type {any} */ (needs));
        assert.equal(agent, undefined);
        assert.ok(isOAuthError(error) && error.name === "RequestAuthError" && error.code === "insufficient_scope");
        assert.equal(response?.status, 403);
        const challenge = response?.headers.get("www-authenticate") ?? "";
        assert.ok(challenge.includes(`error="insufficient_scope"`) && challenge.includes(`scope="${scope}"`), challenge);
        assert.deepEqual(await response?.json(), { error: "insufficient_scope" });
      }
    }
  });

  test("organizations that a token does not list come from the app, once for a token", async () => {
    let asked = 0;
    const verifier = createVerifier({
      issuer: signer.issuer,
      audience: API,
      organizationsFrom: async ({ sub }) => {
        asked += 1;
        if (sub === "usr_throws") throw new Error("the database is away");
        return sub === "usr_none" ? null : [{ id: `org_of_${sub}`, scopes: ["users:read"] }, "org_of_all"];
      },
    });
    const of = (/** @type {string} */ sub) => request(signer.token({ claims: { sub } }));
    const first = of("usr_1");
    const agent = await verifier.verify(first);
    assert.deepEqual(agent.organizations.map(({ id }) => id), ["org_of_usr_1", "org_of_all"]);
    assert.ok(agent.hasAccess("read", "users") && !agent.hasAccess("read", "orders"));
    assert.equal(await verifier.verify(first), agent);
    assert.equal(asked, 1);
    assert.ok((await verifier.verify(of("usr_none"))).hasAccess("read", "orders"));
    await assert.rejects(verifier.verify(of("usr_throws")), { code: "plug_in_failed", status: 503 });
  });

  test("processes share keys through a store of the app's", async () => {
    /** @type {Map<string, string>} */
    const kept = new Map();
    /** @type {unknown[]} */
    const deadlines = [];
    const keyStore = {
      load: async (/** @type {string} */ key) => kept.get(key) ?? null,
      save: async (/** @type {string} */ key, /** @type {string} */ text, /** @type {any} */ { expiresAt }) => {
        deadlines.push(expiresAt);
        kept.set(key, text);
      },
      delete: async (/** @type {string} */ key) => void kept.delete(key),
    };
    const options = { issuer: signer.issuer, audience: API, keyStore };
    await createVerifier(options).verify(request(signer.token()));
    const before = signer.state.requests;
    await createVerifier(options).verify(request(signer.token()));
    assert.equal(signer.state.requests, before);
    assert.ok(Number(deadlines[0]) > Date.now() / 1000 + 3000);
    assert.ok(![...kept.values()].some((text) => text.includes('"d"')));
  });

  test("an option that is wrong is named where the verifier is made", () => {
    for (const [options, code] of /** @type {const} */ ([
      [{ issuer: "https://idp.example" }, "missing_option"], [{ audience: API }, "missing_option"],
      [{ issuer: "https://idp.example", audience: API, keyStore: {} }, "invalid_option"],
      [{ issuer: "https://idp.example", audience: API, fetch: "x" }, "invalid_option"],
      [{ issuer: "https://idp.example", audiences: API, audience: API }, "unknown_option"], [undefined, "invalid_option"],
    ])) {
      assert.throws(() => createVerifier(/** @type {any} */ (options)), { name: "ConfigurationError", code });
    }
  });
});
