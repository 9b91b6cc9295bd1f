// @ts-check
// Renewal (RFC 6749 6) with a provider that rotates refresh tokens and revokes the family of one that comes twice.
import { equal, holds, refused } from "./expect.mjs";
import { person, signedInByHand } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "ten callers of one session send one refresh",
    async run(world) {
      const { idp, asked, signIn } = await person(world);
      let refreshed = 0;
      idp.on("refreshed", () => void (refreshed += 1));
      await signIn();
      const before = idp.agent?.tokens.access_token;
      const tokens = await Promise.all(Array.from({ length: 10 }, () => idp.getAccessToken({ forceRefresh: true })));
      equal([asked(), refreshed, new Set(tokens).size, tokens[0] === before], [2, 1, 1, false]);
      await idp.clear();
      idp.dispose();
    },
  },
  {
    name: "ten agents of the same stored tokens send one refresh, and the app keeps the new ones",
    async run(world) {
      const { idp, agent, asked } = await signedInByHand(world);
      const due = { ...agent.tokens, expires_at: agent.tokens.issued_at };
      /** @type {string[]} */
      const kept = [];
      const onRefresh = (/** @type {import("wasm-oidc").TokenSet} */ { refresh_token }) => void kept.push(refresh_token ?? "");
      const agents = await Promise.all(Array.from({ length: 10 }, () => idp.createAgent(due, { onRefresh })));
      equal([asked(), new Set(agents.map(({ tokens }) => tokens.access_token)).size], [2, 1]);
      equal(new Set(kept).size, 1);
      holds(kept[0] !== agent.tokens.refresh_token, "the refresh token is another one");
      idp.dispose();
    },
  },
  {
    name: "a refresh token is rotated, and the old one ends the family",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const renewed = await idp.refresh(agent);
      equal([renewed.id, renewed.tokens.refresh_token === agent.tokens.refresh_token], ["usr_ada", false]);
      // Somebody else who has the old one: the library does not send it twice.
      const stolen = { grant_type: "refresh_token", refresh_token: agent.tokens.refresh_token ?? "", client_id: world.setting.clientId };
      const { status } = await fetch(`${world.setting.issuer}/token`, { method: "POST", body: new URLSearchParams(stolen) });
      equal(status, 400);
      await refused(world.wasmOidc, () => idp.refresh(renewed), "RefreshError", "invalid_grant");
      idp.dispose();
    },
  },
  {
    name: "tokens are told apart by their age",
    async run(world) {
      const { tokenSet } = world.wasmOidc;
      const now = Math.floor(Date.now() / 1000);
      const tokens = { access_token: "a", token_type: "Bearer", issued_at: now - 100, version: /** @type {const} */ (1) };
      const live = tokenSet({ ...tokens, expires_at: now + 600, refresh_token: "r" });
      equal([live.isExpired(), live.shouldRefresh, live.isRefreshable], [false, false, true]);
      const over = tokenSet({ ...tokens, expires_at: now - 1 });
      equal([over.isExpired(), over.shouldRefresh, over.isRefreshable], [true, false, false]);
    },
  },
];
