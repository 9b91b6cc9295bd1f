// @ts-check
// Grants that need no redirect: a machine's own, a device's, and that of a refresh token obtained elsewhere.
import { equal, holds, refused } from "./expect.mjs";
import { common, server, signedInByHand, told } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a machine gets a token once for ten calls",
    cannot: { page: "a page keeps no secret" },
    async run(world) {
      const { idp, asked } = await server(world, { ...world.setting.machine, redirectUri: undefined, scopes: undefined });
      const agents = await Promise.all(Array.from({ length: 10 }, () => idp.clientCredentials()));
      const [agent] = agents;
      equal([agent.id, agent.type, asked()], ["agt_machine1", "agent", 1]);
      const { authorization } = await (await agent.fetch(`${world.setting.api}/notes`)).json();
      equal(authorization, `Bearer ${agent.tokens.access_token}`);
      equal((await idp.introspect(agent.tokens.access_token)).active, true);
      idp.dispose();
    },
  },
  {
    name: "a wrong client secret is refused",
    cannot: { page: "a page keeps no secret" },
    async run(world) {
      const { idp } = await server(world, { ...world.setting.machine, clientSecret: "wrong", redirectUri: undefined, scopes: undefined });
      await refused(world.wasmOidc, () => idp.clientCredentials(), "TokenExchangeError", "invalid_client");
      idp.dispose();
    },
  },
  {
    name: "a device signs somebody in by a code",
    async run(world) {
      const { idp } = await server(world);
      const { userCode, verificationUri, intervalSeconds, agent } = await idp.deviceAuthorization();
      holds(userCode.length > 3 && intervalSeconds > 0, "there is a code to show");
      await told(world.setting, "/device", { uri: verificationUri, userCode });
      equal((await agent).id, "usr_ada");
      idp.dispose();
    },
  },
  {
    name: "a refresh token from elsewhere makes an agent, of the expected person only",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const other = await world.wasmOidc.IdpClient.create(common(world));
      const again = await other.refreshTokenGrant(agent.tokens.refresh_token ?? "", { expectedSub: "usr_ada" });
      equal(again.id, "usr_ada");
      const somebodyElse = () => other.refreshTokenGrant(again.tokens.refresh_token ?? "", { expectedSub: "usr_ben" });
      await refused(world.wasmOidc, somebodyElse, "SubjectMismatchError", "subject_mismatch");
      for (const one of [idp, other]) one.dispose();
    },
  },
  {
    name: "preflight finds that people can sign in from here",
    async run(world) {
      const { idp } = await server(world);
      const { ok, steps } = await idp.preflight();
      equal([ok, steps.filter(({ status }) => status === "failure").map(({ name, message }) => [name, message])], [true, []]);
      idp.dispose();
    },
  },
];
