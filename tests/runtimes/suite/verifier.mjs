// @ts-check
// Requests to an app's own API: whom they come from (RFC 9068), and the answer to those that are refused (RFC 6750 3).
import { equal, holds, refused } from "./expect.mjs";
import { signedInByHand } from "./people.mjs";

/** @typedef {import("../here.mjs").World} World */

/** @param {World} world @param {object} [options] */
const verifierOf = ({ edge, setting }, options) => edge.createVerifier({ issuer: setting.issuer, audience: setting.audience, ...options });

/** A request as it comes in. @param {string} [token] @param {string} [path] */
const from = (token, path = "/notes") =>
  new Request(`https://api.example.com${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

/** Somebody's access token for the API, signed by the real provider. @param {World} world */
async function tokenOf(world) {
  const { idp, agent } = await signedInByHand(world, {}, { resource: world.setting.audience });
  idp.dispose();
  return agent.tokens.access_token;
}

/** What a refused request is answered. @param {any} verifier @param {Request} request @param {object} [needs] */
async function answerTo(verifier, request, needs) {
  const { response, error } = await verifier.tryVerify(request, needs);
  const challenge = response.headers.get("www-authenticate");
  return { status: response.status, code: error.code, challenge: /error="(\w+)"/.exec(challenge ?? "")?.[1] ?? challenge };
}

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a request is its sender's, who may do what the token lists; seen again it is the same agent",
    async run(world) {
      const verifier = verifierOf(world);
      const token = await tokenOf(world);
      const agent = await verifier.verify(from(token), { access: ["write", "projects.tasks", "org_engines"] });
      equal([agent.id, agent.type, agent.isOwnerOf("org_engines"), agent.isMemberOf("org_other")], ["usr_ada", "user", true, false]);
      holds((await verifier.verify(from(token))) === agent, "the agent is the same object");
      await refused(world.wasmOidc, () => agent.tokens, "ConfigurationError", "tokens_not_kept");
      equal(JSON.stringify(agent).includes(token), false);
    },
  },
  {
    name: "a request without a token, with a changed one, or for another API is answered 401",
    async run(world) {
      const verifier = verifierOf(world);
      const token = await tokenOf(world);
      equal(await answerTo(verifier, from()), { status: 401, code: "credentials_missing", challenge: "Bearer" });
      const [header, payload, signature] = token.split(".");
      const changed = `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      equal(await answerTo(verifier, from(changed)), { status: 401, code: "signature_invalid", challenge: "invalid_token" });
      const other = verifierOf(world, { audience: "https://other.example/" });
      equal(await answerTo(other, from(token)), { status: 401, code: "audience_mismatch", challenge: "invalid_token" });
      const elsewhere = verifierOf(world, { issuer: "https://other.example" });
      equal(await answerTo(elsewhere, from(token)), { status: 401, code: "issuer_mismatch", challenge: "invalid_token" });
      const { error } = await verifier.tryVerify(from(changed));
      await refused(world.wasmOidc, () => Promise.reject(error), "RequestAuthError", "signature_invalid");
    },
  },
  {
    name: "a request that wants more than the token grants is answered 403, one with two tokens 400",
    async run(world) {
      const verifier = verifierOf(world);
      const token = await tokenOf(world);
      const needs = { access: ["write", "billing", "org_engines"] };
      equal(await answerTo(verifier, from(token), needs), { status: 403, code: "insufficient_scope", challenge: "insufficient_scope" });
      equal((await verifier.verify(from(token))).id, "usr_ada");
      const twice = await answerTo(verifier, from(token, `/notes?access_token=${token}`));
      equal([twice.status, twice.challenge], [400, "invalid_request"]);
    },
  },
  {
    name: "requests while the issuer is down are answered 503, and do not ask it again and again",
    async run(world) {
      let asked = 0;
      const away = () => ((asked += 1), Promise.reject(new TypeError("fetch failed")));
      const verifier = verifierOf(world, { fetch: away, jwksUri: `${world.setting.issuer}/jwks` });
      const token = await tokenOf(world);
      for (let request = 0; request < 5; request += 1) {
        const { response, error } = await verifier.tryVerify(from(token));
        equal([response.status, error.code, error.recovery], [503, "network_failure", "retry"]);
        holds(Number(response.headers.get("retry-after")) > 0, "the answer says when to come again");
      }
      equal(asked, 1);
    },
  },
];
