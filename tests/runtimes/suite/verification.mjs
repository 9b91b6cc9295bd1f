// @ts-check
// What a lying provider sends is refused (OIDC Core 3.1.3.7), by the runtime's own WebCrypto; a right one is not.
import { equal, refused } from "./expect.mjs";
import { browse, common, signedInByHand } from "./people.mjs";

/** @typedef {import("../here.mjs").World} World */

/** Signs in at the issuer that has this fault. @param {World} world @param {string} fault */
async function signInAt(world, fault) {
  const idp = await world.wasmOidc.IdpClient.create({ ...common(world), issuer: `${world.setting.hostile}/${fault}`, scopes: "openid email" });
  const request = await idp.createAuthorizationRequest();
  const callback = await browse(world, request.url);
  return { idp, exchange: () => idp.exchangeCode(callback, request) };
}

/** @param {string} name @param {Record<string, string>} faults the code of each */
const liesAbout = (name, faults) => ({
  name: `an ID token is refused that ${name}`,
  run: async (/** @type {World} */ world) => {
    for (const [fault, code] of Object.entries(faults)) {
      const { idp, exchange } = await signInAt(world, fault);
      await refused(world.wasmOidc, exchange, "TokenVerificationError", code);
      idp.dispose();
    }
  },
});

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  ...["RS256", "PS256", "ES256", "EdDSA"].map((algorithm) => ({
    name: `an ID token signed with ${algorithm} is verified`,
    run: async (/** @type {World} */ world) => {
      const { idp, exchange } = await signInAt(world, `signed_${algorithm.toLowerCase()}`);
      equal((await exchange()).id, "usr_ada");
      idp.dispose();
    },
  })),
  liesAbout("somebody changed", {
    broken_signature: "signature_invalid", broken_ps256: "signature_invalid", broken_es256: "signature_invalid", broken_eddsa: "signature_invalid",
  }),
  liesAbout("nobody signed, or a stranger", { alg_none: "alg_not_allowed", signed_by_a_stranger: "signature_invalid", hs256_public_key: "alg_not_allowed" }),
  liesAbout("is of another issuer", { wrong_issuer: "issuer_mismatch" }),
  liesAbout("is for another audience", { wrong_audience: "audience_mismatch", second_audience: "audience_mismatch" }),
  liesAbout("answers another sign-in", { wrong_nonce: "nonce_mismatch", missing_nonce: "nonce_mismatch" }),
  liesAbout("is expired, or of the future", { expired: "id_token_expired", issued_in_the_future: "not_yet_valid" }),
  liesAbout("belongs to another access token", { wrong_at_hash: "at_hash_mismatch" }),
  {
    name: "checkToken passes a right ID token, and names the step that a changed one fails",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const idToken = agent.tokens.id_token ?? "";
      const report = await idp.checkToken(idToken);
      equal([report.valid, report.tokenType, report.steps.length, report.error], [true, "id_token", 6, null]);
      equal(report.steps.every(({ passed }) => passed), true);
      const [header, payload, signature] = idToken.split(".");
      const changed = `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      const refusal = await idp.checkToken(changed);
      equal([refusal.valid, refusal.steps.find(({ passed }) => !passed)?.name], [false, "verify_signature"]);
      idp.dispose();
    },
  },
  {
    name: "checkToken judges a signed access token by its audience",
    async run(world) {
      const { idp, agent } = await signedInByHand(world, {}, { resource: world.setting.audience });
      const token = agent.tokens.access_token;
      const look = async (/** @type {string} */ expectedAudience) => {
        const { valid, tokenType, audienceMatch } = await idp.checkToken(token, { expectedAudience });
        return { valid, tokenType, audienceMatch };
      };
      equal(await look(world.setting.audience), { valid: true, tokenType: "access_token", audienceMatch: true });
      equal(await look("https://other.example/"), { valid: false, tokenType: "access_token", audienceMatch: false });
      idp.dispose();
    },
  },
];
