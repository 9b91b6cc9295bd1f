// @ts-check
// What a verifier remembers of bound tokens and of proofs (RFC 9449 8.2 and 11.1), with tokens of a real provider.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Hono } from "hono";
import { createVerifier, isOAuthError } from "wasm-oidc/edge";
import { bearer } from "wasm-oidc/hono";

import { API, Prover, startResourceProvider, tokenOf } from "./resource.mjs";

const URL_OF_ORDERS = "http://api.example/orders";
const SECRET = "a secret that all isolates of the API have in common";

/** @type {Awaited<ReturnType<typeof startResourceProvider>>} */
let provider;
/** @type {Prover} */
let prover;
/** @type {Record<string, import("wasm-oidc/edge").VerifierOptions>} */
let options;
/** @type {string} */
let bound;

before(async () => {
  provider = await startResourceProvider();
  prover = await Prover.make();
  bound = await tokenOf(provider, { prover });
  const usual = { issuer: provider.issuer, audience: API };
  options = { usual, nonces: { ...usual, dpop: { nonceSecret: SECRET } } };
});
after(() => provider?.close());

/** @param {{ scheme?: string, token?: string, proof?: string }} parts */
function request({ scheme = "DPoP", token = bound, proof: text }) {
  const headers = new Headers({ authorization: `${scheme} ${token}`, ...(text && { dpop: text }) });
  return new Request(URL_OF_ORDERS, { headers });
}

const proof = (/** @type {any} */ changes = {}, method = "GET", url = URL_OF_ORDERS, token = bound) => prover.prove(method, url, token, changes);

test("isolates that share a store take a proof once, and none while the store is gone [D11]", async () => {
  const known = new Map();
  let fails = false;
  const replayStore = {
    async add(/** @type {string} */ key, /** @type {number} */ expiresAt) {
      if (fails) throw new Error(`the store is gone; the token was ${bound}`);
      if (known.has(key)) return false;
      known.set(key, expiresAt);
      return true;
    },
  };
  const isolate = () => createVerifier({ ...options.usual, dpop: { replayStore } });
  const [one, other] = [isolate(), isolate()];
  const fresh = await proof();
  assert.ok((await one.tryVerify(request({ proof: fresh }))).agent);
  const { response } = await other.tryVerify(request({ proof: fresh }));
  assert.equal(response?.status, 401);
  const [[key, expiresAt]] = known;
  assert.match(key, /^wasm-oidc:dpop:[\w-]{43}$/);
  assert.ok(expiresAt > Date.now() / 1000 && expiresAt <= Date.now() / 1000 + 121);
  fails = true;
  const { error, response: unavailable } = await one.tryVerify(request({ proof: await proof() }));
  assert.deepEqual([unavailable?.status, error?.code], [503, "storage_unavailable"]);
  assert.ok(!String(error?.message).includes(bound));
});

test("a token storage with a lock is such a store, and one without a lock is refused [D11]", async () => {
  const kept = new Map();
  let last = Promise.resolve();
  const storage = {
    load: async (/** @type {string} */ key) => kept.get(key) ?? null,
    save: async (/** @type {string} */ key, /** @type {string} */ text) => void kept.set(key, text),
    delete: async (/** @type {string} */ key) => void kept.delete(key),
    lock: (/** @type {string} */ _key, /** @type {() => Promise<any>} */ run) => {
      const turn = last.then(run);
      last = turn.catch(() => {});
      return turn;
    },
  };
  const verifiers = [0, 1, 2].map(() => createVerifier({ ...options.usual, dpop: { replayStore: storage } }));
  const fresh = await proof();
  const answers = await Promise.all(verifiers.map((verifier) => verifier.tryVerify(request({ proof: fresh }))));
  assert.equal(answers.filter(({ agent }) => agent).length, 1);
  const { lock, ...kv } = storage;
  for (const replayStore of [kv, {}, 7, { add: true }]) {
    assert.throws(() => createVerifier({ ...options.usual, dpop: { replayStore: /** @type {any} */ (replayStore) } }), (error) => isOAuthError(error) && error.code === "invalid_option");
  }
});

test("an answer brings the next nonce before the one in use is over, through Hono, too", async (t) => {
  const verifier = createVerifier(options.nonces);
  const first = await verifier.tryVerify(request({}));
  const nonce = first.response?.headers.get("dpop-nonce") ?? "";
  const asked = async () => request({ proof: await proof({ claims: { nonce, iat: Math.floor(Date.now() / 1000) } }) });
  const responseHeaders = new Headers();
  assert.ok((await verifier.tryVerify(await asked(), { responseHeaders })).agent);
  assert.equal(responseHeaders.get("dpop-nonce"), null);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 200_000 });
  assert.ok((await verifier.tryVerify(await asked(), { responseHeaders })).agent);
  const next = responseHeaders.get("dpop-nonce");
  assert.ok(next !== null && next !== nonce);
  assert.ok((await verifier.tryVerify(request({ proof: await proof({ claims: { nonce: next } }) }))).agent);
  const app = new Hono().use(bearer(verifier)).get("/orders", (c) => c.text("orders"));
  const answer = await app.request(await asked());
  assert.deepEqual([answer.status, await answer.text()], [200, "orders"]);
  assert.match(answer.headers.get("dpop-nonce") ?? "", /^[\w-]{32}$/);
});

test("a bound token is verified once, and every proof is checked", async () => {
  let asked = 0;
  const verifier = createVerifier({
    ...options.usual,
    organizationsFrom: async () => {
      asked += 1;
      return [{ id: "org_1", scopes: ["orders:read"] }];
    },
  });
  const token = await tokenOf(provider, { prover });
  const made = (/** @type {object} */ changes = {}) => proof(changes, "GET", URL_OF_ORDERS, token);
  const agents = [];
  for (let call = 0; call < 3; call += 1) {
    agents.push(await verifier.verify(request({ token, proof: await made() }), { access: ["read", "orders", "org_1"] }));
  }
  assert.equal(asked, 1);
  assert.ok(agents.every((agent) => agent === agents[0]));
  const used = await made();
  assert.ok((await verifier.tryVerify(request({ token, proof: used }))).agent);
  const other = await Prover.make();
  for (const bad of [used, await made({ claims: { htm: "POST" } }), await other.prove("GET", URL_OF_ORDERS, token), undefined]) {
    const { error } = await verifier.tryVerify(request({ token, proof: bad }));
    assert.equal(error?.code, "invalid_dpop_proof");
  }
  const byBearer = await verifier.tryVerify(request({ token, scheme: "Bearer" }));
  assert.deepEqual([byBearer.response?.status, byBearer.error?.code], [401, "token_bound"]);
  const { response } = await verifier.tryVerify(request({ token, proof: await made() }), { access: ["write", "orders", "org_1"] });
  assert.equal(response?.status, 403);
  assert.match(response?.headers.get("www-authenticate") ?? "", /DPoP error="insufficient_scope"/);
});

test("a mistake in the options is named", () => {
  for (const [dpop, code] of /** @type {const} */ ([
    [true, "invalid_option"], ["off", "invalid_option"], [{ mode: "off" }, "invalid_option"], [{ nonces: true }, "unknown_option"],
    [{ nonceSecret: "short" }, "invalid_option"], [{ algorithms: ["HS256"] }, "invalid_option"],
  ])) {
    assert.throws(() => createVerifier({ ...options.usual, dpop: /** @type {any} */ (dpop) }), { name: "ConfigurationError", code });
  }
  assert.throws(() => createVerifier({ ...options.usual, publicOrigin: "https://api.example/v1" }), { code: "invalid_option" });
  assert.ok(createVerifier({ ...options.usual, publicOrigin: new URL("https://api.example") }));
});
