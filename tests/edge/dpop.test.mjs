// @ts-check
// Proof of possession at an API (RFC 9449), with tokens that a real provider bound to a key: in Node and in workerd.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { exportJWK, generateSecret } from "jose";

import { inThisProcess, inWorkerd } from "./isolates.mjs";
import { API, ASKER, OPAQUE_API, Prover, startResourceProvider, tokenOf } from "./resource.mjs";

const URL_OF_ORDERS = "http://api.example/orders";
const SECRET = "a secret that all isolates of the API have in common";

/** @type {Awaited<ReturnType<typeof startResourceProvider>>} */
let provider;
/** @type {Prover} */
let prover;
/** @type {Record<string, import("wasm-oidc/edge").VerifierOptions>} */
let options;
/** A bound token, and one that is not. @type {string} */
let bound;
/** @type {string} */
let unbound;
/** @type {string} */
let opaque;

before(async () => {
  provider = await startResourceProvider();
  prover = await Prover.make();
  [bound, unbound, opaque] = await Promise.all([
    tokenOf(provider, { prover }), tokenOf(provider), tokenOf(provider, { prover, resource: OPAQUE_API }),
  ]);
  const usual = { issuer: provider.issuer, audience: API };
  options = {
    usual,
    required: { ...usual, dpop: "required", realm: "orders" },
    allowed: { ...usual, dpop: { mode: "allowed", algorithms: ["ES256"] } },
    off: { ...usual, dpop: false },
    nonces: { ...usual, dpop: { nonceSecret: SECRET } },
    "other-isolate": { ...usual, dpop: { nonceSecret: SECRET } },
    "own-nonces": { ...usual, dpop: { nonce: true } },
    proxied: { ...usual, publicOrigin: "https://public.example" },
    opaque: { ...usual, audience: OPAQUE_API, introspection: ASKER },
  };
});
after(() => provider?.close());

/**
 * @param {{ method?: string, url?: string, scheme?: string, token?: string, proof?: string | string[] }} parts
 */
function request({ method = "GET", url = URL_OF_ORDERS, scheme = "DPoP", token = bound, proof }) {
  const headers = new Headers({ authorization: `${scheme} ${token}` });
  for (const one of [proof ?? []].flat()) headers.append("dpop", one);
  return new Request(url, { method, headers });
}

const proof = (/** @type {any} */ changes = {}, method = "GET", url = URL_OF_ORDERS, token = bound) => prover.prove(method, url, token, changes);

for (const [where, start] of /** @type {const} */ ([["Node", inThisProcess], ["workerd", inWorkerd]])) {
  describe(where, () => {
    /** @type {Awaited<ReturnType<typeof inWorkerd>>} */
    let isolates;
    before(async () => {
      isolates = await start(options);
    });
    after(() => isolates?.dispose());

    /** @param {string} name @param {Parameters<typeof request>[0]} parts */
    const asked = (name, parts) => isolates.ask(name, request(parts));

    /** @param {Response} response @param {number} status @param {string} error */
    function refused(response, status, error) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      assert.equal(response.status, status, challenge);
      assert.match(challenge, new RegExp(`error="${error}"`));
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.ok(!challenge.includes(bound.slice(-20)));
      return challenge;
    }

    test("a bound token with a proof of its key is taken, and the proof once [D3, D11]", async () => {
      const fresh = await proof();
      const response = await asked("usual", { proof: fresh });
      assert.equal(response.status, 200, response.headers.get("www-authenticate") ?? "");
      const { claims } = await response.json();
      assert.deepEqual(claims.cnf, { jkt: prover.thumbprint });
      const challenge = refused(await asked("usual", { proof: fresh }), 401, "invalid_dpop_proof");
      assert.match(challenge, /^Bearer, DPoP error="invalid_dpop_proof"/);
    });

    test("of twenty requests that come at the same time with one proof, one is taken [D11]", async () => {
      const fresh = await proof();
      const answers = await Promise.all(Array.from({ length: 20 }, () => asked("usual", { proof: fresh })));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(19).fill(401)]);
    });

    test("a proof is taken for no other path, method or host [D11]", async () => {
      const fresh = await proof();
      for (const other of [{ method: "DELETE" }, { url: "http://api.example/orders/1" }, { url: "http://api.example/" }, { url: "http://other.example/orders" }]) {
        refused(await asked("usual", { ...other, proof: fresh }), 401, "invalid_dpop_proof");
      }
      assert.equal((await asked("usual", { url: `${URL_OF_ORDERS}?page=2`, proof: fresh })).status, 200);
    });

    test("a proof with anything wrong in it is refused [D3, D11]", async () => {
      const now = Math.floor(Date.now() / 1000);
      const other = await Prover.make();
      const privateJwk = await exportJWK(prover.pair.privateKey);
      const secret = await generateSecret("HS256", { extractable: true });
      const none = (await proof()).split(".");
      none[0] = Buffer.from(JSON.stringify({ typ: "dpop+jwt", alg: "none", jwk: prover.jwk })).toString("base64url");
      const tampered = (await proof()).split(".");
      tampered[1] = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(tampered[1], "base64url").toString()), jti: "another" })).toString("base64url");
      const broken = {
        "another path in htu": await proof({ claims: { htu: "http://api.example/other" } }),
        "https in htu": await proof({ claims: { htu: "https://api.example/orders" } }),
        "a htu that is no URL": await proof({ claims: { htu: "/orders" } }),
        "another method": await proof({ claims: { htm: "POST" } }),
        "the method in lower case": await proof({ claims: { htm: "get" } }),
        "another token's ath": await proof({}, "GET", URL_OF_ORDERS, unbound),
        "no ath": await proof({ claims: { ath: undefined } }),
        "no jti": await proof({ claims: { jti: undefined } }),
        "no iat": await proof({ claims: { iat: undefined } }),
        "no htm": await proof({ claims: { htm: undefined } }),
        "no htu": await proof({ claims: { htu: undefined } }),
        "a huge jti": await proof({ claims: { jti: "x".repeat(1000) } }),
        "made long ago": await proof({ claims: { iat: now - 300 } }),
        "made in the future": await proof({ claims: { iat: now + 300 } }),
        "another type": await proof({ header: { typ: "JWT" } }),
        "no type": await proof({ header: { typ: undefined } }),
        "another key": await other.prove("GET", URL_OF_ORDERS, bound),
        "signed by another key": await proof({ key: other.pair.privateKey }),
        "a private key in it": await proof({ header: { jwk: privateJwk } }),
        "no key in it": await proof({ header: { jwk: undefined } }),
        "HS256": await proof({ header: { alg: "HS256" }, key: secret }),
        "HS256 with its secret in it": await proof({ header: { alg: "HS256", jwk: await exportJWK(secret) }, key: secret }),
        "no signature": `${none[0]}.${none[1]}.`,
        "changed behind its back": tampered.join("."),
        "no JWT": "proof",
        "the access token": bound,
      };
      for (const [what, text] of Object.entries(broken)) {
        const response = await asked("usual", { proof: text });
        assert.equal(response.status, 401, what);
        refused(response, 401, "invalid_dpop_proof");
      }
      refused(await asked("usual", {}), 401, "invalid_dpop_proof");
    });

    test("two proofs are one too many [D11]", async () => {
      refused(await asked("usual", { proof: [await proof(), await proof()] }), 401, "invalid_dpop_proof");
    });

    test("a bound token by Bearer is refused, with a right proof, too [D12]", async () => {
      for (const name of ["usual", "required", "off", "allowed"]) {
        refused(await asked(name, { scheme: "Bearer" }), 401, "invalid_token");
        refused(await asked(name, { scheme: "Bearer", proof: await proof() }), 401, "invalid_token");
      }
    });

    test("a token that was taken with a proof is not taken without one afterwards [D12]", async () => {
      assert.equal((await asked("usual", { proof: await proof() })).status, 200);
      refused(await asked("usual", { scheme: "Bearer" }), 401, "invalid_token");
      refused(await asked("usual", {}), 401, "invalid_dpop_proof");
    });

    test("a token that is bound to no key comes by Bearer alone [D4]", async () => {
      assert.equal((await asked("usual", { scheme: "bearer", token: unbound })).status, 200);
      assert.equal((await asked("allowed", { scheme: "Bearer", token: unbound })).status, 200);
      const unboundProof = await proof({}, "GET", URL_OF_ORDERS, unbound);
      refused(await asked("usual", { token: unbound, proof: unboundProof }), 401, "invalid_token");
      const challenge = refused(await asked("required", { scheme: "Bearer", token: unbound }), 401, "invalid_token");
      assert.match(challenge, /^DPoP realm="orders", error="invalid_token"/);
    });

    test("the scheme's name has no case, and challenges name the schemes that are taken [D4]", async () => {
      for (const scheme of ["dpop", "DPOP"]) assert.equal((await asked("usual", { scheme, proof: await proof() })).status, 200);
      const bare = async (/** @type {string} */ name) => {
        const response = await isolates.ask(name, new Request(URL_OF_ORDERS));
        assert.equal(response.status, 401);
        return response.headers.get("www-authenticate");
      };
      assert.equal(await bare("usual"), "Bearer");
      assert.equal(await bare("off"), "Bearer");
      assert.equal(await bare("allowed"), 'Bearer, DPoP algs="ES256"');
      assert.match((await bare("required")) ?? "", /^DPoP realm="orders", algs="RS256 .*ES256/);
      const off = await asked("off", { proof: await proof() });
      assert.deepEqual([off.status, off.headers.get("www-authenticate")], [401, "Bearer"]);
    });

    test("algorithms that the API does not take are refused [D11]", async () => {
      const edwards = await Prover.make("Ed25519");
      const token = await tokenOf(provider, { prover: edwards });
      assert.equal((await asked("usual", { token, proof: await edwards.prove("GET", URL_OF_ORDERS, token) })).status, 200);
      refused(await asked("allowed", { token, proof: await edwards.prove("GET", URL_OF_ORDERS, token) }), 401, "invalid_dpop_proof");
    });

    test("a token in the query, or in two headers, is refused before anything else [O6]", async () => {
      const query = await isolates.ask("usual", new Request(`${URL_OF_ORDERS}?access_token=${unbound}`));
      refused(query, 400, "invalid_request");
      const both = request({ url: `${URL_OF_ORDERS}?access_token=x`, scheme: "Bearer", token: unbound });
      refused(await isolates.ask("usual", both), 400, "invalid_request");
      const twice = request({ scheme: "Bearer", token: unbound });
      twice.headers.append("authorization", `Bearer ${unbound}`);
      refused(await isolates.ask("usual", twice), 400, "invalid_request");
      for (const authorization of ["Bearer", "Bearer a b", "DPoP ,", 'Bearer "x"']) {
        refused(await isolates.ask("usual", new Request(URL_OF_ORDERS, { headers: { authorization } })), 400, "invalid_request");
      }
    });

    test("where nonces are wanted the first answer brings one, and another isolate with the secret takes it [D11]", async () => {
      const first = await asked("nonces", { proof: await proof() });
      refused(first, 401, "use_dpop_nonce");
      const nonce = first.headers.get("dpop-nonce") ?? "";
      assert.match(nonce, /^[\w-]{32}$/);
      const slow = { iat: Math.floor(Date.now() / 1000) - 86_400 };
      const again = await proof({ claims: { nonce, ...slow } });
      assert.equal((await asked("nonces", { proof: again })).status, 200);
      refused(await asked("nonces", { proof: again }), 401, "invalid_dpop_proof");
      assert.equal((await asked("other-isolate", { proof: await proof({ claims: { nonce } }) })).status, 200);
      refused(await asked("own-nonces", { proof: await proof({ claims: { nonce } }) }), 401, "use_dpop_nonce");
      const madeUp = `${nonce.slice(0, -1)}${nonce.endsWith("A") ? "B" : "A"}`;
      refused(await asked("nonces", { proof: await proof({ claims: { nonce: madeUp } }) }), 401, "use_dpop_nonce");
      const bare = await isolates.ask("nonces", new Request(URL_OF_ORDERS));
      assert.ok(bare.headers.get("dpop-nonce"));
    });

    test("behind a proxy the public origin counts, and no header of the request", async () => {
      const forwarded = request({ proof: await proof() });
      for (const name of ["x-forwarded-host", "x-forwarded-proto", "forwarded"]) forwarded.headers.set(name, "api.example");
      refused(await isolates.ask("proxied", forwarded), 401, "invalid_dpop_proof");
      const claims = { htu: "https://public.example/orders" };
      assert.equal((await asked("proxied", { proof: await proof({ claims }) })).status, 200);
      const lured = request({ proof: await proof({ claims }) });
      lured.headers.set("x-forwarded-host", "public.example");
      refused(await isolates.ask("usual", lured), 401, "invalid_dpop_proof");
    });

    test("an opaque token that the provider calls bound needs its proof, too [D12]", async () => {
      const made = () => proof({}, "GET", URL_OF_ORDERS, opaque);
      const response = await asked("opaque", { token: opaque, proof: await made() });
      assert.equal(response.status, 200, response.headers.get("www-authenticate") ?? "");
      const { claims } = await response.json();
      assert.deepEqual(claims.cnf, { jkt: prover.thumbprint });
      refused(await asked("opaque", { token: opaque, scheme: "Bearer" }), 401, "invalid_token");
      const other = await Prover.make();
      refused(await asked("opaque", { token: opaque, proof: await other.prove("GET", URL_OF_ORDERS, opaque) }), 401, "invalid_dpop_proof");
    });
  });
}
