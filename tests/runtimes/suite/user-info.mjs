// @ts-check
// The userinfo endpoint (OIDC Core 5.3).
import { equal, refused } from "./expect.mjs";
import { browse, common, signedInByHand } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "userinfo says who it is, with organizations",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const { sub, name, email, organizations } = await idp.getUserInfo(agent);
      equal([sub, name, email], ["usr_ada", "Ada Lovelace", "ada@example.com"]);
      equal(organizations?.map(({ id }) => id), ["org_engines", "org_society"]);
      idp.dispose();
    },
  },
  {
    name: "userinfo of somebody else, and a signed one that somebody changed, are refused",
    async run(world) {
      const lies = { userinfo_other_subject: ["SubjectMismatchError", "subject_mismatch"], userinfo_signed_broken: ["TokenVerificationError", "signature_invalid"] };
      for (const [fault, [name, code]] of Object.entries(lies)) {
        const idp = await world.wasmOidc.IdpClient.create({ ...common(world), issuer: `${world.setting.hostile}/${fault}`, scopes: "openid email" });
        const request = await idp.createAuthorizationRequest();
        const agent = await idp.exchangeCode(await browse(world, request.url), request);
        await refused(world.wasmOidc, () => idp.getUserInfo(agent), name, code);
        idp.dispose();
      }
    },
  },
];
