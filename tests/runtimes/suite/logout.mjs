// @ts-check
// Signing out: here, by revocation (RFC 7009), at the provider (RP-Initiated Logout 1.0), by a logout token (Back-Channel
// Logout 1.0).
import { equal, holds, refused } from "./expect.mjs";
import { common, person, signedInByHand, told } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a logout URL names the ID token and where to go afterwards",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const idTokenHint = agent.tokens.id_token;
      const url = new URL(idp.createLogoutUrl({ idTokenHint, postLogoutRedirectUri: world.setting.redirectUri, state: "s" }) ?? "");
      equal(url.origin, world.setting.issuer);
      equal(["id_token_hint", "post_logout_redirect_uri", "state"].map((name) => url.searchParams.get(name)), [
        idTokenHint, world.setting.redirectUri, "s",
      ]);
      idp.dispose();
    },
  },
  {
    name: "a revoked refresh token renews nothing",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      equal(await idp.revokeToken(agent.tokens.refresh_token, "refresh_token"), true);
      await refused(world.wasmOidc, () => idp.refresh(agent), "RefreshError", "invalid_grant");
      idp.dispose();
    },
  },
  {
    name: "a sign-out ends the session, revokes its tokens and tells its listeners",
    async run(world) {
      const { idp, signIn } = await person(world);
      await signIn();
      const { agent } = idp;
      const due = agent && { ...agent.tokens, expires_at: agent.tokens.issued_at };
      /** @type {unknown[]} */
      const reasons = [];
      idp.on("signedout", ({ detail }) => reasons.push([detail.reason, detail.agent?.id]));
      await idp.signOut({ redirect: false });
      equal([idp.agent, idp.isAuthenticated, idp.snapshot.status, reasons], [null, false, "signed-out", [["signed_out", "usr_ada"]]]);
      await refused(world.wasmOidc, () => agent?.tokens, "LoginRequiredError", "signed_out");
      await refused(world.wasmOidc, () => idp.getAccessToken(), "LoginRequiredError", "signed_out");
      const other = await person(world);
      if (due !== null) await refused(world.wasmOidc, () => other.idp.createAgent(due), "RefreshError", "invalid_grant");
      for (const one of [idp, other.idp]) one.dispose();
    },
  },
  {
    name: "a disposed client says so",
    async run(world) {
      const { idp } = await signedInByHand(world);
      idp.dispose();
      await refused(world.wasmOidc, () => idp.discover({ force: true }), "ConfigurationError", "disposed");
    },
  },
  {
    name: "a logout token is taken once, and a changed one never",
    async run(world) {
      const { setting, wasmOidc } = world;
      const store = wasmOidc.memoryStorage();
      const at = (/** @type {string} */ fault) => wasmOidc.IdpClient.create({ ...common(world), issuer: `${setting.hostile}/${fault}` });
      const [idp, lied] = await Promise.all([at("logout_token_honest"), at("logout_token_broken_signature")]);
      const token = await told(setting, "/logout-token", { fault: "logout_token_honest", clientId: setting.clientId });
      const { subject, sessionId } = await idp.verifyLogoutToken(token, { store });
      equal([subject, sessionId], ["usr_ada", "session-1"]);
      await refused(wasmOidc, () => idp.verifyLogoutToken(token, { store }), "TokenVerificationError", "replayed");
      const broken = await told(setting, "/logout-token", { fault: "logout_token_broken_signature", clientId: setting.clientId });
      await refused(wasmOidc, () => lied.verifyLogoutToken(broken, { store }), "TokenVerificationError", "signature_invalid");
      holds((await store.list()).length === 1, "one token is remembered");
      for (const one of [idp, lied]) one.dispose();
    },
  },
];
