// @ts-check
// How the demo provider is set up: PKCE for everybody, rotating refresh tokens, organizations in the ID token.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { memoryStore } from "./store.mjs";
import { errorPage, signedOutPage, signOutPage } from "./pages.mjs";

/** Lifetimes in seconds. An access token of five minutes lets a visitor watch one expire. */
const defaultTtl = {
  AccessToken: 300,
  AuthorizationCode: 60,
  Grant: 14 * 24 * 3600,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 14 * 24 * 3600,
  Session: 24 * 3600,
};

/**
 * @param {object} options
 * @param {import("./users.mjs").User[]} options.users
 * @param {Partial<typeof defaultTtl>} [options.ttl]
 * @param {Record<string, any>} [options.features] merged over the features below, named as node-oidc-provider does
 */
export function configuration({ users, ttl, features }) {
  const bySubject = new Map(users.map((user) => [user.sub, user]));
  const lifetimes = { ...defaultTtl, ...ttl };
  return {
    adapter: memoryStore(),
    jwks: { keys: signingKeys() },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    ttl: lifetimes,
    pkce: { required: () => true },
    scopes: ["openid", "offline_access"],
    claims: {
      openid: ["sub", "organizations"],
      profile: ["name"],
      email: ["email", "email_verified"],
    },
    // The ID token carries the claims of the scopes too, so that a page knows its user without another request.
    conformIdTokenClaims: false,
    // Strictly, OpenID Connect Core 11 gives `offline_access` only together with a consent page, which a first-party
    // provider does not show. So the client's registration decides who gets a refresh token.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: async () => false,
    rotateRefreshToken: true,
    clientBasedCORS: (_ctx, origin, client) =>
      client.redirectUris.some((uri) => new URL(uri).origin === origin),
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"],
      userinfoSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"],
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        // RFC 8707, RFC 9068: whoever names an API gets a signed access token for it alone.
        getResourceServerInfo: async (_ctx, resource) => ({
          scope: "",
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: lifetimes.AccessToken,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = signOutPage(form);
        },
        postLogoutSuccessSource: async (ctx) => {
          ctx.body = signedOutPage();
        },
      },
      ...features,
    },
    extraTokenClaims: async (_ctx, token) => {
      const user = bySubject.get(token.accountId);
      return user && { organizations: user.organizations };
    },
    findAccount: async (_ctx, sub) => {
      const user = bySubject.get(sub);
      if (!user) return undefined;
      const { name, email, email_verified, organizations } = user;
      return { accountId: sub, claims: async () => ({ sub, name, email, email_verified, organizations }) };
    },
    loadExistingGrant: grantWhatIsAsked,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: async (ctx, out) => {
      ctx.type = "html";
      ctx.body = errorPage(out);
    },
    // On loopback its own fetch refuses private addresses, which is where the tests' clients publish their keys.
    fetch: (url, { dispatcher, ...init }) => fetch(url, init),
  };
}

/** Grants a first-party client what it asks for, instead of a consent page. */
async function grantWhatIsAsked(ctx) {
  const { provider, client, session, params, result } = ctx.oidc;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ??
    new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  if (params.scope) grant.addOIDCScope(params.scope);
  grant.addOIDCClaims([...ctx.oidc.requestParamClaims]);
  for (const resource of [params.resource ?? []].flat()) {
    if (params.scope) grant.addResourceScope(resource, params.scope);
  }
  await grant.save();
  return grant;
}

/** One key for each signature family that a client can ask for; RS256 first, as OpenID Connect Core 2 has it. */
function signingKeys() {
  const rsa = { modulusLength: 2048 };
  return [
    { alg: "RS256", pair: generateKeyPairSync("rsa", rsa) },
    { alg: "PS256", pair: generateKeyPairSync("rsa", rsa) },
    { alg: "ES256", pair: generateKeyPairSync("ec", { namedCurve: "P-256" }) },
    { alg: "EdDSA", pair: generateKeyPairSync("ed25519") },
  ].map(({ alg, pair }) => ({
    ...pair.privateKey.export({ format: "jwk" }),
    alg,
    use: "sig",
    kid: `${alg.toLowerCase()}-${randomBytes(4).toString("hex")}`,
  }));
}
