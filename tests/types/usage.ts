// What an app writes in TypeScript compiles, and what it must not write does not.

import {
  CallbackError, IdentityMismatchError, IdpClient, InsufficientScopeError, StorageError, SubjectMismatchError, checkToken,
  encryptedStorage, getProviderConfig, hasAccess, isOAuthError, listConfiguredProviders, loadProviders, memoryStorage,
  parseScope, ready, safeReturnTo, tokenSet, webStorage,
  type AccessQuestion, type AccessReason, type Agent, type ApiCalls, type ApiSession, type AppClientAuthentication,
  type AuthorizationRequest, type ClaimMapping, type ClientAuthentication, type ClientEvent, type ClientOptions, type Configuration,
  type DeviceAuthorization,
  type ExpectedIdentity, type PreflightStep, type ProviderResponse, type Relayed, type SignInOptions, type SignedIn,
  type Snapshot, type TokenCheckStep, type TokenReport, type TokenSet, type TokenStorage, type TraceEvent, type UserInfo,
} from "wasm-oidc";
import {
  encryptedFileStorage, fetchTrusting, fileStorage, login, startLogin, type FileStorage, type LoggedIn, type StartedLogin,
} from "wasm-oidc/node";

export async function page(): Promise<void> {
  await ready(new URL("https://app.example.com/core.wasm"));
  const idp = await IdpClient.create({
    issuer: "https://idp.example.com",
    clientId: "spa",
    redirectUri: new URL("https://app.example.com/callback"),
    scopes: ["openid", "offline_access"],
    storage: "session",
    apiOrigins: ["https://api.example.com"],
  });
  const stop: () => void = idp.on("signedout", ({ detail }: ClientEvent) => console.log(detail.reason, detail.agent?.id));
  stop();
  const result: SignedIn | Relayed | null = await idp.handleRedirectCallback();
  const agent: Agent | null = result?.agent ?? (await idp.getAgent());
  if (agent === null) return idp.signInRedirect({ returnTo: "/", appState: { tab: 3 }, prompt: ["login", "consent"] });
  const allowed: boolean = agent.hasAccessIn("org_x", "write", "projects.tasks");
  const response: Response = await idp.fetch("https://api.example.com/", { method: "POST", body: "x", auth: "optional" });
  console.log(allowed, response.status, agent.organizations[0]?.scopes, agent.expiresIn, hasAccess(["a:b"], "b", "a"));
  console.log(parseScope("a:b")?.resource, idp.createLogoutUrl()?.length);
  const userInfo: UserInfo = await idp.getUserInfo(agent);
  const back: { returnTo: string } | null = await idp.handleLogoutCallback();
  console.log(userInfo.sub, userInfo.organizations[0]?.id, userInfo.name, back?.returnTo, await idp.revokeToken());
  console.log((await idp.getTokens())?.expires_at, await idp.withToken((token) => token.length));
  await idp.clear();
  await idp.signOut({ returnTo: new URL("https://app.example.com/"), method: "post", appState: 3, revoke: false });
}

export function allowed(agent: Agent): readonly string[] {
  const one: AccessQuestion = { action: "write", resource: "projects.tasks", organization: "org_x" };
  const questions = [one, { action: "read", resource: "users" }];
  const answers: boolean[] = agent.checkMany(questions);
  const reason: AccessReason | null = agent.whyAccess("read", "users", "org_x") ?? agent.whyAccess("read", "users");
  console.log(answers, reason?.organization, reason?.scope, agent.hasRole("Auditor"), agent.malformedScopes[0]);
  try {
    agent.requireAccess("write", "projects", "org_x");
  } catch (error) {
    if (error instanceof InsufficientScopeError) return error.granted ?? [`${error.required?.organization}`];
  }
  // @ts-expect-error: an agent's roles are its provider's
  agent.roles.push("Auditor");
  return agent.getScopesFor("org_x");
}

export function mappings(): ClaimMapping[] {
  // @ts-expect-error: there is no such preset
  const unknown: ClaimMapping = "keycloack";
  // @ts-expect-error: a mapping answers at once
  const late: ClaimMapping = async () => ({});
  // @ts-expect-error: a misspelt name would say that there are none
  const misspelt: ClaimMapping = { organisations: "orgs" };
  const own: ClaimMapping = (claims) => ({ organizations: [String(claims["tenant"]), { id: "org_x", scopes: ["admin"] }] });
  const rules: ClaimMapping = {
    preset: "keycloak",
    roles: ["realm_access", "roles"],
    organizationRoles: { org_x: { "realm-admin": ["admin", "users:**"], auditor: "member" }, "*": { boss: "owner" } },
  };
  return ["entra", own, rules, { scopes: "https://app.example/permissions" }, unknown, late, misspelt];
}

export async function beside(idp: IdpClient, signal: AbortSignal): Promise<string[]> {
  const quietly: Agent | null = await idp.signInSilent({ ifAvailable: true, scopes: "openid" });
  const agent: Agent = quietly ?? (await idp.signInPopup({ prompt: "login", popup: window.open(), signal }));
  const same: Agent = await idp.signInSilent({ force: true });
  return [agent.id, same.id];
}

export async function expected(idp: IdpClient, callback: URL): Promise<string | undefined> {
  const options: SignInOptions = { loginHint: "ada@example.com", enforceLoginHint: true, expect: { claims: { org: { id: 1 } } } };
  await idp.signInRedirect({ ...options, allowUnverifiedEmail: true });
  await idp.signInPopup({ sameSubject: true });
  // @ts-expect-error: nobody is expected by a name of ours
  await idp.signInSilent({ expect: { name: "Ada" } });
  const request = idp.createAuthorizationUrl({ expect: { email: "ada@example.com", sub: "usr_ada" } });
  const expect: ExpectedIdentity | undefined = request.expect;
  try {
    await idp.exchangeCode(callback, request);
    await idp.exchangeCode("code", { codeVerifier: request.codeVerifier, stateCheckedByCaller: true, expect: { sub: "usr_ada" } });
  } catch (error) {
    if (error instanceof IdentityMismatchError) return error.actual ?? expect?.email;
  }
}

export async function plain(): Promise<unknown> {
  const metadata = { authorization_endpoint: "https://oauth.example/authorize", token_endpoint: "https://oauth.example/token" };
  const options: ClientOptions = { type: "oauth2", clientId: "c", metadata, identity: { id: ["data", "id"], name: "login" } };
  // @ts-expect-error: somebody without an id is nobody
  await IdpClient.create({ ...options, identity: { email: "email" } });
  return (await IdpClient.create(options)).agent?.tokens.identity?.["sub"];
}

export async function api(idp: IdpClient): Promise<void> {
  const orders: ApiSession = idp.session({ timeoutSeconds: 5, apiOrigins: ["https://orders.example.com"], retryOn401: false, resource: "urn:orders" });
  await idp.getAccessToken({ scopes: ["orders:read"], minValiditySeconds: 30 });
  const calls: ApiCalls[] = [idp, orders];
  for (const call of calls) await call.post("https://orders.example.com/", { json: { a: 1 }, auth: "none" });
  await orders.options("https://orders.example.com/");
  await idp.put(new URL("https://api.example.com/"), { body: new ReadableStream(), duplex: "half" });
  const unsubscribe: () => void = idp.subscribe(({ status, agent, isRefreshing, error }: Snapshot) => {
    if (status === "loading" || isRefreshing) console.log(agent?.id, error?.recovery);
  });
  unsubscribe();
  console.log(idp.snapshot.status, safeReturnTo(new URL(location.href).searchParams.get("next"), "/"));
}

export function kept(text: string): TokenSet {
  const tokens = tokenSet(JSON.parse(text), { receivedAt: 1_800_000_000 });
  const left: number | null = tokens.expiresIn;
  if (tokens.shouldRefresh || !tokens.accessValid(30)) console.log(left, tokens.scopes.length, tokens.refreshValid());
  return tokens.toJSON();
}

export async function server(kept: AuthorizationRequest, callback: URL): Promise<TokenSet> {
  using idp = IdpClient.createSync({ issuer: "https://idp.example.com", clientId: "web", clientSecret: "s" });
  try {
    const agent = await idp.exchangeCode(callback, kept);
    const again: Agent = await idp.createAgent(agent.tokens, { onRefresh: async (tokens) => tokens.access_token });
    const { active } = await idp.introspect(await again.getAccessToken(), "access_token");
    console.log(active, (await again.fetch("https://api.example.com/")).status, await again.authorizationHeader());
    return (await idp.refresh(agent)).tokens;
  } catch (error) {
    if (error instanceof SubjectMismatchError) console.log(error.expectedSub, error.actualSub);
    if (error instanceof CallbackError) console.log(error.code, error.appState);
    if (isOAuthError(error) && error.recovery === "retry") console.log(error.retryAfter);
    throw error;
  }
}

export async function machines(idp: IdpClient, callerToken: string): Promise<string> {
  const machine: Agent = await idp.clientCredentials(["users:read"], { resource: "https://api.example.com/" });
  const ada = await idp.passwordGrant({ credentials: async () => ({ username: "ada", password: "p", totp: "123456" }) });
  const elsewhere = await idp.refreshTokenGrant("token", { expectedSub: ada.id, onRefresh: (tokens) => tokens.refresh_token });
  const device: DeviceAuthorization = await idp.deviceAuthorization({ scopes: "openid", signal: AbortSignal.timeout(60_000) });
  console.log(device.userCode, device.verificationUriComplete ?? device.verificationUri, device.expiresAt, (await device.agent).id);
  device.cancel();
  const { agent, issuedTokenType } = await idp.tokenExchange({ subjectToken: callerToken, subjectTokenType: "access_token" });
  const own = await idp.customGrant({ data: () => ({ grant_type: "urn:example:grant" }), renew: (tokens) => ({ grant_type: tokens.token_type }) });
  // @ts-expect-error: a token needs its type
  void idp.tokenExchange({ subjectToken: callerToken });
  // @ts-expect-error: an exchange may bring no access token
  console.log(agent.id);
  // @ts-expect-error: there is no such way
  void idp.customGrant({ data: {}, renew: "never" });
  return `${issuedTokenType} ${machine.type} ${elsewhere.id} ${own.expiresIn}`;
}

export async function stores(): Promise<void> {
  const kept = new Map<string, string>();
  const own: TokenStorage = {
    load: (key) => kept.get(key),
    save: (key, value) => kept.set(key, value),
    delete: async (key) => kept.delete(key),
    lock: async (_key, run) => run(),
  };
  for (const storage of [own, "local", "encrypted", webStorage("local"), encryptedStorage({ name: "app" })] as const) {
    const idp = await IdpClient.create({ issuer: "https://idp.example.com", clientId: "spa", storage });
    if (idp.storage === "custom") console.log(idp.storage);
  }
  const memory = memoryStorage();
  await memory.save("a", "1");
  const names: string[] = await memory.list("a");
  await memory.lock("a", async () => console.log(names.length));
  try {
    const value: string | null = await encryptedStorage().load("a");
    console.log(value, await memory.exists("a"));
  } catch (error) {
    if (error instanceof StorageError && error.code === "key_lost") await memory.clear();
  }
}

export async function looking(idp: IdpClient, token: string): Promise<void> {
  const report: TokenReport = await idp.checkToken(token, { tokenType: "access_token", expectedAudience: "https://api" });
  const failed: TokenCheckStep | undefined = report.steps.find(({ passed }) => !passed);
  console.log(report.valid, failed?.details.code, report.payload?.["sub"], report.keySizeBits, report.x509Info?.subject);
  const { error } = await checkToken(token, { expectedIssuer: new URL("https://idp.example.com"), fetch });
  // @ts-expect-error: a report is read-only
  report.valid = error === null;
}

export async function looked(idp: IdpClient): Promise<string[]> {
  const { ok, steps } = await idp.preflight();
  const failed: PreflightStep[] = ok ? [] : steps.filter(({ status }) => status === "failure");
  // @ts-expect-error: there is no such step
  console.log(steps.find(({ name }) => name === "weather"));
  return failed.map(({ name, message, remedy }) => `${name}: ${message} ${remedy ?? ""}`);
}

declare function cryptoKey(): Promise<CryptoKey>;

export async function pluggedIn(sign: (audience: string) => Promise<string>): Promise<void> {
  const proof: AppClientAuthentication = async ({ url, body, ...request }) => ({
    ...request,
    body: { ...Object.fromEntries(body ?? []), client_assertion: await sign(url) },
  });
  const clientAuth: ClientAuthentication = proof;
  const log: TraceEvent[] = [];
  const idp = await IdpClient.create({
    issuer: "https://idp.example.com",
    clientId: "web",
    clientAuth,
    headers: { "x-tenant": "acme" },
    onRequest: ({ headers, purpose }) => (purpose === "keys" ? undefined : { headers: { ...headers, traceparent: "00" } }),
    onResponse: ({ status, body }: ProviderResponse) => console.log(status, body.length),
    logger: (event) => log.push(event),
  });
  console.log(idp.options.headers, log[0]?.durationMs, log[0]?.error?.code);
  const machine: ClientAuthentication = { method: "private_key_jwt", key: await cryptoKey(), keyId: "k1", algorithm: "ES256" };
  const others: ClientAuthentication[] = [
    machine,
    { key: { kty: "OKP", crv: "Ed25519", x: "…", d: "…" }, audience: "token_endpoint" },
    { key: "-----BEGIN PRIVATE KEY-----…", certificateThumbprint: "…", algorithm: "PS256", audience: "https://idp.example.com/t1" },
    { method: "client_secret_jwt", clientSecret: "…", audience: "issuer" },
    { clientSecret: "…" },
  ];
  console.log(others.length);
  // @ts-expect-error: a key is something else than a secret
  others.push({ method: "private_key_jwt", clientSecret: "s" });
  // @ts-expect-error: HMAC is for secrets
  others.push({ method: "private_key_jwt", key: "…", algorithm: "HS256" });
  // @ts-expect-error: nothing is said of the client
  void IdpClient.create({ clientId: "web", clientAuth: () => undefined });
  // @ts-expect-error: a header is text
  void IdpClient.create({ clientId: "web", headers: { "x-count": 5 } });
  // @ts-expect-error: there is no such purpose
  console.log(log.filter(({ purpose }) => purpose === "weather"));
}

export async function configured(): Promise<void> {
  const config: Configuration = {
    defaultProvider: "corporate",
    storage: { kind: "file", path: "/var/tokens.json" },
    providers: { corporate: { issuer: "https://idp.example.com", client_id: "my-app", environments: { dev: { scopes: ["openid"] } } } },
  };
  const names: string[] = await loadProviders(config, { env: { A: "b" }, resolveSecret: async (reference) => reference });
  const idp = await IdpClient.fromConfig("corporate", { environment: "dev", client_id: "override-id", storage: "session", fetch });
  const flow: "authorization_code" = idp.flow;
  const raw: Record<string, unknown> | null = getProviderConfig("corporate", config);
  console.log(names, flow, raw, listConfiguredProviders("{}"), await IdpClient.fromConfig());
  // @ts-expect-error: a provider has a name
  void IdpClient.fromConfig(7);
  // @ts-expect-error: there is no such kind of storage
  void loadProviders({ providers: {}, storage: "cookie" });
}

export function mistakes(idp: IdpClient, agent: Agent): void {
  // @ts-expect-error: a client is made by `create`
  new IdpClient({ issuer: "https://idp.example.com", clientId: "spa" });
  // @ts-expect-error: the client id is missing
  void IdpClient.create({ issuer: "https://idp.example.com" });
  // @ts-expect-error: there is no such option
  void IdpClient.create({ clientId: "spa", redirectURI: "https://app.example.com/" });
  // @ts-expect-error: nobody could be asked anything
  void idp.signInSilent({ prompt: "login" });
  // @ts-expect-error: HMAC does not exist
  void IdpClient.create({ clientId: "spa", algorithms: ["HS256"] });
  // @ts-expect-error: a store has to forget as well
  void IdpClient.create({ clientId: "spa", storage: { load: () => null, save: () => undefined } });
  // @ts-expect-error: cookies are no place for tokens
  void IdpClient.create({ clientId: "spa", storage: "cookie" });
  // @ts-expect-error: a code is not redeemed without a verifier
  void idp.exchangeCode("code", { stateCheckedByCaller: true });
  // @ts-expect-error: there is no such policy
  void idp.get("https://api.example.com/", { auth: "always" });
  // @ts-expect-error: snapshots are frozen
  idp.snapshot.status = "signed-in";
  // @ts-expect-error: nothing is not a way to verify
  void idp.createAgent(agent.tokens, { verify: "nothing" });
  // @ts-expect-error: agents are immutable
  agent.id = "somebody else";
}

export async function program(signal: AbortSignal): Promise<void> {
  const options = { issuer: "https://idp.example.com", clientId: "cli", scopes: "openid offline_access" };
  const { idp, agent }: LoggedIn = await login({ ...options, storage: fileStorage("session.json"), loginHint: "ada@example.com" });
  console.log(agent.id, idp.isAuthenticated);
  const sealed: FileStorage = encryptedFileStorage("sealed.json", [{ passphrase: "correct horse" }, { key: new Uint8Array(32) }]);
  await sealed.lock("a", async () => sealed.save("a", "1", { expiresAt: 1_800_000_000 }));
  const client = await IdpClient.create({
    ...options,
    redirectUri: "http://127.0.0.1:4200/callback",
    session: "single-user",
    storage: sealed,
    fetch: fetchTrusting(["company.pem", new URL("file:///etc/ca.pem")]),
  });
  await using started: StartedLogin = await startLogin({ client, scopes: ["openid"], prompt: "login", timeoutSeconds: 60, signal });
  console.log(started.url, started.redirectUri);
  await started.awaitCallback();
  await login({ ...options, port: 0, host: "localhost", path: "/", openBrowser: (url) => console.log(url) });
  // @ts-expect-error: the redirect URI of the client says it
  await login({ client, port: 4200 });
  // @ts-expect-error: reachable from elsewhere
  await login({ ...options, host: "0.0.0.0" });
}
