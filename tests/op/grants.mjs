// @ts-check
// The real provider with the grants that need no redirect: client credentials and the device grant of its own, and, by its
// `registerGrantType`, a password with one-time code, token exchange and an assertion of an app's own.
import { startTestProvider } from "./provider.mjs";
import { demoUsers } from "wasm-oidc-example/provider";

export const MACHINE = { clientId: "agt_machine1", clientSecret: "a-secret-of-the-tests-that-is-long-enough" };
export const API = "https://api.example.com/";
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

/** The one-time code that every demo user has at any time. */
export const TOTP = "246810";

/** A public client for people: devices, command lines. */
export const PERSONAL = "cli_personal";

/**
 * @param {Record<string, number>} [ttl] seconds
 */
export async function startGrantsProvider(ttl) {
  const form = async (/** @type {any} */ ctx, /** @type {string} */ html) => void (ctx.body = html);
  const running = await startTestProvider({
    ttl: { AccessToken: 60, ClientCredentials: 60, DeviceCode: 120, ...ttl },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: form,
        userCodeConfirmSource: form,
        successSource: (/** @type {any} */ ctx) => form(ctx, "Signed in"),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (/** @type {any} */ _ctx, /** @type {any} */ _client, /** @type {any} */ oneOf) => oneOf ?? [],
        getResourceServerInfo: async (/** @type {any} */ _ctx, /** @type {string} */ resource) => ({
          scope: "users:read users:write projects:**",
          audience: resource,
          accessTokenFormat: "opaque",
        }),
      },
    },
  });
  const { provider } = running;
  registerPassword(provider);
  registerTokenExchange(provider);
  registerAssertion(provider);
  const withSecret = { client_secret: MACHINE.clientSecret, redirect_uris: [], response_types: [] };
  const machine = { ...withSecret, grant_types: ["client_credentials", TOKEN_EXCHANGE, JWT_BEARER] };
  await running.addClient({ ...machine, client_id: MACHINE.clientId, token_endpoint_auth_method: "client_secret_basic" });
  await running.addClient({ ...machine, client_id: "cli_post", token_endpoint_auth_method: "client_secret_post" });
  await running.addClient({
    client_id: PERSONAL,
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "none",
    grant_types: [DEVICE_CODE, "refresh_token", "password"],
  });
  return running;
}

/**
 * What a person does with the code of a device, at the provider's own pages.
 *
 * @param {string} uri where the device sent them
 * @param {string} userCode
 * @param {{ login?: string, answer?: "agree" | "refuse" }} [options]
 */
export async function confirmDevice(uri, userCode, { login = "ada", answer = "agree" } = {}) {
  /** @type {Map<string, string>} */
  const jar = new Map();
  let page = await visit(uri, undefined, jar);
  const typed = { ...hidden(page.html), user_code: userCode };
  page = await visit(page.url, typed, jar);
  const yesOrNo = answer === "agree" ? { confirm: "yes" } : { abort: "yes" };
  page = await visit(page.url, { ...hidden(page.html), ...yesOrNo, user_code: userCode }, jar);
  if (answer === "refuse") return;
  const user = demoUsers.find((one) => one.login === login);
  page = await visit(page.url, { login, password: String(user?.password) }, jar);
  if (page.html !== "Signed in") throw new Error(`the provider says: ${page.html.slice(0, 2000)}`);
}

/** @param {string} url @param {Record<string, string> | undefined} form @param {Map<string, string>} jar */
async function visit(url, form, jar) {
  let request = form && { method: "POST", body: new URLSearchParams(form) };
  for (let step = 0; step < 8; step += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...request, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    const location = response.headers.get("location");
    if (location === null) return { url, html: await response.text() };
    url = new URL(location, url).href;
    request = undefined;
  }
  throw new Error(`${url} redirects for ever`);
}

/** The fields that a form has already. @param {string} html */
function hidden(html) {
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name, value]));
}

/** A person's password and one-time code, as Keycloak takes them. @param {any} provider */
function registerPassword(provider) {
  const handler = async (/** @type {any} */ ctx) => {
    const { username, password, totp, scope } = ctx.oidc.params;
    const user = demoUsers.find((one) => one.login === username && one.password === password);
    if (!user || totp !== TOTP) return refuse(ctx, "invalid_grant", "wrong user, password or code");
    await issue(provider, ctx, user.sub, scope ?? "", { refresh: true });
  };
  provider.registerGrantType("password", handler, ["username", "password", "totp", "scope"]);
}

/** RFC 8693, for access tokens of this provider. @param {any} provider */
function registerTokenExchange(provider) {
  const handler = async (/** @type {any} */ ctx) => {
    const { params } = ctx.oidc;
    const subject = await provider.AccessToken.find(params.subject_token);
    if (params.subject_token_type !== `${TOKEN_TYPE}access_token`) return refuse(ctx, "invalid_request", "the type");
    if (!subject) return refuse(ctx, "invalid_request", "the subject token is not known");
    if (params.audience === "https://forbidden.example/") return refuse(ctx, "invalid_target", "not for this client");
    if (params.requested_token_type === `${TOKEN_TYPE}saml2`) {
      ctx.body = { access_token: "PHNhbWw+", issued_token_type: `${TOKEN_TYPE}saml2`, token_type: "N_A", expires_in: 60 };
      return;
    }
    await issue(provider, ctx, subject.accountId, params.scope ?? "", {});
    if (params.audience !== "https://silent.example/") ctx.body.issued_token_type = `${TOKEN_TYPE}access_token`;
  };
  const names = ["subject_token", "subject_token_type", "actor_token", "actor_token_type", "requested_token_type"];
  provider.registerGrantType(TOKEN_EXCHANGE, handler, [...names, "resource", "audience", "scope"], ["resource", "audience"]);
}

/** An assertion (RFC 7523) that is the login of a user, for a test. @param {any} provider */
function registerAssertion(provider) {
  const handler = async (/** @type {any} */ ctx) => {
    const user = demoUsers.find((one) => one.login === ctx.oidc.params.assertion);
    if (!user) return refuse(ctx, "invalid_grant", "nobody");
    await issue(provider, ctx, user.sub, ctx.oidc.params.scope ?? "", {});
  };
  provider.registerGrantType(JWT_BEARER, handler, ["assertion", "scope"]);
}

/** @param {any} ctx @param {string} error @param {string} description */
function refuse(ctx, error, description) {
  ctx.status = 400;
  ctx.body = { error, error_description: description };
}

/** @param {any} provider @param {any} ctx @param {string} accountId @param {string} scope @param {{ refresh?: boolean }} options */
async function issue(provider, ctx, accountId, scope, { refresh = false }) {
  const { client } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const common = { accountId, client, grantId, gty: "custom", scope };
  const access = new provider.AccessToken(common);
  ctx.body = {
    access_token: await access.save(),
    token_type: "Bearer",
    expires_in: access.expiration,
    ...(scope && { scope }),
  };
  if (refresh) ctx.body.refresh_token = await new provider.RefreshToken({ ...common, rotations: 0 }).save();
  if (!scope.split(" ").includes("openid")) return;
  const user = demoUsers.find((one) => one.sub === accountId);
  const idToken = new provider.IdToken({ sub: accountId, email: user?.email, organizations: user?.organizations }, { ctx });
  idToken.scope = scope;
  ctx.body.id_token = await idToken.issue({ use: "idtoken" });
}
