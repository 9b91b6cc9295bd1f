// @ts-check
// What a server asks of one client for many people: each public method that works without a session of the client's own, as
// a job that a request does for one person. In Node it is called, in a Worker it is bundled.

import { memoryStorage } from "wasm-oidc";

/** @typedef {import("wasm-oidc").IdpClient} IdpClient */
/** @typedef {{ user: string, issuer: string, tokens: any, callback: string, auth: any, logoutToken: string }} Asked */

/** The people: each one's tokens allow to read what is called like them. */
export const USERS = Array.from({ length: 10 }, (_, at) => `user${at}person`);

/** The methods that would need a session of the client's own, and what they are called with. */
export const AMBIENT = {
  signInRedirect: [],
  signInPopup: [],
  signInSilent: [],
  handleRedirectCallback: ["https://app.example/callback?code=a&state=b"],
  adopt: ["an agent"],
  saveTokens: ["tokens"],
  getAgent: [],
  getAccessToken: [],
  authorizationHeader: [],
  getTokens: [],
  withToken: [(/** @type {string} */ token) => token],
  getUserInfo: [],
  revokeToken: [],
  refresh: [],
  fetch: ["/api"],
  get: ["/api"],
  post: ["/api"],
  put: ["/api"],
  patch: ["/api"],
  delete: ["/api"],
  head: ["/api"],
  signOut: [],
  clear: [],
  handleLogoutCallback: ["https://app.example/?state=a"],
  handleFrontChannelLogout: ["https://app.example/?iss=a&sid=b", { withoutSession: true }],
};

/** What says nothing of a person. */
export const IMPERSONAL = {
  constructor: () => null,
  name: (/** @type {IdpClient} */ idp) => idp.name,
  options: (/** @type {IdpClient} */ idp) => idp.options.clientSecret,
  storage: (/** @type {IdpClient} */ idp) => idp.storage,
  flow: (/** @type {IdpClient} */ idp) => idp.flow,
  discoveryMode: (/** @type {IdpClient} */ idp) => idp.discoveryMode,
  metadata: (/** @type {IdpClient} */ idp) => idp.metadata?.issuer ?? null,
  agent: (/** @type {IdpClient} */ idp) => idp.agent,
  snapshot: (/** @type {IdpClient} */ idp) => idp.snapshot,
  isAuthenticated: (/** @type {IdpClient} */ idp) => idp.isAuthenticated,
  subscribe: (/** @type {IdpClient} */ idp) => idp.subscribe(() => {})(),
  on: (/** @type {IdpClient} */ idp) => idp.on("warning", () => {})(),
  discover: async (/** @type {IdpClient} */ idp) => (await idp.discover({ force: true })).issuer,
  preflight: async (/** @type {IdpClient} */ idp) => (await idp.preflight()).ok,
  // The last one: see the test of it.
  dispose: () => null,
};

/** How an agent's methods are called; its getters are all read. */
const SEEN = {
  constructor: () => null,
  isExpired: (/** @type {any} */ agent) => agent.isExpired(),
  getAccessToken: (/** @type {any} */ agent) => agent.getAccessToken(),
  authorizationHeader: (/** @type {any} */ agent) => agent.authorizationHeader(),
  // Asked for once, with the agent of stored tokens: it takes its time.
  refresh: () => null,
  fetch: async (/** @type {any} */ agent, /** @type {string} */ issuer) => (await agent.fetch(`${issuer}/api`)).json(),
  hasAccess: (/** @type {any} */ agent) => USERS.filter((user) => agent.hasAccess("read", user)),
  hasAccessIn: (/** @type {any} */ agent) => agent.hasAccessIn("org", "read", "tasks"),
  checkMany: (/** @type {any} */ agent) => agent.checkMany([{ action: "read", resource: "tasks" }]),
  requireAccess: (/** @type {any} */ agent) => {
    try {
      return agent.requireAccess("write", "everything");
    } catch (error) {
      return /** @type {any} */ (error).code;
    }
  },
  whyAccess: (/** @type {any} */ agent) => agent.whyAccess("read", "tasks"),
  hasRole: (/** @type {any} */ agent) => agent.hasRole("owner"),
  isOwnerOf: (/** @type {any} */ agent) => agent.isOwnerOf("org"),
  isAdminOf: (/** @type {any} */ agent) => agent.isAdminOf("org"),
  isMemberOf: (/** @type {any} */ agent) => agent.isMemberOf("org"),
  getScopesFor: (/** @type {any} */ agent) => agent.getScopesFor("org"),
};

/** @param {any} agent @param {string} issuer */
async function seen(agent, issuer) {
  /** @type {Record<string, unknown>} */
  const told = { ...agent };
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(agent)))) {
    const ask = get === undefined ? SEEN[/** @type {keyof typeof SEEN} */ (name)] : (/** @type {any} */ one) => one[name];
    if (ask === undefined) throw new Error(`an agent's "${name}" is not asked for: add it here`);
    told[name] = await ask(agent, issuer);
  }
  return told;
}

const seenTokens = memoryStorage();

/** The person's own jobs, by the methods that they are about. @type {Record<string, (idp: IdpClient, asked: Asked) => Promise<unknown>>} */
export const PERSONAL = {
  createAuthorizationUrl: async (idp, { user }) => {
    await idp.discover();
    return idp.createAuthorizationUrl({ loginHint: user });
  },
  createAuthorizationRequest: (idp, { user }) => idp.createAuthorizationRequest({ loginHint: user }),
  exchangeCode: async (idp, { callback, auth, issuer }) => seen(await idp.exchangeCode(callback, auth), issuer),
  createAgent: async (idp, { tokens, issuer }) => {
    const agent = await idp.createAgent(tokens);
    return [await seen(agent, issuer), await seen(await agent.refresh(), issuer)];
  },
  getUserInfo: async (idp, { tokens }) => idp.getUserInfo(await idp.createAgent(tokens, { autoRefresh: false })),
  refresh: async (idp, { tokens, issuer }) => seen(await idp.refresh(await idp.createAgent(tokens)), issuer),
  revokeToken: async (idp, { tokens, user }) => [await idp.revokeToken(tokens.access_token), user],
  introspect: (idp, { tokens }) => idp.introspect(tokens.access_token),
  clientCredentials: async (idp, { user }) => [(await idp.clientCredentials(["machine:read"])).id, user],
  passwordGrant: async (idp, { user, issuer }) => seen(await idp.passwordGrant({ username: user, password: "a" }), issuer),
  refreshTokenGrant: async (idp, { tokens, issuer }) => seen(await idp.refreshTokenGrant(tokens.refresh_token), issuer),
  deviceAuthorization: async (idp, { user, issuer }) => {
    const device = await idp.deviceAuthorization({ scopes: ["openid", user] });
    return seen(await device.agent, issuer);
  },
  tokenExchange: async (idp, { tokens, issuer }) => {
    const { agent, tokens: exchanged } = await idp.tokenExchange({ subjectToken: tokens.access_token, subjectTokenType: "access_token" });
    return [exchanged, agent && (await seen(agent, issuer))];
  },
  customGrant: async (idp, { user, issuer }) =>
    seen(await idp.customGrant({ data: { grant_type: "urn:app:own", user } }), issuer),
  session: async (idp, { user, issuer }) =>
    (await idp.session({ timeoutSeconds: 60 }).post(`${issuer}/echo`, { auth: "none", json: { user } })).json(),
  fetch: async (idp, { user, issuer }) =>
    (await idp.fetch(`${issuer}/echo`, { auth: "none", method: "POST", body: user })).json(),
  createLogoutUrl: async (idp, { tokens, user }) => {
    await idp.discover();
    return idp.createLogoutUrl({ idTokenHint: tokens.id_token, postLogoutRedirectUri: "https://app.example/", state: user });
  },
  verifyLogoutToken: (idp, { logoutToken }) => idp.verifyLogoutToken(logoutToken, { store: seenTokens }),
  checkToken: async (idp, { tokens }) => {
    const { valid, payload } = await idp.checkToken(tokens.id_token);
    return [valid, payload];
  },
};

/**
 * What an ambient method says here.
 *
 * @param {any} idp
 * @param {keyof typeof AMBIENT} name
 * @param {any} tokens
 */
export async function refusal(idp, name, tokens) {
  const agent = await idp.createAgent(tokens, { verify: "claims", autoRefresh: false });
  // Where it had a machine's agents to forget, it was not about a session.
  if (name === "clear") await idp.clear().catch(() => {});
  const values = AMBIENT[name].map((value) => (value === "tokens" ? tokens : value === "an agent" ? agent : value));
  try {
    return { answered: String(await idp[name](...values)) };
  } catch (error) {
    const { name: kind, code, message } = /** @type {any} */ (error);
    return { kind, code, message };
  }
}

/** @param {any} idp the names of its public members */
export const members = (idp) => Object.getOwnPropertyNames(Object.getPrototypeOf(idp));
