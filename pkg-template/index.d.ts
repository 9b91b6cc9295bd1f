// wasm-oidc: OAuth 2.0 and OpenID Connect for browsers, the edge and Node.
//
// Times are Unix seconds, durations are seconds. Every error is an `OAuthError`; where a comment names a class and a
// code, that pair is what the call rejects with.

// ---------------------------------------------------------------------------------------------------------------------
// The client

/**
 * How provider and client talk: OpenID Connect, or plain OAuth 2.0 (RFC 6749 with PKCE) without `nonce` and ID token. A
 * plain provider may answer its token endpoint with JSON or a form, say no with status 200, and separate scopes by commas;
 * GitHub's words `bad_verification_code` and `bad_refresh_token` are `invalid_grant`, `incorrect_client_credentials` is
 * `invalid_client`, and each stays in `error` as it came.
 */
export type ProviderType = "oidc" | "oauth2";

/** A JWS algorithm of ID tokens, and of a client's own key. `none` and HMAC do not exist here. */
export type SigningAlgorithm =
  | "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519";

/** How the client authenticates wherever it does: token requests, refreshes, revocation, introspection (RFC 6749 2.3, OIDC Core 9). */
export type ClientAuthentication =
  | { method: "none" }
  | { method: "client_secret_basic" | "client_secret_post"; clientSecret: string }
  | { method?: undefined; clientSecret: string }
  | ClientSecretJwt
  | PrivateKeyJwt
  | AppClientAuthentication;

/**
 * What client assertions have in common (RFC 7523 2.2 and 3). The library makes a new one for every request, also for the
 * same request once more: `iss` and `sub` are the client id, `jti` has 256 random bits, `exp` is 60 seconds after `iat`. No
 * log, error or event shows one; `onRequest` sees it, as it sees every secret.
 */
export interface ClientAssertionOptions {
  /**
   * The assertion's `aud`. `"issuer"`, the default, is what the revision of RFC 7523 and FAPI 2.0 ask for, and what
   * providers built to them take: whoever gets hold of the metadata cannot make you sign for another provider.
   * `"token_endpoint"` is the URL of the token endpoint, at whichever endpoint the client authenticates: the older habit,
   * which Microsoft Entra ID and Okta document, so say it there. Any other text is sent as it is.
   */
  audience?: "issuer" | "token_endpoint" | (string & {});
  /** The header's `kid`: the name that the provider has for the key. Default: the `kid` of a JWK, else none. */
  keyId?: string;
}

/** An assertion that is signed with the client secret, by HS256 (OIDC Core 9). */
export interface ClientSecretJwt extends ClientAssertionOptions {
  method: "client_secret_jwt";
  /** At least 32 bytes in UTF-8 (RFC 7518 3.2), which the provider made at random; a shorter one is `invalid_option`. */
  clientSecret: string;
}

/**
 * An assertion that is signed with a private key of which the provider has the public half (RFC 7523, OIDC Core 9): the
 * strongest way that needs nothing but HTTPS, for runtimes that keep a key. In a page it is `secret_in_browser`, whatever
 * the key is made of: what every visitor can use proves nothing about the client; a function that asks your server is allowed
 * there ({@link AppClientAuthentication}). The key never enters the wasm, and is not shown by `idp.options`.
 *
 * @throws ConfigurationError `invalid_option` when the client is made: the key is public, encrypted, symmetric, of another
 *   curve or type, an RSA key below 2048 bits, not for signing (`usages`, `use`, `key_ops`), or does not fit `algorithm`; at the
 *   first request: the host refuses the key, or it signs with nothing that the provider lists. `crypto_unavailable`: this host
 *   does not know its algorithm (Deno has no ES512). `missing_option`: the metadata has no issuer, and no `audience` is given
 */
export interface PrivateKeyJwt extends ClientAssertionOptions {
  /** May be left out: with a key there is no other. */
  method?: "private_key_jwt";
  /**
   * RSA from 2048 bits, EC on P-256, P-384 or P-521, or Ed25519, as
   * - a `CryptoKey`, best one that is not extractable: then nobody can read it again. It needs the usage `"sign"`;
   * - a JWK (RFC 7517), as an object or as its JSON text;
   * - PKCS#8 in PEM (`-----BEGIN PRIVATE KEY-----`), its lines ended by line feeds or by the two characters `\n`.
   *
   * A JWK or PEM is made a `CryptoKey` that is not extractable when it first signs.
   */
  key: CryptoKey | JsonWebKey | string;
  /**
   * Which algorithm signs. Default: what the key's type decides. Of RSA keys that do not say (a JWK without `alg`, PEM): the
   * first of RS256, PS256, RS384, PS384, RS512, PS512 that the provider's `token_endpoint_auth_signing_alg_values_supported`
   * lists; RS256 where it lists nothing. Ed25519 signs as `EdDSA`, or as `Ed25519` (RFC 9864) where only that is listed.
   */
  algorithm?: SigningAlgorithm;
  /**
   * The header's `x5t#S256` (RFC 7515 4.1.8): the SHA-256 of the key's certificate in DER, as base64url. Microsoft Entra ID
   * knows a key by it, with `algorithm: "PS256"`. Default: the `x5t#S256` of a JWK, else none.
   */
  certificateThumbprint?: string;
}

/** What a request to the provider is for. `"other"`: what `preflight` tries beside what the client itself asks. */
export type RequestPurpose =
  | "discovery" | "keys" | "token" | "userinfo" | "revocation" | "introspection" | "device_authorization" | "other";

/** A request to the provider that is about to be sent, as functions of your app see it: with its secrets. */
export interface ProviderRequest {
  purpose: RequestPurpose;
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** The form, where there is one. */
  body?: URLSearchParams;
}

/** What such a function answers: of what is left out, everything stays. */
export interface ChangedProviderRequest {
  purpose?: string;
  method?: string;
  url?: string;
  /** What was there stays, whether it is repeated or not. */
  headers?: Record<string, string> | Headers | [string, string][];
  body?: URLSearchParams | Record<string, string> | [string, string][];
}

/** An answer of the provider, as `onResponse` sees it: with its secrets. */
export interface ProviderResponse {
  purpose: RequestPurpose;
  /** Of the request. */
  method: string;
  /** Of the request. */
  url: string;
  status: number;
  /** Names in lower case; in a page those that CORS lets be seen. */
  headers: Record<string, string>;
  /** As text. */
  body: string;
}

/**
 * Client authentication of your own, for a key or a service that only your app can use (RFC 7521 4.2, RFC 7523 2.2, or a
 * provider's own way). It is asked wherever the client authenticates: token requests, `revokeToken`, `introspect` and the
 * revocations of a sign-out; each time anew, so that an assertion can be used once. It may add form fields and headers,
 * `authorization` among them, and leave `client_id` out where the proof says it. Other fields, the URL, the method and the
 * headers `content-type`, `accept` and `dpop` are not its to change. In a page it is allowed: what it uses there is your
 * app's choice, and a secret in a page is none.
 *
 * The job that needs it fails where it throws or rejects (`ConfigurationError` `plug_in_failed`, with its words), where it
 * answers something else than a request or changes more than it may (`plug_in_answer`, `reserved_parameter`,
 * `invalid_option`), and where it takes more than 10 seconds, or `timeoutSeconds` if that is less (`TimeoutError`
 * `timeout`; `RefreshError` for a refresh). Nothing is sent then, and no session ends by it.
 */
export type AppClientAuthentication =
  (request: ProviderRequest) => ChangedProviderRequest | Promise<ChangedProviderRequest>;

/**
 * A request to the provider, its answer (`"response"`), or that there is none (`"failure"`), for a log. Values that are not
 * known to be harmless are `"[redacted]"`: of URLs' queries, forms and JSON the shown ones are such as `grant_type`,
 * `client_id`, `scope`, `token_type`, `expires_in`, `error`, `error_description`, `kid`, `alg` and endpoints; of headers such
 * as `content-type`, `date`, `retry-after`, `www-authenticate`. What looks like a token is left out of these, too. Who the
 * user is does not show.
 */
export interface TraceEvent {
  type: "request" | "response" | "failure";
  /** The same for a request and what came of it; random. */
  id: string;
  purpose: RequestPurpose;
  method: string;
  url: string;
  /** Names in lower case. */
  headers?: Record<string, string>;
  /** The fields of the form that was sent, or the members of the JSON object or the form that came. */
  body?: Record<string, unknown>;
  /** Of an answer. */
  status?: number;
  /** From sending to the end of the body, or to the failure, in milliseconds. */
  durationMs?: number;
  /** The size of an answer's body. */
  bodyBytes?: number;
  /** Why there is no answer: as in the error that the job fails with. */
  error?: { code: string; message: string };
}

/**
 * Which members of the answer of `userinfo_endpoint` say who it is, for providers without ID tokens: GitHub's are
 * `{ id: "id", email: "email", name: "name", preferred_username: "login", picture: "avatar_url" }`; those of a provider that
 * wraps its answer `{ id: ["data", "id"] }`.
 *
 * The endpoint is asked once, at the sign-in, with the access token. The claims are kept with the tokens (`identity` of
 * `TokenSet`), as an ID token would be: a reload, another tab and a refresh ask nobody, and a mapping that was changed holds
 * from the next sign-in on. `createAgent` takes them along too; tokens without them are asked about, after a renewal where
 * one is due. What is not named here is no claim, and missing members are none. A sign-in at which the endpoint fails or
 * names nobody rejects (TokenVerificationError `missing_claim`, `invalid_claim`; ConfigurationError `endpoint_missing`;
 * ProviderError, NetworkError, TimeoutError): nothing is stored, and the tokens are revoked.
 */
export interface IdentityMapping {
  /**
   * What tells one user from another and never changes; it becomes `agent.id` and the claim `sub`. A whole number becomes
   * its digits, however many there are: 583231 is `"583231"`.
   */
  id: string | string[];
  /** `agent.email` */
  email?: string | string[];
  /** `agent.emailVerified`, where the member is `true` or `false`. */
  emailVerified?: string | string[];
  /** Any other claim, by its name (OIDC Core 5.1), with whatever value the member has. */
  [claim: string]: string | string[] | undefined;
}

/**
 * Providers whose claims are known. A claim that is not there says nothing; one of a wrong type is a `TokenParseError`
 * `invalid_claim`. Roles are roles (`agent.hasRole`, `organizations[].roles`) and nothing else: one that is called `admin`
 * makes nobody an admin, and grants no resource. What each reads, in the provider's own terms:
 *
 * - `"authpi"`: `organizations`, an array of `{ id, title, scopes, joined_at }`. The *scopes* of an *organization* are those
 *   of this library, `owner` and `admin` among them. No roles.
 * - `"keycloak"`: *realm roles*, `realm_access.roles`, and *client roles*, `resource_access.<client id>.roles`, become roles;
 *   a role of another client than this one is called `<client id>:<role>`. *Organizations*, `organization`, are a list of
 *   aliases, or an object of `{ "<alias>": { id, … } }` where the mapper adds ids: with an id it becomes `id` and the alias
 *   `title`, else the alias is the id. Being listed makes a member, without scopes. The mapper has to be "Multivalued".
 * - `"auth0"`: *organization*, `org_id` (`org_name` becomes `title`), and *permissions*, `permissions`. They are
 *   `action:resource` there and are turned round: `read:users` grants `users:read`, in that organization where there is one,
 *   else to the token. Without the claim the token has the scopes of its `scope`, turned round; the organization has none.
 *   What is not one action on one resource (`admin`, `*:users`) grants nothing: a `warning` `permission_ignored`. An ID token
 *   has permissions and roles where an action of the tenant adds them, under names of its own: `{ preset: "auth0", scopes:
 *   "https://app.example/permissions", roles: "https://app.example/roles" }`.
 * - `"zitadel"`: *roles* of a *project*, `urn:zitadel:iam:org:project:roles`, an object of `{ "<role>": { "<organization
 *   id>": "<primary domain>" } }`. Who holds a role in an organization is a member of it, with the role among
 *   `organizations[].roles`, and without scopes; a role that no organization grants becomes a role of the token. In
 *   `urn:zitadel:iam:org:project:<project id>:roles` it is called `<project id>:<role>`, unless `projectId` names the project.
 * - `"entra"` (Microsoft Entra ID): *app roles*, `roles`, and *groups*, `groups`, become roles. The tenant, `tid`, is no
 *   organization. Let groups be sent by their ids: by name, whoever may name a group names a role. Where a user has too many
 *   groups for a token (`_claim_names`, `hasgroups`), none counts: a `warning` `groups_omitted`.
 * - `"okta"`: *groups*, `groups`, become roles.
 */
export type ClaimPreset = "authpi" | "keycloak" | "auth0" | "zitadel" | "entra" | "okta";

/**
 * Where a claim is: its name exactly as it is, `"https://app.example/roles"`, or member names from the outermost on,
 * `["realm_access", "roles"]`. A dot or a slash in a name means nothing.
 */
export type ClaimPath = string | readonly string[];

/** A preset, and what is otherwise at your provider. */
export interface ClaimRules {
  /** Default: `"authpi"`. */
  preset?: ClaimPreset;
  /** Keycloak only: the client whose roles keep their name. Default: this client's id. */
  clientId?: string;
  /** Zitadel only: the project whose roles keep their name. Default: that of the client alone. */
  projectId?: string;
  /**
   * Where organizations are, instead of where the preset looks: a list whose entries are ids, or `{ id, title?, scopes?,
   * roles?, joined_at? }`, where scopes are those of this library.
   */
  organizations?: ClaimPath;
  /** Where the roles of the token are, instead: a list of names. */
  roles?: ClaimPath;
  /**
   * Where the scopes of the token are, instead of in `scope` of the token response (with Auth0: instead of in
   * `permissions`): a list, or one text with spaces (RFC 9068 2.2.3). Where the claim is missing there are none. They count
   * only where nothing is said of organizations.
   */
  scopes?: ClaimPath;
  /**
   * What roles are worth in organizations, by name: `{ org_x: { "realm-admin": ["admin", "users:**"], auditor: "member" } }`
   * gives the role's scopes in `org_x` to whoever holds it there or at token level, who is a member by that. Under `"*"`:
   * to whoever holds it in an organization, in that one. Nothing else makes anybody owner or admin by a role. Whoever is
   * given an organization has organizations: scopes of the token then count no more.
   */
  organizationRoles?: Record<string, Record<string, string | readonly string[]>>;
}

/** What a function of your own finds in claims. Anything else among its members is an error: it could be a misspelt name. */
export interface MappedClaims {
  /** Left out: the claims do not speak of organizations, so that scopes of the token count. An entry may be an id alone. */
  organizations?: readonly (
    | string
    | { id: string; title?: string | null; scopes?: readonly string[]; roles?: readonly string[]; joinedAt?: number | null }
  )[];
  roles?: readonly string[];
  /** Left out: those of the token response. */
  scopes?: readonly string[] | string;
}

/**
 * Where an agent's organizations, roles and scopes are found in the verified claims of its ID token: as a provider is known
 * to send them, where you say that they are, or as a function of yours reads them, which gets the claims as `agent.claims`
 * has them and answers at once: it may not be async.
 *
 * A sign-in, `exchangeCode`, `createAgent`, `adopt` or `getUserInfo` whose claims cannot be read so rejects: `TokenParseError`
 * `invalid_claim` for a claim of a wrong type, for what the function throws, or returns in a wrong shape;
 * `ConfigurationError` `invalid_option` for a promise, or no object. A session that is there already is not lost: restored or
 * refreshed, its agent has no organizations, roles or scopes at all until the claims can be read again, with a `warning`
 * `claim_mapping_failed`. Warnings `organization_repeated` and `claim_repeated`: something is listed twice, and counts once.
 * Tokens without claims, as those of client credentials, are not put to the function: their scopes count.
 *
 * Without this option claims are read as with `"authpi"`, but a wrong type is a `warning` `organizations_malformed`, and
 * what is malformed grants nothing.
 */
export type ClaimMapping = ClaimPreset | ClaimRules | ((claims: Readonly<Record<string, unknown>>) => MappedClaims);

/** What `IdpClient.create` takes. An unknown name is a `ConfigurationError` that suggests the nearest known one. */
export interface ClientOptions {
  /**
   * The issuer: its discovery document is fetched, and its `issuer` has to be this string, byte for byte (OIDC
   * Discovery 4.3, RFC 8414 3.3). https, or http on loopback. Not needed where `metadata` says everything.
   */
  issuer?: string | URL;
  /**
   * Provider metadata by hand (RFC 8414 2). Without `issuer` nothing is fetched; together with it, what is given here
   * wins, field by field. With `openid` among the scopes and no `issuer`, `jwks_uri` or the option `jwks` is needed.
   */
  metadata?: Record<string, unknown>;
  /** A JSON Web Key Set by hand (RFC 7517 5): none is fetched. */
  jwks?: { keys: object[] };
  /** The client id that the provider gave your app. */
  clientId: string;
  /** Where the provider sends the user back to, exactly as it is registered there. Needed by the code flow only. */
  redirectUri?: string | URL;
  /** Where the provider sends the user after a logout, as it is registered there (RP-Initiated Logout 2). */
  postLogoutRedirectUri?: string | URL;
  /** A list, or one string with spaces. Default: `openid profile email`; none with `type: "oauth2"`. */
  scopes?: string[] | string;
  /**
   * Where the session is kept. `"memory"` (the default): in this page only. `"session"`: in this tab, over reloads; a
   * duplicated tab begins with a copy. `"local"`: in all tabs of the origin. `"encrypted"`: the same, in IndexedDB under
   * a key that cannot be exported, which protects copied profiles and disks. But for `"memory"`, a script injected into
   * the page can get at the refresh token. A `TokenStorage` is a store of your own, or one that `encryptedStorage`,
   * `webStorage` or `memoryStorage` made, or `fileStorage` of `wasm-oidc/node`. Where the store is blocked or full, or only pages
   * have it and this is none, memory takes its place, with a `warning` event `storage_unavailable`.
   */
  storage?: "memory" | "session" | "local" | "encrypted" | TokenStorage;
  /**
   * Where access tokens may go: exact origins, optionally with a path. https, or http on loopback. Default: the page's
   * own origin; outside a page nowhere.
   */
  apiOrigins?: string[];
  /** Default: `"oidc"`. */
  type?: ProviderType;
  /**
   * How a provider of `type: "oauth2"` tells who signed in, which has no ID tokens: for each claim the member of its
   * userinfo answer, or the member names from the outermost on. See `IdentityMapping`. Without it an agent has no name.
   */
  identity?: IdentityMapping;
  /**
   * Default: `{ method: "none" }`, a public client. In a page a secret or key is `secret_in_browser`; a function of your own,
   * see {@link AppClientAuthentication}, is not. See {@link PrivateKeyJwt} for a key.
   */
  clientAuth?: ClientAuthentication;
  /**
   * Short for `clientAuth: { clientSecret }`: `client_secret_basic`, unless the provider's
   * `token_endpoint_auth_methods_supported` is without it and lists `client_secret_post`, or else `client_secret_jwt` (RFC
   * 8414 2). Not beside a function as `clientAuth` (`invalid_option`).
   */
  clientSecret?: string;
  /** Where organizations, roles and scopes are found in claims; see {@link ClaimMapping}. Default: as AuthPI sends them. */
  claimMapping?: ClaimMapping;
  /** Audiences of an ID token that are right beside this client (OIDC Core 3.1.3.7, step 3). Default: none. */
  trustedAudiences?: string[];
  /** Refuses providers that do not announce PKCE (`pkce_unsupported`). S256 is sent in any case. Default: `false`. */
  requirePkceAdvertised?: boolean;
  /** `false` leaves ID token signatures unchecked: TLS alone then says who made them. Default: `true`. */
  verifySignature?: boolean;
  /** The algorithms ID tokens may be signed with. Default: those that the provider's metadata lists. */
  algorithms?: SigningAlgorithm[];
  /** Refuses ID tokens that were issued longer ago (`id_token_too_old`). Default: no limit but `exp`. */
  maxIdTokenAgeSeconds?: number;
  /** Whether `getAgent`, `getAccessToken` and `fetch` renew tokens by themselves. Default: `true`. */
  autoRefresh?: boolean;
  /** How long before its end an access token is renewed, at most half its lifetime. Default: 60. */
  refreshBufferSeconds?: number;
  /** Whether `fetch` sends a request answered with 401 once more, with a new token. Default: `true`. */
  retryOn401?: boolean;
  /** How far the provider's clock may differ, for `exp`, `nbf`, `iat`, `auth_time`: 0 to 300. Default: 60. */
  clockToleranceSeconds?: number;
  /**
   * The limit for one request to the provider, from sending it to the last byte of the answer, whatever an injected `fetch`
   * does with its signal: 1 to 600. Default: 30. Before that, `clientAuth` and `onRequest` have as long, and at most 10
   * seconds each. A refresh goes on beyond it; its callers do not wait that long.
   */
  timeoutSeconds?: number;
  /** How long the window of `signInPopup` may take: 1 to 600. A frame gets 10 of it at most. Default: 300. */
  callbackTimeoutSeconds?: number;
  /** How long a discovery document is used before it is fetched again. Default: 3600. */
  discoveryTtlSeconds?: number;
  /**
   * How the provider returns the authorization response. `"form_post"` (OAuth 2.0 Form Post Response Mode) is for servers,
   * which can take a form: `createSessionHandler` of `wasm-oidc/edge` does; by hand, `exchangeCode` takes its body as a query,
   * with `?` in front. In a page it is `invalid_option`. Default: `"query"`.
   */
  responseMode?: "query" | "fragment" | "form_post";
  /**
   * Allows `passwordGrant`, which gives a person's password to the app: RFC 9700 2.4 says that nobody must. For providers
   * that offer nothing else. Default: `false`.
   */
  allowPasswordGrant?: boolean;
  /**
   * Says that this process serves one person, so that the client may have a session of its own outside a page: command
   * line, desktop, tests. Never on a server. `wasm-oidc/node` signs in there, and keeps the session in a file.
   */
  session?: "single-user";
  /**
   * Whose session this client keeps in a `storage` of the app's own that many people share, such as KV or Redis: one text for
   * each person, never one for all, such as the id of their session with your server. It must be nothing that somebody else
   * could send. The key in the store is made of its hash, and `idp.options` does not show it. Make such a client for each
   * request or person: it has a session of its own, that person's, as with `session: "single-user"`.
   *
   * Outside of pages a store of the app's own needs this or `session: "single-user"`: else `ConfigurationError`
   * `missing_option`, since one record for everybody would sign each of them in as the last one. Beside another `storage`:
   * `invalid_option`.
   */
  sessionKey?: string;
  /** Tells clients of one provider and client id apart, in storage and in `state`. */
  name?: string;
  /** Used instead of the global `fetch`, for every request. */
  fetch?: typeof fetch;
  /**
   * Lets work outlive the answer to the request that began it, or a caller that went away: refreshes with what `onRefresh`
   * stores of them, and revocations. Called with promises that never reject, during a request; what it throws is ignored.
   * In Workers, `import { waitUntil } from "cloudflare:workers"` or a function that finds the `ctx.waitUntil` of the current
   * request (`AsyncLocalStorage`); never that of one request for all.
   *
   * Without it, workerd ends a refresh together with the request that began it. Its answer is lost then; nobody knows whether
   * the provider rotated the refresh token, so that it is sent once more after a minute at the earliest, and callers get
   * `TimeoutError` until then: a provider that rotates takes two senders of one token for theft (RFC 9700 4.14.2).
   */
  waitUntil?: (promise: Promise<unknown>) => void;
  /**
   * Headers for every request to the provider, and for no other. `idp.options` shows their names only. Names are tokens of
   * RFC 9110 5.6.2, values printable ASCII on one line, else `invalid_option`. `authorization`, `content-type`, `accept` and
   * `dpop` are the library's (`reserved_parameter`), those of the connection, such as `host` and `content-length`, the
   * host's (`invalid_option`). In a page, so are those that browsers drop without a word (Fetch 2.2.2): `cookie`, `origin`,
   * `referer`, `sec-*`, `proxy-*` and so on. `user-agent` may be set; Chromium ignores it. In a page of another origin a
   * header makes the browser ask first, and the provider's `Access-Control-Allow-Headers` has to list it, also for
   * discovery and keys.
   */
  headers?: Record<string, string> | Headers;
  /**
   * Asked before each request to the provider is sent; it may add headers, and replace those of `headers`, with the limits
   * that `headers` has. Where it answers nothing, what it did to the headers of its argument counts. It sees the secrets in
   * the request. The job fails as with {@link AppClientAuthentication}, whose additions it sees.
   */
  onRequest?: (request: ProviderRequest) => ChangedProviderRequest | void | Promise<ChangedProviderRequest | void>;
  /**
   * Told of each answer of the provider, with the secrets in it. It can change nothing, nobody waits for it, and what it
   * throws or rejects with goes to `reportError`.
   */
  onResponse?: (response: ProviderResponse) => unknown;
  /**
   * Told of each request to the provider and of what came of it, without their secrets, in order. Nobody waits for it, and
   * what it throws or rejects with goes to `reportError`.
   */
  logger?: (event: TraceEvent) => unknown;
  /** Called with a URL instead of leaving the page. */
  openUrl?: (url: string) => void;
}

/**
 * Who has to sign in: whatever is given here has to hold. It is checked in verified claims before anything is stored.
 *
 * An e-mail address is the one in the ID token, else the one in userinfo with the same `sub`. ASCII letters compare without
 * case, every other byte as it is; the domains in their ASCII form (IDNA). Nothing is folded, trimmed or unquoted, so that
 * `ada+work@…`, `"ada"@…` and letters that only look alike are other addresses.
 */
export interface ExpectedIdentity {
  /** The address; `email_verified` beside it has to be `true` (OIDC Core 5.7). */
  email?: string;
  /** The subject, byte for byte. */
  sub?: string;
  /** Other claims: each has to be there with this value, as deep as it goes; members of objects in any order. */
  claims?: Record<string, unknown>;
  /** As the option of a sign-in. */
  allowUnverifiedEmail?: boolean;
}

/** The options of one sign-in: parameters of OIDC Core 3.1.2.1, RFC 6749 4.1.1 and RFC 8707 2. */
export interface SignInOptions {
  /** Instead of the client's. */
  scopes?: string[] | string;
  /** Pre-fills who signs in. A provider takes it as a hint and no more: see `enforceLoginHint`. */
  loginHint?: string;
  /**
   * Who has to sign in. With anybody else the sign-in rejects with IdentityMismatchError: `identity_mismatch`,
   * `email_missing`, `email_unverified`. Nothing is stored then, an earlier session stays as it was, the new tokens are
   * revoked where the provider can do that, and the response is used up. Where userinfo has to be asked for the address and
   * fails, its error has the same consequences.
   */
  expect?: ExpectedIdentity;
  /** `loginHint` has to be the e-mail address of who signs in, as `expect: { email: loginHint }`. Default: `false`. */
  enforceLoginHint?: boolean;
  /** The expected address counts also where the provider does not say that it is verified. Default: `false`. */
  allowUnverifiedEmail?: boolean;
  /**
   * Only who is signed in now may sign in again: anybody else is SubjectMismatchError, with the consequences of `expect`.
   * Nobody signed in is LoginRequiredError `signed_out`, and somebody without a subject `invalid_option`. Default: `false`;
   * for `signInSilent` `true` while somebody is signed in, see there.
   */
  sameSubject?: boolean;
  /** `none`, `login`, `consent`, `select_account`, `create`; several with spaces or as a list. */
  prompt?: string | string[];
  /** Refuses a sign-in at the provider that is older (`auth_time_too_old`), in seconds. */
  maxAge?: number;
  /** Authentication context classes, of which the ID token has to name one (`acr_mismatch`). */
  acrValues?: string | string[];
  uiLocales?: string | string[];
  display?: string;
  /** The `claims` parameter (OIDC Core 5.5). */
  claims?: object;
  idTokenHint?: string;
  /** Absolute URIs without a fragment (RFC 8707 2). */
  resource?: string | string[];
  /** The audience parameter of providers that have one. */
  audience?: string;
  /** `"form_post"` only for a client whose option it is too. */
  responseMode?: "query" | "fragment" | "form_post";
  /** Where your app goes afterwards: a path or URL of its own origin, else `redirect_target_rejected`. */
  returnTo?: string;
  /** Given back after the sign-in, or on the error that ends it: anything that JSON can hold. */
  appState?: unknown;
  /** 22 to 512 characters that cannot be guessed. `signIn*` put the client's tag in front of it. */
  state?: string;
  /** 22 to 512 characters that cannot be guessed. */
  nonce?: string;
  /** Parameters of your provider's own; one that the library sets or checks is `reserved_parameter`. */
  extraParams?: Record<string, string>;
}

/** An authorization request. Keep it, bound to this user agent, until the response comes. */
export interface AuthorizationRequest {
  readonly url: string;
  readonly state: string;
  /** Absent where no ID token is asked for. */
  readonly nonce?: string;
  /** Secret until it is redeemed (RFC 7636 4.1). */
  readonly codeVerifier: string;
  readonly issuer?: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly maxAge?: number;
  readonly acrValues?: readonly string[];
  /** Who has to sign in: `exchangeCode` checks it. */
  readonly expect?: ExpectedIdentity & { sameSubject?: string };
}

/** The options of a sign-in in a window. */
export interface PopupOptions extends SignInOptions {
  /**
   * A window that your app opened itself, in the handler of the click; it is closed at the end. `null`, which is what
   * `window.open` gives where it is blocked, is `popup_blocked`.
   */
  popup?: Window | null;
  /** Ends the waiting with its reason and closes the window. Once the response is here it changes nothing. */
  signal?: AbortSignal;
}

/** The options of a sign-in that nobody sees; `prompt` is always `none`. */
export interface SilentOptions extends Omit<SignInOptions, "prompt"> {
  /** Tries again where a frame did not answer before in this page. */
  force?: boolean;
  /** `null` instead of an error where the user would have to do something, and where frames are blocked. */
  ifAvailable?: boolean;
  /** Ends the waiting with its reason. Once the response is here it changes nothing. */
  signal?: AbortSignal;
}

/** What a page learns that came back in a popup or a frame: the page that waits has the response now. */
export interface Relayed {
  relayed: true;
  agent?: undefined;
  appState?: undefined;
  returnTo?: undefined;
}

/** What came of a sign-in. */
export interface SignedIn {
  agent: Agent;
  /** What was given to the sign-in. */
  appState: unknown;
  /** The `returnTo` of the sign-in, as a URL of the app's own origin. */
  returnTo: string | null;
}

/** The options of a sign-out. */
export interface SignOutOptions {
  /** Revokes the refresh token and the access token (RFC 7009), at most 3 s each. Default: `true`. */
  revoke?: boolean;
  /** Goes to the provider's logout page. Default: `true`. */
  redirect?: boolean;
  /** Where the provider sends the user afterwards, instead of `postLogoutRedirectUri`; has to be registered there. */
  returnTo?: string | URL;
  /**
   * `"post"` keeps the ID token out of the URL and of histories. A provider whose cookies are `SameSite=Lax` does not see
   * them then, and has only the ID token to know the session by. Default: `"get"`.
   */
  method?: "get" | "post";
  /** Given back by `handleLogoutCallback`: anything that JSON can hold. */
  appState?: unknown;
}

/** The options of `createAgent`. */
export interface CreateAgentOptions {
  /**
   * Called with renewed tokens and awaited before anybody gets them, for at most 10 seconds. What it throws or rejects with,
   * and that it takes longer, is a `warning` `tokens_not_stored`.
   */
  onRefresh?: (tokens: TokenSet) => unknown;
  /**
   * Called, and awaited for at most 10 seconds, when a renewal failed: also where the old tokens are still good. What it
   * throws or rejects with goes to `reportError`.
   */
  onRefreshError?: (error: OAuthError) => unknown;
  /** Default: the client's. */
  autoRefresh?: boolean;
  /**
   * `"claims"` leaves the signature of the ID token unchecked and asks nobody: for tokens that this library verified and
   * that nobody else could have written, and for ID tokens older than the provider's keys. Default: `"signature"`.
   */
  verify?: "signature" | "claims";
}

/** What every grant without a redirect can be told about its request. */
export interface GrantOptions {
  /** A list, or one string with spaces. */
  scopes?: string[] | string;
  /** The APIs that the token is for: absolute URIs without a fragment (RFC 8707 2). */
  resource?: string | string[];
  /** The APIs by the provider's own names for them (RFC 8693 2.1; elsewhere an extension of some providers). */
  audience?: string | string[];
  /** Parameters of your provider's own; one that the library sets is `reserved_parameter`. */
  extraParams?: Record<string, string>;
}

/** How the tokens of a grant are renewed: as those of `createAgent`. */
export type RenewalOptions = Omit<CreateAgentOptions, "verify">;

/** A person's password, and a one-time code where the provider asks for one. */
export interface Credentials {
  username: string;
  password: string;
  /** Sent as `totp`, as Keycloak calls it; other providers take it by `extraParams`. */
  totp?: string;
}

/** The options of `passwordGrant`. */
export interface PasswordGrantOptions extends GrantOptions, RenewalOptions, Partial<Credentials> {
  /**
   * Asks the person: once at the beginning where no `password` is given, and each time that the tokens cannot be renewed by
   * a refresh token. Without it the agent ends then: no password is kept.
   */
  credentials?: () => Credentials | Promise<Credentials>;
  /** Refuses other tokens (`SubjectMismatchError`). A later sign-in has to be that of the first person in any case. */
  expectedSub?: string;
}

/** The options of `deviceAuthorization`. */
export interface DeviceAuthorizationOptions extends GrantOptions, RenewalOptions {
  /** Ends the polling: `agent` rejects with `cancelled`, whose `cause` is the signal's reason. */
  signal?: AbortSignal;
  /** Who has to sign in; anybody else is IdentityMismatchError or SubjectMismatchError, and the tokens are revoked. */
  expect?: ExpectedIdentity;
  /** The expected address counts also where the provider does not say that it is verified. Default: `false`. */
  allowUnverifiedEmail?: boolean;
}

/** A sign-in on a device, which waits for the person (RFC 8628 3.2). */
export interface DeviceAuthorization {
  /** What the person types, as the provider sent it. */
  readonly userCode: string;
  /** Where the person types it: https, or http where the provider itself is on loopback. */
  readonly verificationUri: string;
  /** Where nothing has to be typed, for a QR code; `null` where the provider has none. */
  readonly verificationUriComplete: string | null;
  /** When the code is over, in Unix seconds. */
  readonly expiresAt: number;
  /** Seconds between two polls at the beginning. */
  readonly intervalSeconds: number;
  /**
   * The agent, once the person has agreed; detached. Polls by the rules of RFC 8628 3.5: `slow_down` adds five seconds for
   * good, no answer doubles the wait, nothing is asked after `expiresAt`.
   *
   * Rejects with TokenExchangeError `expired_token`, `cancelled` …; AccessDeniedError; what an ID token can be refused for;
   * IdentityMismatchError and SubjectMismatchError with `expect`; ConfigurationError `disposed`.
   */
  readonly agent: Promise<Agent>;
  /** Ends the polling: `agent` rejects with `cancelled`. */
  cancel(): void;
}

/** The type of a token: the URI of RFC 8693 3, its last part, or a URI of your provider's own. */
export type TokenType = "access_token" | "refresh_token" | "id_token" | "saml1" | "saml2" | "jwt" | (string & {});

/** The options of `tokenExchange` (RFC 8693 2.1). */
export interface TokenExchangeOptions extends GrantOptions, RenewalOptions {
  /** The token of whom the new one is for. */
  subjectToken: string;
  subjectTokenType: TokenType;
  /** The token of who acts for them; with its type, and only then. */
  actorToken?: string;
  actorTokenType?: TokenType;
  /** What is wanted; the provider decides where nothing is said. */
  requestedTokenType?: TokenType;
}

/** What came of a token exchange (RFC 8693 2.2.1). */
export interface ExchangedToken {
  /** `access_token` holds the issued token, whatever it is; `token_type` is `N_A` for one that is no access token. */
  readonly tokens: TokenSet;
  /** What was issued, as a URI. */
  readonly issuedTokenType: string;
  /** Who uses it, detached; `null` where it is no access token. Its claims are those of an ID token that came along. */
  readonly agent: Agent | null;
}

/** The fields of a token request; a list for one that repeats. */
export type GrantFields = Record<string, string | string[] | undefined> | URLSearchParams;

/** The options of `customGrant`. */
export interface CustomGrantOptions extends RenewalOptions {
  /** The fields, `grant_type` among them, or a function that gives them. Who the client is is added by the library. */
  data: GrantFields | (() => GrantFields | Promise<GrantFields>);
  /**
   * How the tokens are renewed: by their refresh token, with `data` again, or with other fields. Default: `"refresh"`.
   */
  renew?: "refresh" | "again" | ((tokens: TokenSet) => GrantFields | Promise<GrantFields>);
}

/** A token response as a provider sends it (RFC 6749 5.1, OIDC Core 3.1.3.3). */
export interface TokenResponse {
  access_token: string;
  token_type: string;
  expires_in?: number | string;
  refresh_token?: string;
  refresh_expires_in?: number | string;
  scope?: string;
  id_token?: string;
  [member: string]: unknown;
}

/** The claims of the userinfo endpoint. Objects in it have no prototype. */
export interface UserInfo {
  /** There where an ID token says who it is. */
  readonly sub?: string;
  readonly organizations: readonly Organization[];
  readonly [claim: string]: unknown;
}

/**
 * A client of one provider.
 *
 * It has a session of its own only where one process serves one person: in a page, or with `session: "single-user"`.
 * Elsewhere the methods marked *needs a session* reject with `ConfigurationError` `no_ambient_session`.
 *
 * One client serves any number of requests of any number of people, and may stand at module scope, of a Worker too: making it
 * does no I/O. Requests at the same time share discovery, keys, a machine's token, and the refresh of one refresh token. In
 * workerd, where promises and timers belong to the request that made them, each of them looks for the result by itself; what
 * a request left behind that ended in the middle is taken over after about 3 s, and see `waitUntil`. There each agent of one
 * refresh token tells its own `onRefresh`.
 */
export class IdpClient extends EventTarget implements ApiCalls {
  private constructor();

  /**
   * Loads the wasm, restores a stored session, and waits for discovery at most 3 s, and only where nothing is known
   * yet. Never fails because storage is blocked or the network is down.
   *
   * @throws ConfigurationError `missing_option`, `invalid_option`, `unknown_option`, `secret_in_browser`,
   *   `wasm_unavailable`
   */
  static create(options: ClientOptions): Promise<IdpClient>;

  /** The same without any I/O, where wasm loads synchronously: Node, Deno, Bun and workerd, also at module scope. */
  static createSync(options: ClientOptions): IdpClient;

  /**
   * A client of a provider of a configuration: the one that `loadProviders` has read, or `config`. Loads the wasm
   * `configuration` of the package. In a page a client secret is refused before anybody resolves it.
   *
   * @param name the provider; without one the default provider, which one alone is
   * @throws ConfigurationError `unknown_option`: a key, a provider, an environment or an application that there is not,
   *   with the nearest one and those there are; `missing_option`: nothing is loaded, a variable that is not in `env`, an
   *   option without which there is no client; `invalid_option`: also a storage that nothing makes here;
   *   `secret_unavailable` (retry); and as `create`
   */
  static fromConfig(name?: string | null, options?: FromConfigOptions): Promise<IdpClient>;

  /** The option `name`. */
  readonly name: string | null;
  /**
   * The options as they were given, secrets redacted. After `fromConfig` those that the configuration and the overrides
   * made, with the `environment` and the `application` that were chosen.
   */
  readonly options: Readonly<Record<string, unknown>>;
  /** How users sign in: the authorization code flow (RFC 6749 4.1), always with PKCE (RFC 7636). */
  readonly flow: "authorization_code";
  /** The option `storage`; `"custom"` for an object. */
  readonly storage: "memory" | "session" | "local" | "encrypted" | "custom";
  /** Where metadata comes from: discovery, discovery and the option, the option alone. */
  readonly discoveryMode: "auto" | "hybrid" | "manual";
  /** The provider's metadata, `null` until it is known. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** Who is signed in, as this page knows it now; the same object until the session changes. */
  readonly agent: Agent | null;
  /** Whether somebody is signed in whose access token is valid or can be renewed. */
  readonly isAuthenticated: boolean;
  /** What an app shows: frozen, and the same object until something in it changes. */
  readonly snapshot: Snapshot;

  /**
   * Calls the listener with the snapshot, at once and after each change, before the event of the change is dispatched
   * and before the call that caused it settles. Made for React's `useSyncExternalStore`, Vue and Svelte.
   *
   * @returns what ends it
   * @throws ConfigurationError `invalid_option`: no function
   */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;

  /**
   * The metadata, fetched where it is not known or older than `discoveryTtlSeconds`; concurrent calls are one request.
   * Without an `issuer` there is nothing to discover: `{}`, without a request; `metadata` has what was given.
   *
   * @throws NetworkError, TimeoutError, ProviderError (retry); DiscoveryError `issuer_mismatch`, `invalid_metadata`,
   *   `insecure_endpoint` (plain http, from a provider on https on loopback too), `discovery_failed`. A failed forced
   *   discovery leaves the old metadata in use.
   */
  discover(options?: { force?: boolean }): Promise<Record<string, unknown>>;

  /**
   * Builds an authorization request with PKCE S256, synchronously: a click handler keeps its user activation.
   *
   * @throws DiscoveryError `not_discovered`; ConfigurationError `missing_option`, `invalid_option`,
   *   `reserved_parameter`, `par_required`, `request_object_required`, `pkce_unsupported`, `endpoint_missing`
   */
  createAuthorizationUrl(options?: SignInOptions): AuthorizationRequest;

  /** The same with discovery awaited. */
  createAuthorizationRequest(options?: SignInOptions): Promise<AuthorizationRequest>;

  /**
   * Redeems a code by hand: for servers, which keep each person's tokens themselves.
   *
   * @param callback the URL the provider sent the user to, its query, `{ code, state, iss }`, or a bare code
   * @param auth what `createAuthorizationUrl` returned: state, `iss`, nonce, verifier and redirect URI are checked.
   *   With `{ codeVerifier, nonce, stateCheckedByCaller: true }` the state is your business. `expect` in it is checked as
   *   in a sign-in.
   * @returns a detached agent: its tokens are on it and nowhere else
   * @throws CallbackError, TokenExchangeError, TokenParseError, TokenVerificationError, NetworkError, TimeoutError,
   *   IdentityMismatchError, SubjectMismatchError, and the classes of the provider's own errors
   */
  exchangeCode(
    callback: string | URL | URLSearchParams | { code: string; state?: string; iss?: string },
    auth:
      | (Partial<AuthorizationRequest> & { codeVerifier: string; state: string })
      | {
          codeVerifier: string; nonce?: string; redirectUri?: string; scope?: string; stateCheckedByCaller: true;
          expect?: ExpectedIdentity;
        },
  ): Promise<Agent>;

  /** Sends the user to the provider; the page is left. *Needs a session.* @throws as `createAuthorizationRequest` */
  signInRedirect(options?: SignInOptions): Promise<void>;

  /**
   * Signs in in a window beside this page, which goes on running. The window opens before anything is awaited: call
   * this right in the handler of a click. The page at `redirectUri`, which has to be of this page's origin, hands the
   * response over: by `import "wasm-oidc/callback"`, or by `handleRedirectCallback`. The code is redeemed here, once,
   * and everything is verified as after a redirect. Calls with the same options while the window is open share it.
   * `appState` is on the event `signedin` and on errors. The window is closed at the end. *Needs a session* and a page.
   *
   * @throws CallbackError `popup_blocked` (retry: in a click); `popup_closed`: the user closed the window, known 1 s
   *   later. A provider that cuts its window off from this page by COOP can still answer, but its closing is not seen:
   *   that ends, as whatever is never answered, in TimeoutError `timeout` after `callbackTimeoutSeconds`.
   * @throws ConfigurationError `no_ambient_session` without a page, `invalid_option` for a `redirectUri` on another
   *   origin; as `createAuthorizationRequest` and `handleRedirectCallback`; LoginRequiredError `signed_out` when
   *   somebody signed out meanwhile
   */
  signInPopup(options?: PopupOptions): Promise<Agent>;

  /**
   * Asks the provider in a hidden frame who is signed in there (OIDC Core 3.1.2.1 `prompt=none`), for the user of the
   * session where there is one (`id_token_hint`): a provider that overlooks that and answers for somebody else is
   * SubjectMismatchError. `sameSubject: false` asks for whoever is there, without the hint. A failure ends or changes no session, a success replaces it. Calls
   * with the same options share a frame, others run one after the other. The page at `redirectUri` hands the response
   * over as for `signInPopup`. *Needs a session* and a page.
   *
   * Where the browser blocks the provider's cookies in frames, nobody is signed in there: LoginRequiredError.
   *
   * @throws LoginRequiredError, InteractionRequiredError, ConsentRequiredError, AccountSelectionRequiredError,
   *   SubjectMismatchError, IdentityMismatchError
   * @throws TimeoutError `silent_blocked`: no answer in 10 s, since the provider refuses frames or no page relays;
   *   remembered for this page, where further calls fail at once unless they say `force: true`
   * @throws ConfigurationError `invalid_option` for `prompt`; as `signInPopup`
   */
  signInSilent(options: SilentOptions & { ifAvailable: true }): Promise<Agent | null>;
  signInSilent(options?: SilentOptions): Promise<Agent>;

  /**
   * Handles the authorization response in the address bar, or in `url`. Call it on every load: it decides in this
   * order, and only 7 sends a request. *Needs a session.*
   *
   * 1. No page and no `url`: `null`.
   * 2. Not at the redirect URI: `null`.
   * 3. No authorization response there, nor tokens with a `state` of this client's: `null`.
   * 4. A `state` that is not this client's, or none: `null`, and a `warning` event `callback_ignored`.
   * 5. CallbackError `state_missing`, `state_mismatch`, `duplicate_parameter`, `ambiguous_response`,
   *    `unexpected_parameter`.
   * 6. No such sign-in in this tab: CallbackError `transaction_not_found`, `transaction_expired`.
   * 7. The sign-in of this tab: `iss` is checked (RFC 9207), the code redeemed once, everything verified.
   * 8. The same again: the same result while it is this session, else CallbackError `callback_already_handled`.
   * 9. The same `state` with another code: CallbackError `state_mismatch`.
   * 10. The provider refused: the class of its error, with the `appState` of the sign-in.
   *
   * Somebody other than the expected person in 7 is IdentityMismatchError or SubjectMismatchError, and nothing is stored.
   *
   * From 5 on, the response's parameters are taken out of the address bar; all others stay.
   *
   * In the window of `signInPopup` and the frame of `signInSilent`, it hands the response to the page that waits,
   * redeems and stores nothing, closes the window, and resolves to `{ relayed: true }`. It knows such a response by its
   * `state`.
   */
  handleRedirectCallback(url?: string | URL): Promise<SignedIn | Relayed | null>;

  /**
   * The agent now, its tokens renewed where that is due; `null` when somebody has to sign in. *Needs a session.*
   *
   * @throws RefreshError (retry) when the access token is expired and the provider cannot be reached
   */
  getAgent(): Promise<Agent | null>;

  /**
   * An access token for a request of your own. *Needs a session.*
   *
   * @throws LoginRequiredError `signed_out`, SessionExpiredError, RefreshError
   */
  getAccessToken(options?: AccessTokenOptions): Promise<string>;

  /** The value of an `Authorization` header. *Needs a session.* @throws as `getAccessToken` */
  authorizationHeader(): Promise<string>;

  /**
   * Renews tokens now: the session's (*needs a session*; concurrent calls are one request), or those of a detached
   * agent, which resolves to a new one.
   *
   * @throws RefreshError `no_refresh_token`, `invalid_grant`, `network_failure`, `timeout` …;
   *   SubjectMismatchError; TokenVerificationError
   */
  refresh(agent?: Agent): Promise<Agent>;

  /** The session's tokens, renewed where that is due; `null` without a session. *Needs a session.* @throws as `getAgent` */
  getTokens(): Promise<TokenSet | null>;

  /** What `use` makes of the access token: for a short look, so that it is kept nowhere. @throws as `getAccessToken` */
  withToken<T>(use: (accessToken: string) => T | Promise<T>): Promise<T>;

  /**
   * An agent of tokens that you keep: a `TokenSet`, or a token response as it came (as old as its ID token; without one
   * it counts as due). The ID token is checked again, but for `exp`, `nonce` and the hashes, which held when it was new.
   * Tokens that are due are renewed first, once for all who hold the same refresh token. The agent is detached: its
   * tokens are on it and nowhere else, until `adopt`. For tokens that you stored, never for tokens that a caller sent.
   *
   * @throws TokenParseError `malformed_token`, `id_token_missing` (`openid` was granted, and there is none);
   *   TokenVerificationError; TokenExpiredError `token_expired` (over, and nothing to renew them with); RefreshError
   *   (retry: the provider cannot be reached and the access token is over; reauthenticate: it refused)
   */
  createAgent(tokens: TokenSet | TokenResponse, options?: CreateAgentOptions): Promise<Agent>;

  /**
   * Makes a detached agent of this client the session: stored, then `signedin`. From then on the session has its tokens.
   * *Needs a session.*
   *
   * @throws ConfigurationError `invalid_option` for an agent that this client did not make
   */
  adopt(agent: Agent): Promise<Agent>;

  /** `createAgent`, then `adopt`. @throws as these */
  saveTokens(tokens: TokenSet | TokenResponse, options?: CreateAgentOptions): Promise<Agent>;

  /**
   * The claims of the userinfo endpoint (OIDC Core 5.3), of a detached agent or of who is signed in (*needs a session*).
   * Their `sub` is that of the ID token. Signed answers are verified with the provider's keys, encrypted ones refused. A
   * token of the session that the endpoint does not take is renewed once.
   *
   * @returns the claims as they came, objects without a prototype, with `organizations` read as `claimMapping` says
   * @throws SubjectMismatchError; TokenParseError `invalid_claim` where they cannot be read so; TokenVerificationError `missing_claim` (no `sub`), `signature_invalid` …;
   *   ProviderError `invalid_token`, `invalid_response` …; InsufficientScopeError; ConfigurationError `endpoint_missing`
   */
  getUserInfo(agent?: Agent): Promise<UserInfo>;

  /**
   * Tells the provider that a token is not needed any more (RFC 7009): this one, or else the session's refresh token, or
   * its access token where there is none (*needs a session*). The session goes on until it is renewed: `signOut` ends it.
   *
   * @param hint where the provider looks first: `"refresh_token"`, `"access_token"`
   * @returns `false` where the provider has no endpoint for it
   * @throws ProviderError `unsupported_token_type`, `invalid_client`, `temporarily_unavailable` …; LoginRequiredError
   *   `signed_out`; NetworkError; TimeoutError
   */
  revokeToken(token?: string, hint?: string): Promise<boolean>;

  /**
   * What the provider says of a token (RFC 7662). `active: false` is an answer; anything but the boolean `true` is that.
   *
   * @throws ConfigurationError `missing_option` (only a client that authenticates may ask, so never a page),
   *   `endpoint_missing`; ProviderError
   */
  introspect(token: string, hint?: string): Promise<{ active: boolean; [member: string]: unknown }>;

  /**
   * A machine's own agent (RFC 6749 4.4), detached: its `id` is the client id, its scopes are those that were granted, else
   * those asked for (`agent.hasAccess("read", "users")`). The same agent for the same scopes, `resource` and `audience`; it
   * renews itself ahead of its end, and when an API says 401, by asking again: there is no refresh token. Concurrent calls
   * are one request; after a failure that passes the next one waits. `clear()` forgets it. With one client at module scope a
   * Worker keeps the token for all requests of its isolate.
   *
   * @param scopes a list, or one string with spaces; without any the provider decides, whatever the option `scopes` says
   * @throws ConfigurationError `missing_option` for a public client, `reserved_parameter`; TokenExchangeError
   *   `invalid_client`, `unauthorized_client`, `invalid_scope`, `invalid_target` …; ProviderError; NetworkError; TimeoutError
   */
  clientCredentials(scopes?: string[] | string, options?: Omit<GrantOptions, "scopes">): Promise<Agent>;

  /**
   * An agent for a person's password (RFC 6749 4.3), detached; only with `allowPasswordGrant: true`. The password is wiped
   * after its one request and kept nowhere. Renewed by its refresh token; then by `credentials`, else it ends.
   *
   * @throws ConfigurationError `missing_option`; TokenExchangeError `invalid_grant` (the password or the code is wrong);
   *   TokenParseError `id_token_missing`; TokenVerificationError; SubjectMismatchError; NetworkError; TimeoutError
   */
  passwordGrant(options: PasswordGrantOptions): Promise<Agent>;

  /**
   * An agent of a refresh token obtained elsewhere (RFC 6749 6), detached. When that token and those that come of it end,
   * the agent ends: `SessionExpiredError` for who asks for an access token. An ID token that comes along is verified.
   *
   * @param options `expectedSub`: tokens of somebody else are revoked and refused; where no ID token comes the provider's
   *   userinfo says whose they are
   * @throws RefreshError `invalid_grant` …; SubjectMismatchError; TokenVerificationError; ConfigurationError
   */
  refreshTokenGrant(token: string, options?: RenewalOptions & { expectedSub?: string }): Promise<Agent>;

  /**
   * Signs a person in on a device without a browser of its own (RFC 8628): show the code and the URL, await `agent`.
   *
   * @param options scopes that are missing are the client's
   * @throws ConfigurationError `endpoint_missing`, `reserved_parameter`; TokenExchangeError `unauthorized_client`,
   *   `invalid_response`, `cancelled` …; DiscoveryError `insecure_endpoint`: a page to go to that is not https; NetworkError
   */
  deviceAuthorization(options?: DeviceAuthorizationOptions): Promise<DeviceAuthorization>;

  /**
   * Exchanges a token for another (RFC 8693): for a narrower one, for another API, on behalf of somebody.
   *
   * @throws ConfigurationError `missing_option` for a token without its type; TokenExchangeError `invalid_target`,
   *   `invalid_request`, `invalid_response` (the provider does not say what it issued) …; NetworkError; TimeoutError
   */
  tokenExchange(options: TokenExchangeOptions): Promise<ExchangedToken>;

  /**
   * An agent of a grant of your own (RFC 6749 4.5), such as a JWT or SAML assertion (RFC 7523, RFC 7522), detached. An ID
   * token that comes along is verified. Grants that have a method here are refused, so that their rules hold.
   *
   * @throws ConfigurationError `missing_option` without `grant_type`, `reserved_parameter`, `invalid_option`;
   *   TokenExchangeError; TokenVerificationError; NetworkError; TimeoutError
   */
  customGrant(options: CustomGrantOptions): Promise<Agent>;

  /**
   * Looks at a token in six steps, and says of each what came of it: an ID token of this client, or an access token that is
   * a JWT. What is wrong with the token is in the report, never thrown. The client's issuer is the expected one, and its
   * client id the audience that an ID token has to name; for an access token say `expectedAudience`. `nonce` and hashes
   * are not compared: they belong to a sign-in. Its wasm is loaded when it is first called.
   *
   * @throws ConfigurationError `invalid_option`, `unknown_option`, `missing_option`, `disposed`, `wasm_unavailable`
   */
  checkToken(token: string, options?: TokenCheckOptions): Promise<TokenReport>;

  /** *Needs a session*, but for `auth: "none"`. */
  fetch(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  get(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  post(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  put(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  patch(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  delete(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  head(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;

  /**
   * Calls to an API of its own, on this client's session.
   *
   * @throws ConfigurationError `invalid_option`, `unknown_option`
   */
  session(options?: ApiSessionOptions): ApiSession;

  /** The URL that ends the session at the provider (RP-Initiated Logout 2); `null` where it has no such endpoint. */
  createLogoutUrl(options?: { idTokenHint?: string; postLogoutRedirectUri?: string; state?: string }): string | null;

  /**
   * Ends the session here, revokes its tokens (what fails is a `warning` `revocation_failed`), and goes to the provider's
   * logout page where there is one. *Needs a session.*
   *
   * @throws ConfigurationError `invalid_option` for `method: "post"` outside of a page
   */
  signOut(options?: SignOutOptions): Promise<void>;

  /**
   * Forgets the session here, and in the tabs that share its store: `signedout` with the reason `cleared`. The provider is
   * told nothing, so its tokens stay good there; `signOut` ends them. Agents of `clientCredentials` are forgotten, too: the next call asks
   * for new tokens. *Needs a session*, or such agents.
   */
  clear(): Promise<void>;

  /**
   * Handles the return from the provider's logout page (RP-Initiated Logout 2), in the address bar or in `url`: call it
   * there on every load. The `state` of this tab's sign-out is taken out of the address bar. `null` when there is none,
   * when it is somebody else's, and the second time. *Needs a session.*
   */
  handleLogoutCallback(url?: string | URL): Promise<{ returnTo: string; appState: unknown } | null>;

  /**
   * Handles a logout at the provider that comes as a load of a URL of the app (OpenID Connect Front-Channel Logout 1.0,
   * sections 2 and 3), in the address bar or in `url`: call it at the registered `frontchannel_logout_uri`. Ends the
   * session here, as `clear` does, when `iss` and `sid` in the URL's query are those of the session's ID token; sends
   * nothing. Browsers that keep the storage of frames apart show the frame no session, and then nothing ends.
   * *Needs a session.*
   *
   * @param options `withoutSession`: whether a URL with neither `iss` nor `sid` ends it too; anybody can make a browser
   *   load that. Default: `false`
   * @throws CallbackError `duplicate_parameter`; `invalid_callback`: one of `iss` and `sid` without the other
   */
  handleFrontChannelLogout(url?: string | URL, options?: { withoutSession?: boolean }): Promise<{ ended: boolean }>;

  /**
   * Verifies a logout token that the provider posted to the app's `backchannel_logout_uri` as `logout_token` (OpenID
   * Connect Back-Channel Logout 1.0, section 2.6): signature (also with `verifySignature: false`), `typ` (`logout+jwt`, if
   * any), `iss`, `aud`, `iat`, `exp`, `nbf`, `events`, `sub` or `sid`, no `nonce`, and that its `jti` was not taken before.
   * Of two deliveries at the same time one succeeds. Answer the provider with 200 and `Cache-Control: no-store`, after an
   * error with 400. Its wasm is loaded when it is first called. Needs no session.
   *
   * @param options `store`: remembers what was taken, under a hash of `iss` and `jti`, until `exp` and the clock tolerance
   *   are past, which `save` is told as `expiresAt`. Without a `lock` of its own only the calls of one process take turns.
   *   `memoryStorage()` serves where there is one process; keep it as long as the process
   * @throws TokenVerificationError `replayed`, `event_missing`, `unsupported_header` (`typ`), `alg_not_allowed`,
   *   `signature_invalid`, `key_not_found`, `issuer_mismatch`, `audience_mismatch`, `azp_mismatch`, `id_token_expired`,
   *   `not_yet_valid`, `nonce_mismatch` (there is one), `missing_claim`, `invalid_claim`; TokenParseError `malformed_token`;
   *   StorageError `storage_unavailable`: nobody knows whether it was taken; ConfigurationError `missing_option` (no
   *   store), `invalid_option`, `endpoint_missing` (no `jwks_uri`); DiscoveryError; NetworkError; TimeoutError
   */
  verifyLogoutToken(token: string, options: { store: TokenStorage }): Promise<LogoutToken>;

  /**
   * Whether an app that is configured so can sign people in at this provider, from here, now. Never fails over what it
   * looks at: that is in the report, each finding with what to do about it. Nobody signs in, nothing of the session is
   * read or changed, and nothing secret is sent or reported.
   *
   * At most 10 requests, most of them at the same time, each within `timeoutSeconds`: the discovery document (at up to
   * three well-known places), the key set, a `POST` of `client_id` alone to the token endpoint (no grant, no code, no
   * secret: every provider refuses that with 400), a `GET` of the userinfo endpoint with the token `preflight` (401);
   * and for each of these four that is not answered a `GET` that reads nothing (`mode: "no-cors"`), to tell a server that
   * is not there from one that CORS keeps this page from. A page judges CORS by trying it; elsewhere the requests carry
   * the origin of `redirectUri`, with an `OPTIONS` for the token, and the answers are judged as a browser would. That is
   * left out for clients with a secret and for `session: "single-user"` on a loopback redirect URI. Call it in the page: in a
   * worker of a browser CORS is judged as if outside.
   *
   * The first call loads the wasm `tools` of the package.
   *
   * @throws ConfigurationError `disposed`, `wasm_unavailable`
   */
  preflight(): Promise<PreflightReport>;

  /** Listens to an event; returns what stops it. */
  on<T extends ClientEventType>(type: T, listener: (event: ClientEvent) => void): () => void;

  /** Forgets and wipes everything in this page; what is stored stays. */
  dispose(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which sessions end, by a logout token that was verified. Frozen. */
export interface LogoutToken {
  /** `iss` */
  readonly issuer: string;
  /** `sub`: without `sessionId`, all sessions of this subject end. There is one of the two at least. */
  readonly subject?: string;
  /** `sid`, as the ID token's claim of that name. */
  readonly sessionId?: string;
  /** `iat`, in Unix seconds. */
  readonly issuedAt: number;
  /** `exp`, in Unix seconds. */
  readonly expiresAt: number;
  /** `jti` */
  readonly jwtId: string;
}

/** What `preflight` found. */
export interface PreflightReport {
  /** Whether nothing failed; there may be warnings. */
  ok: boolean;
  /** The client's `name`, else the issuer. */
  provider: string;
  /** What was looked at, in this order, whether it could be looked at or not. */
  steps: PreflightStep[];
}

/**
 * What was looked at.
 *
 * - `configuration`: redirect URI (RFC 6749 3.1.2, RFC 8252 8.3), scopes, a secret in a page
 * - `reachability`: DNS, TLS and connection, told apart where the host tells (Node, Deno, Bun; a page cannot)
 * - `discovery`, `issuer`: the document, and that its issuer is yours byte for byte (OIDC Discovery 4.3, RFC 8414 3.3)
 * - `endpoints`: https, and there for what the app does (RFC 8414 2)
 * - `authorization_request`: neither PAR (RFC 9126 5) nor a signed request object (RFC 9101) is required
 * - `pkce`: S256 is announced (RFC 7636 4.2)
 * - `response_types`, `grant_types`, `client_authentication`, `signing_algorithms`: what the app uses is announced
 * - `issuer_parameter`: responses name their issuer (RFC 9207), which an app with several issuers needs
 * - `key_set`: keys that can check signatures, for each algorithm; why the others cannot
 * - `token_endpoint`: it answers, and knows the client
 * - `clock`: the difference between the clocks, by the header `Date`; a warning above 30 s, a failure above
 *   `clockToleranceSeconds`
 * - `cors_discovery`, `cors_key_set`, `cors_token`, `cors_userinfo`: whether a page of the app may read the answers; a
 *   failure in a page, elsewhere a warning
 * - `exposed_headers`: which of `Retry-After`, `WWW-Authenticate`, `DPoP-Nonce` and `Date` such a page sees
 */
export type PreflightStepName =
  | "configuration" | "reachability" | "discovery" | "issuer" | "endpoints" | "authorization_request" | "pkce"
  | "response_types" | "grant_types" | "client_authentication" | "signing_algorithms" | "issuer_parameter" | "key_set"
  | "token_endpoint" | "clock" | "cors_discovery" | "cors_key_set" | "cors_token" | "cors_userinfo" | "exposed_headers";

/** One step of a preflight. */
export interface PreflightStep {
  name: PreflightStepName;
  /**
   * The worst of its findings. `"failure"`: signing in does not work, or is not safe. `"warning"`: it works, but not
   * everything, or not as safely as it could. `"skipped"`: it could not be looked at, or does not matter here.
   */
  status: "success" | "failure" | "warning" | "skipped";
  /** What is so, for a developer to read: what was found, that all is well, or why the step was skipped. */
  message: string;
  /** What to do about it, a sentence for each finding; absent where there is none. */
  remedy?: string;
  /**
   * What was seen: `findings` always, `url`, `status` and `contentType` where something was asked, and members of each
   * step's own, such as `usable` (keys by algorithm) and `skipped` of `key_set`, `differenceSeconds` and
   * `uncertaintySeconds` of `clock`, `visible`, `hidden`, `unknown` and `headerLine` of `exposed_headers`.
   */
  details: { findings: PreflightFinding[]; [name: string]: unknown };
  /** Milliseconds that the request of the step took; 0 where it sent none. */
  durationMs: number;
}

/** One thing that is not as it should be. */
export interface PreflightFinding {
  code: PreflightFindingCode;
  status: "warning" | "failure";
  message: string;
  /** One sentence for whoever configures the app or the provider. */
  remedy: string;
}

/** What can be found; names stay. */
export type PreflightFindingCode =
  | "redirect_uri_missing" | "redirect_uri_invalid" | "redirect_uri_fragment" | "redirect_uri_insecure"
  | "redirect_uri_wildcard" | "redirect_uri_other_origin" | "redirect_uri_localhost" | "secret_in_page"
  | "scope_malformed" | "openid_missing" | "openid_unused" | "signature_unchecked" | "unreachable" | "name_unknown"
  | "connection_refused" | "tls_failed" | "timed_out" | "discovery_not_found" | "discovery_elsewhere"
  | "issuer_is_document" | "discovery_redirected" | "discovery_failing" | "discovery_media_type"
  | "discovery_malformed" | "discovery_too_large" | "issuer_missing" | "issuer_differs"
  | "authorization_endpoint_missing" | "token_endpoint_missing" | "jwks_uri_missing" | "userinfo_endpoint_missing"
  | "end_session_endpoint_missing" | "revocation_endpoint_missing" | "endpoint_invalid" | "endpoint_insecure"
  | "par_required" | "request_object_required" | "pkce_not_advertised" | "pkce_plain_only" | "pkce_s256_missing"
  | "code_response_type_missing" | "response_mode_missing" | "code_grant_missing" | "refresh_grant_missing"
  | "scope_not_listed" | "client_auth_not_listed" | "signing_algorithms_unsupported" | "signing_algorithms_not_listed"
  | "issuer_parameter_not_advertised" | "key_set_unavailable" | "key_set_malformed" | "key_set_unusable"
  | "private_key_published" | "key_too_short" | "key_refused" | "crypto_unavailable" | "algorithm_unsupported_here"
  | "token_endpoint_unavailable" | "token_endpoint_failing" | "client_unknown" | "clock_differs"
  | "clock_beyond_tolerance" | "cors_refused" | "cors_authorization_refused" | "headers_hidden";

/** What an app shows about its session. */
export interface Snapshot {
  /** `"loading"`: nobody is signed in yet, and a stored session, a callback, a popup or a silent sign-in is looked at. */
  readonly status: "loading" | "signed-in" | "signed-out";
  /** As `idp.agent`. */
  readonly agent: Agent | null;
  /** Whether a token request that renews the tokens is under way. */
  readonly isRefreshing: boolean;
  /**
   * Why the last refresh failed or the session ended, until somebody signs in or a refresh succeeds; also the
   * `PanicError` of a client that is dead. A sign-out that was asked for has none.
   */
  readonly error: OAuthError | null;
}

/** What `fetch` takes beside what the platform's own does. */
export interface ApiRequestInit extends RequestInit {
  /**
   * `"required"` (the default): a token, or an error. `"optional"`: bare when nobody is signed in. `"none"`: bare, to any
   * origin. Anything else is `invalid_option`.
   */
  auth?: "required" | "optional" | "none";
  /** A body that is sent as JSON, with its `content-type` unless another one is given. Not together with `body`. */
  json?: unknown;
  /** `"half"`, where the body is a stream (Fetch 5.3). */
  duplex?: "half";
}

/** Requests with the access token. */
export interface ApiCalls {
  /**
   * The platform's `fetch` with the access token (RFC 6750 2.1), for origins in `apiOrigins`.
   *
   * The token is renewed when it is due. A 401 that is about the token is answered by one more request with a new token,
   * where the body can be sent again: strings, buffers, `Blob`, `FormData` and `URLSearchParams`, no streams and no
   * `Request` with a body. Whatever comes then is what you get, as is every other status.
   *
   * A redirect to another origin does not carry the token, nor `Cookie` of yours. Outside browsers redirects are
   * followed by hand, at most 5, by the rules of Fetch 4.5; one that wants a stream a second time is a `TypeError`.
   * `redirect: "manual"` and `"error"` mean what they always mean. An `authorization` header of yours stays, and
   * nothing of the above happens.
   *
   * Aborting rejects the fetch, never a refresh that it waits for. What the platform's `fetch` rejects with, this does.
   *
   * @throws ConfigurationError `origin_not_allowed`, `invalid_option`; LoginRequiredError `signed_out`;
   *   SessionExpiredError; RefreshError
   */
  fetch(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  /** `fetch` with this method, as all below; `init.method` is ignored. */
  get(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  post(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  put(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  patch(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  delete(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
  head(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
}

/** Whose access token: without any of these the session's own. */
export interface TokenTarget {
  /**
   * Absolute URIs without a fragment (RFC 8707 2.2): a token for these APIs alone, which the sign-in has asked for. It is
   * had by a refresh grant, kept in memory until it is due, and never takes the place of the session's own. Needs a
   * refresh token. For an API that the sign-in did not name the provider says `invalid_target`; some spend the refresh
   * token by that, so that the session ends at its next renewal.
   */
  resource?: string | string[];
  /** Fewer scopes than the session's (RFC 6749 6); a list, or one string with spaces. A token as above. */
  scopes?: string | string[];
}

export interface AccessTokenOptions extends TokenTarget {
  /** Seconds that the token should live; tried for once. */
  minValiditySeconds?: number;
  /** Asks the provider, whatever the token's age. */
  forceRefresh?: boolean;
}

/** What an API of its own changes; what is left out is as the client has it. */
export interface ApiSessionOptions extends TokenTarget {
  /**
   * How long a request may take until its answer begins, the wait for a token included: 1 to 86400. Then the fetch
   * rejects with `TimeoutError` `timeout`; a refresh that it waited for goes on. Default: no limit.
   */
  timeoutSeconds?: number;
  /** Where the token may go, instead of the client's `apiOrigins`. */
  apiOrigins?: string[];
  /** `false`: the token is sent as it is, and a 401 renews nothing. */
  autoRefresh?: boolean;
  retryOn401?: boolean;
}

/** Calls to one API. Frozen. */
export interface ApiSession extends ApiCalls {
  /** The method OPTIONS; on the client itself `options` is what it was made with. */
  options(input: RequestInfo | URL, init?: ApiRequestInit): Promise<Response>;
}

/**
 * `signedin`, `refreshed`, `refreshfailed` (the session lives on), `expired` (once, when an access token is past its end
 * and could not be renewed), `signedout` (`reason` says why), `warning`.
 */
export type ClientEventType = "signedin" | "refreshed" | "refreshfailed" | "expired" | "signedout" | "warning";

/**
 * An event of a client; dispatched outside every call, after `snapshot` and its subscribers and before the call that
 * caused it settles, and never with a token. No lock is held, so a listener may call and await every method. What it
 * throws goes to `reportError`.
 */
export interface ClientEvent extends Event {
  readonly type: ClientEventType;
  readonly detail: {
    /** Who is signed in; with `signedout` who it was, whose tokens are gone. */
    readonly agent: Agent | null;
    /** Where it happened: `"other-tab"` for what this one only follows. */
    readonly source: "this-tab" | "other-tab";
    /**
     * A code. With `signedout` why the session is over: `signed_out`; `cleared` (by `clear`, or gone from the store);
     * `invalid_grant` (the provider does not take the refresh token any more; `error.code` is `refresh_outcome_lost` where
     * that is because an answer got lost); `refresh_expired`; `subject_changed` and `verification_failed` (a refresh
     * brought tokens that are provably wrong); `key_lost`; `storage_replaced` (somebody else signed in in another tab).
     * Nothing else ends a session. With `refreshfailed` the error's code, with `warning` what it is about.
     */
    readonly reason?: string;
    readonly message?: string;
    readonly error?: OAuthError;
    readonly appState?: unknown;
  };
}

/**
 * Loads the wasm alone. The first source wins; a failed load can be retried. `others` says where the wasms are that are
 * loaded when they are first needed: `configuration` for `loadProviders` and `IdpClient.fromConfig`, `tools` for `checkToken`,
 * `preflight`, `verifyLogoutToken` and the grants.
 *
 * @throws ConfigurationError `wasm_unavailable`
 */
export function ready(
  source?: WasmSource | Promise<WasmSource>,
  others?: { configuration?: WasmSource | Promise<WasmSource>; tools?: WasmSource | Promise<WasmSource> },
): Promise<void>;

/** Where the wasm is: by default beside the entry. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

// ---------------------------------------------------------------------------------------------------------------------
// One configuration for several providers

/**
 * A configuration: plain data, or its JSON text. Its JSON Schema is `wasm-oidc/configuration.schema.json`.
 *
 * Keys are written in camel case or in snake case (`clientId`, `client_id`). An unknown key is an error with the path to it
 * and the nearest known one; all mistakes are told at once. `null` counts as absent. In a larger document the configuration
 * may be the member `auth`, beside which nothing but `$schema` stands.
 *
 * **References.** In texts `${NAME}` is replaced by that variable of `env`; `$${` is `${` itself. A client id, a client secret,
 * a project id or a passphrase may also be a reference of your own scheme (`sops://secrets.yaml#github.secret`,
 * `vault://…`), which `resolveSecret` gets; `https`, `http` and `urn:` are none. What a reference stands for is taken as it is.
 * Only those of the provider that is used are looked at, and no error shows a value.
 */
export interface Configuration {
  $schema?: string;
  /** The provider that is used where none is named. One alone is the default. */
  defaultProvider?: string;
  default_provider?: string;
  /** By names of your own; a name is the `name` of the client, so that several live side by side in one store. */
  providers: Record<string, ProviderConfiguration | null>;
  /** Where sessions are kept, unless a provider or an environment says otherwise. */
  storage?: StorageConfiguration;
  tokenStorage?: StorageConfiguration;
  token_storage?: StorageConfiguration;
  /** As in a provider, for all of them. */
  environmentVariable?: string;
  environment_variable?: string;
  defaultEnvironment?: string;
  default_environment?: string;
  /** What belongs to the storage of this name, where `storage` is only that word. */
  file?: { path: string };
  sops?: { path: string };
}

/**
 * Where sessions are kept: a kind, or an object with `kind` and what belongs to it. `memory`, `session`, `local`: as the
 * option `storage`. `encrypted`: with the `name` of the database. `file` and `encryptedFile`: with the `path` of the file
 * (`~/` is the home folder) and a `passphrase`, for programs: in Node, Deno and Bun they are the `fileStorage` and
 * `encryptedFileStorage` of `wasm-oidc/node`, of themselves. `sops`: by a function of yours (`storages`); this library writes no SOPS files.
 */
export type StorageConfiguration =
  | "memory" | "session" | "local" | "encrypted" | "file" | "encryptedFile" | "encrypted_file" | "sops"
  | { kind: "memory" | "session" | "local" }
  | { kind: "encrypted"; name?: string }
  | { kind: "file" | "sops"; path: string }
  | { kind: "encryptedFile" | "encrypted_file"; path: string; passphrase: string };

/**
 * A provider: options of a client, endpoints by themselves, environments and applications.
 *
 * An endpoint given here wins over the one that is discovered: with `issuer` alone `discoveryMode` is `"auto"`, with both it
 * is `"hybrid"`, with endpoints alone `"manual"`, where OpenID Connect also needs `metadata: { issuer }` and `jwksUri`.
 * Endpoints have these names, and each in snake case: `authorizationEndpoint` (`authorizeUrl`, `authorizationUrl`),
 * `tokenEndpoint` (`tokenUrl`), `userinfoEndpoint` (`userinfoUrl`), `jwksUri` (`jwksUrl`), `endSessionEndpoint`
 * (`endSessionUrl`, `logoutUrl`), `revocationEndpoint` (`revocationUrl`, `revokeUrl`), `introspectionEndpoint`
 * (`introspectionUrl`), `deviceAuthorizationEndpoint` (`deviceAuthorizationUrl`).
 *
 * Beside the names of `ClientOptions` these are understood: `timeout`, `callbackTimeout`, `verifyJwt` (`verifySignature`),
 * `scope`, `caBundle` (`ssl_ca_bundle`: a file with certificates in PEM for `fetchTrusting` of `wasm-oidc/node`), `redirectPort` (short for the redirect URI `http://127.0.0.1:{port}/callback`). `pkce` and `sslVerify` may
 * only be `true`: both always are.
 */
export interface ProviderConfiguration {
  type?: ProviderType;
  issuer?: string;
  clientId?: string;
  clientSecret?: string;
  /** What is different in an environment, field by field. */
  environments?: Record<string, ProviderConfiguration | null>;
  /**
   * The variable of `env` that names the environment where the app names none, such as `SATORBIS_ENV`. Empty counts as not
   * set.
   */
  environmentVariable?: string;
  /** The environment where neither names one. Default: `"prod"`. */
  defaultEnvironment?: string;
  /**
   * The applications, each with the id of its project at the provider, or ids by environment. The one that is chosen adds
   * the scope `urn:zitadel:iam:org:project:id:{id}:aud`, once; one without an id adds nothing.
   */
  applications?: Record<string, { projectId?: string | Record<string, string>; project_id?: string | Record<string, string> } | null>;
  /** The same, shorter: ids by application. Also in an environment, where they go first. */
  projectIds?: Record<string, string | Record<string, string>>;
  [option: string]: unknown;
}

/** Where the references of a configuration lead to. */
export interface ConfigurationSources {
  /** Variables, such as `process.env` or the bindings of a Worker. The library never reads the environment by itself. */
  env?: Record<string, unknown>;
  /**
   * The text of a reference of your own scheme. Asked once for each that is used, before the client is made; it has 30 s.
   * Another answer than a text, an error, and no answer are ConfigurationError `secret_unavailable` (retry).
   */
  resolveSecret?: (reference: string) => string | PromiseLike<string>;
  /**
   * Makes the stores of kinds that this host has none for, by the kind: a function of what belongs to it, without `kind`.
   * One given here goes before the library's own.
   */
  storages?: Record<string, (options: any) => TokenStorage | PromiseLike<TokenStorage>>;
}

/** What is wanted of a configuration; all other members are options of the client, which win field by field. */
export interface FromConfigOptions extends Partial<Omit<ClientOptions, "name">>, ConfigurationSources {
  /** A configuration, instead of the loaded one; its sources are then those given here. */
  config?: Configuration | { $schema?: string; auth: Configuration } | string;
  /** One of the provider's environments. Without it: the variable that the configuration names, its default, `"prod"`. */
  environment?: string;
  /** One of the provider's applications, whose project is to be in the audience of the tokens. */
  application?: string;
  /** Every name that the configuration knows may be overridden by; nothing in an override is a reference. */
  [option: string]: unknown;
}

/**
 * Reads a configuration and keeps it for `IdpClient.fromConfig`, `listConfiguredProviders` and `getProviderConfig`; the one
 * loaded last counts. The first call loads the wasm `configuration` of the package. No reference is resolved.
 *
 * @returns the names of the providers
 * @throws ConfigurationError `unknown_option`, `invalid_option`, `missing_option`: all mistakes with the path to each;
 *   `wasm_unavailable`
 */
export function loadProviders(
  config: Configuration | { $schema?: string; auth: Configuration } | string,
  sources?: ConfigurationSources,
): Promise<string[]>;

/**
 * The names of the providers of the loaded configuration, or of another one, which is not checked.
 *
 * @throws ConfigurationError `missing_option`: nothing is loaded, or it has no providers; `invalid_option`
 */
export function listConfiguredProviders(config?: object | string): string[];

/**
 * A provider as it is written, references and all: a copy; `null` where there is none of that name.
 *
 * @throws as `listConfiguredProviders`
 */
export function getProviderConfig(name: string, config?: object | string): Record<string, unknown> | null;

// ---------------------------------------------------------------------------------------------------------------------
// Looking at tokens

/** What a token is expected to be. What is not said is what the client has, where there is one. */
export interface TokenCheckOptions {
  /**
   * What the token is for, which decides about its claims. Default: `"auto"`, by what only one kind has: the type `at+jwt`
   * (RFC 9068 2.1), a claim `typ` (`"ID"`, `"Bearer"`), `nonce`, `at_hash`, `c_hash`, `scope`, `scp`, `client_id`; in doubt an
   * ID token.
   */
  tokenType?: "id_token" | "access_token" | "auto";
  /**
   * What `iss` has to be, byte for byte. A token that names another issuer stops before any request. https, or http on
   * loopback. Default: the issuer of the client, or of `metadata`.
   */
  expectedIssuer?: string | URL;
  /** What `aud` has to name. Default: the client id for an ID token of a client; else `aud` is not compared. */
  expectedAudience?: string;
  /**
   * Whether an issuer that only the token names may be asked for its keys; then no `expectedIssuer` is needed, and without
   * one `valid` says no more than that the token is what its own issuer signed. With one, a token of another issuer is
   * looked at to the end and is not valid. Such an issuer and its keys have to be on https at a public host name: no IP
   * address, no `localhost`, `.local`, `.internal` or other private name, no redirect. A public name that leads to a private
   * address cannot be recognised: on a server with a network of its own to protect, leave this off for tokens of
   * strangers. Default: `false`.
   */
  allowAnyIssuer?: boolean;
  /** Metadata of the expected issuer by hand (RFC 8414 2): none is fetched. */
  metadata?: Record<string, unknown>;
  /** A key set of the expected issuer by hand (RFC 7517 5): nothing is fetched. */
  jwks?: { keys: object[] };
  /** Audiences that an ID token without `azp` may have beside the expected one. */
  trustedAudiences?: string[];
  /** Which algorithms are allowed. Default: for an ID token those that the metadata lists, else all that are known. */
  algorithms?: SigningAlgorithm[];
  /** How far the clocks may differ, in seconds: 0 to 300. Default: 60. */
  clockToleranceSeconds?: number;
  /** The limit for one request, in seconds: 1 to 600. Default: 30. */
  timeoutSeconds?: number;
}

/**
 * The steps of a check, in order: the token is taken apart (RFC 7515 3.1); its issuer's metadata is fetched (OIDC
 * Discovery 4, RFC 8414 3) and its key set (RFC 7517 5); the key is found; the signature is checked with it (RFC 7515
 * 5.2); the claims are judged (OIDC Core 3.1.3.7, RFC 9068 4).
 */
export type TokenCheckStepName =
  | "decode_structure" | "discover_issuer" | "fetch_jwks" | "extract_key" | "verify_signature" | "validate_claims";

/** What came of a step. */
export interface TokenCheckStep {
  readonly name: TokenCheckStepName;
  readonly passed: boolean;
  /** What happened, for a person to read. Of a step that could not run: `skipped because …`. */
  readonly message: string;
  readonly details: TokenCheckDetails;
}

/** What belongs to a step, as far as there is something to say. */
export interface TokenCheckDetails {
  /** Why it failed, as the `code` of an error. */
  readonly code?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** The HTTP status of the answer that was refused. */
  readonly status?: number;
  /** The step could not run. */
  readonly skipped?: true;
  /** `decode_structure`: the header's `typ`. */
  readonly type?: string;
  /** `decode_structure`: what the header brings along and is never followed (`jku`, `x5u`, `jwk`, `x5c` …). */
  readonly ignored?: readonly string[];
  /** `extract_key`: what the key set says of the key. */
  readonly keyId?: string;
  readonly algorithm?: string;
  readonly curve?: string;
  /** `extract_key`: the key's JWK thumbprint, SHA-256 in base64url (RFC 7638). */
  readonly thumbprint?: string;
  /** `extract_key`: how many keys could have signed; the one that did is the one that is shown. */
  readonly candidates?: number;
  /** `extract_key`: the first 20 keys that can verify, where the one that is needed is not among them. */
  readonly keys?: readonly object[];
  /** `validate_claims`: each claim that was judged, and how many of them are wrong. */
  readonly checks?: readonly ClaimCheck[];
  readonly failures?: number;
}

/** What was found of a claim (`typ`: of the kind of token). */
export interface ClaimCheck {
  readonly claim: string;
  readonly passed: boolean;
  readonly message: string;
  readonly code?: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** What the first certificate in the key's `x5c` says (RFC 7517 4.7). It is shown and never believed. */
export interface CertificateFacts {
  /** How many certificates there are. */
  readonly chainLength?: number;
  /** SHA-256 of the certificate in DER, 64 hexadecimal digits. */
  readonly fingerprint?: string;
  /** Distinguished names as RFC 4514 writes them: `CN=idp,O=Example`. */
  readonly subject?: string;
  readonly issuer?: string;
  /** Hexadecimal digits. */
  readonly serialNumber?: string;
  /** The validity in UTC: `2030-01-31T12:00:00Z`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** By openssl's name: `sha256WithRSAEncryption`; an object identifier where it has none here. */
  readonly signatureAlgorithm?: string;
  /** Whether the key that it certifies has signed it; `null` where that cannot be told. */
  readonly selfSigned?: boolean | null;
  /** Whether the key that it certifies is the key that it stands beside. */
  readonly keyMatches?: boolean;
  /** Why it cannot be read. */
  readonly error?: string;
}

/**
 * What a check found. Every member is there; what is not known is `null`. It is plain frozen data, of objects without a
 * prototype, since claims can have any name; `JSON.stringify` writes it. It holds the token's claims, but neither the
 * token nor its signature.
 */
export interface TokenReport {
  /** What the token was judged as. */
  readonly tokenType: "id_token" | "access_token";
  /** Whether all six steps passed. */
  readonly valid: boolean;
  /** All six, in order. */
  readonly steps: readonly TokenCheckStep[];
  /** Header and claims as far as they could be read, of a broken token too. Believe them only where `valid`. */
  readonly header: Readonly<Record<string, unknown>> | null;
  readonly payload: Readonly<Record<string, unknown>> | null;
  /** `alg` of the header. */
  readonly signatureAlgorithm: string | null;
  /** `kid` of the header. */
  readonly keyId: string | null;
  /** Where metadata was asked for last, and what is in use of it. */
  readonly discoveryUrl: string | null;
  readonly discoveryData: Readonly<Record<string, unknown>> | null;
  /** Where the key set was asked for, and what came; members of private keys are redacted. */
  readonly jwksUri: string | null;
  readonly jwksData: Readonly<Record<string, unknown>> | null;
  /** The key as PEM, label `PUBLIC KEY` (RFC 7468 13). */
  readonly publicKeyPem: string | null;
  /** SHA-256 of the key's `SubjectPublicKeyInfo` in DER (RFC 5280 4.1.2.7), 64 hexadecimal digits. */
  readonly keyFingerprint: string | null;
  readonly keyType: "RSA" | "EC" | "OKP" | null;
  /** Bits of the modulus, or of the curve: 256, 384, 521. */
  readonly keySizeBits: number | null;
  /** `null`: the key has no certificate. */
  readonly x509Info: CertificateFacts | null;
  /** `null`: nothing was expected, or the claim cannot be read. */
  readonly issuerMatch: boolean | null;
  readonly audienceMatch: boolean | null;
  /** What the first step says that failed. */
  readonly error: string | null;
}

/**
 * The same without a client: `expectedIssuer` is needed, or `metadata` with an `issuer`, or `allowAnyIssuer`. `fetch` is used
 * instead of the global one.
 *
 * @throws ConfigurationError `missing_option`, `invalid_option`, `unknown_option`, `wasm_unavailable`
 */
export function checkToken(token: string, options?: TokenCheckOptions & { fetch?: typeof fetch }): Promise<TokenReport>;

// ---------------------------------------------------------------------------------------------------------------------
// Where sessions are kept

/**
 * A store of sessions: text under keys. Each method answers with a value or a promise, within 10 s; what throws, rejects
 * or takes longer counts as `storage_unavailable`, and memory takes its place. A rejection whose `code` is `"key_lost"`
 * says that what was stored can never be read again and is deleted: the session ends with that reason.
 */
export interface TokenStorage {
  /** What was saved under the key; `null` or `undefined` for nothing. */
  load(key: string): string | null | undefined | PromiseLike<string | null | undefined>;
  /**
   * Keeps the text, instead of what was there; in one piece, so that nobody ever reads half of it.
   *
   * @param options `expiresAt`: Unix seconds from which on nobody asks for it any more, where that is known
   */
  save(key: string, value: string, options?: { expiresAt?: number }): unknown;
  /** Forgets the key; no error where there is none. */
  delete(key: string): unknown;
  /**
   * Calls `run` when nobody else who shares this store holds the lock `key`, and holds it until the promise of `run`
   * settles; answers with a promise that settles after that, or rejects where the lock is not to be had. A refresh token
   * is sent under such a lock. Without this method Web Locks are used; outside of browsers it is needed
   * (ConfigurationError `missing_option`). Where one process is alone with its store: `lock: (key, run) => run()`.
   */
  lock?(key: string, run: () => PromiseLike<unknown>): PromiseLike<unknown>;
}

/**
 * A store that comes with the package. Frozen; touches nothing before its first use.
 *
 * @throws StorageError `storage_unavailable` (retry) from every method: blocked, full, private mode, no such store here
 */
export interface BuiltInStorage extends TokenStorage {
  load(key: string): Promise<string | null>;
  save(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  exists(key: string): Promise<boolean>;
  /** The names of its own keys: those of sessions, and those that were saved through this object. */
  list(prefix?: string): Promise<string[]>;
  /** Deletes its own keys, and nothing of others. */
  clear(): Promise<void>;
}

/**
 * Keeps sessions as long as the object lives; clients that are given the same object share them. What was saved with
 * `expiresAt` is forgotten after that.
 */
export function memoryStorage(): BuiltInStorage & Required<Pick<TokenStorage, "lock">>;

/**
 * `sessionStorage` or `localStorage` (WHATWG HTML 12.2), as the options `"session"` and `"local"` use it.
 *
 * @throws ConfigurationError `invalid_option`
 */
export function webStorage(kind: "session" | "local"): BuiltInStorage;

/**
 * IndexedDB, with each value encrypted (AES-GCM with 256 bits, NIST SP 800-38D) under one key for each origin and
 * database, which is made at the first use and cannot be exported. All tabs of the origin share it. It protects copied
 * profiles and disks; a script injected into the page can use the same key.
 *
 * Each method gives up after 8 s. `load` of a value that cannot be decrypted deletes it and rejects with StorageError
 * `key_lost` (reauthenticate).
 *
 * @param options `name`: of the database; default: `"wasm-oidc"`
 */
export function encryptedStorage(options?: { name?: string }): BuiltInStorage;

// ---------------------------------------------------------------------------------------------------------------------
// The agent

/** By the prefix of the subject: `usr_`, `tok_`, `key_`, `agt_`; a person who signed in without one is a `"user"`. */
export type AgentType = "user" | "personal_token" | "api_key" | "agent";

/** An organization that the ID token lists. */
export interface Organization {
  readonly id: string;
  readonly title: string | null;
  /** As they came, malformed ones too. */
  readonly scopes: readonly string[];
  /** The agent's roles in it, as they came, where the `claimMapping` finds some. They open nothing by themselves. */
  readonly roles: readonly string[];
  readonly joinedAt: number | null;
}

/** Who is signed in. Frozen; holds no token, so that it can be logged; nothing to free. */
export interface Agent {
  /** The subject (`sub`); empty where a plain OAuth 2.0 provider names nobody. */
  readonly id: string;
  readonly type: AgentType;
  readonly email: string | null;
  readonly emailVerified: boolean | null;
  readonly organizations: readonly Organization[];
  /** The verified claims of the ID token. Objects in it have no prototype. */
  readonly claims: Readonly<Record<string, unknown>>;
  /**
   * The tokens now, asked of the session; of a detached agent those that it was made with.
   *
   * @throws LoginRequiredError `signed_out`
   */
  readonly tokens: TokenSet;
  /** When the access token ends; `null` when the provider did not say. */
  readonly expiresAt: number | null;
  /** Seconds until then, negative when past; `null` when unknown. */
  readonly expiresIn: number | null;
  readonly isRefreshable: boolean;
  /**
   * An access token, renewed where that is due: of the session, or of the tokens that this detached agent came of.
   *
   * @throws as `IdpClient.getAccessToken`; TokenExpiredError for a detached agent that cannot be renewed
   */
  getAccessToken(options?: { minValiditySeconds?: number; forceRefresh?: boolean }): Promise<string>;
  /** The value of an `Authorization` header. @throws as `getAccessToken` */
  authorizationHeader(options?: { minValiditySeconds?: number; forceRefresh?: boolean }): Promise<string>;
  /** Renews the tokens now; a detached agent becomes a new one. @throws as `IdpClient.refresh` */
  refresh(): Promise<Agent>;
  /** As `IdpClient.fetch`, with this agent's token; also where the client has no session of its own. */
  fetch(input: RequestInfo | URL, init?: RequestInit & { auth?: "required" | "optional" | "none" }): Promise<Response>;
  /**
   * Those of the scopes that count which are none by the grammar: they grant nothing. A word (`owner`, `openid`,
   * `Mail.Read`) is not malformed, though it grants no resource either.
   */
  readonly malformedScopes: readonly string[];
  /**
   * The roles of the token itself, as they came; where they are found, the app's `claimMapping` says. They make nobody
   * owner, admin or member of an organization, and grant no resource.
   */
  readonly roles: readonly string[];
  /** Whether the access token ends within the buffer. Default: 30. */
  isExpired(bufferSeconds?: number): boolean;
  /**
   * Whether any organization grants it. Scopes of the token itself count only where there is no organizations claim:
   * `scope` is what the client asked for. For what to show; the API that is called decides.
   *
   * A question is plain: a wildcard, an empty or a malformed part in it, or what is no string, makes the answer `false`.
   * What a question costs depends on the depth of the resource, not on how many scopes or organizations there are; a
   * repeated one is answered from a map of at most 1,000 answers.
   */
  hasAccess(action: string, resource: string): boolean;
  /** Whether this organization grants it: `agent.hasAccessIn("org_x", "write", "projects.tasks")`. */
  hasAccessIn(organization: string, action: string, resource: string): boolean;
  /**
   * The answers to many questions, in their order, each as `hasAccess` gives it, or as `hasAccessIn` where an
   * organization is named. An `organization` that is there but `undefined` is answered `false`: it does not mean any.
   *
   * @throws ConfigurationError `invalid_option` for what is no array
   */
  checkMany(questions: readonly AccessQuestion[]): boolean[];
  /**
   * Nothing where it is granted: by this organization, or by any where none is given. An organization that is given but
   * `undefined` grants nothing.
   *
   * @throws InsufficientScopeError `insufficient_scope` with what was needed and what there is
   */
  requireAccess(action: string, resource: string, organization?: string): void;
  /**
   * What grants it, in this organization or in any where none is given; `null` where nothing does. Of several scopes the
   * widest, of several organizations the first that has it.
   */
  whyAccess(action: string, resource: string, organization?: string): AccessReason | null;
  /** Whether the token itself has this role, byte for byte; see `roles`. */
  hasRole(role: string): boolean;
  /** Whether the organization lists the role `owner`; no wildcard implies it. */
  isOwnerOf(organization: string): boolean;
  /** Whether the organization lists the role `admin`; no wildcard implies it. */
  isAdminOf(organization: string): boolean;
  /** Whether the organization is listed. */
  isMemberOf(organization: string): boolean;
  /** The scopes in this organization as they came; none where the agent is no member. */
  getScopesFor(organization: string): string[];
}

/** A question of `Agent.checkMany`. */
export interface AccessQuestion {
  readonly action: string;
  readonly resource: string;
  /** Any, where this is missing. */
  readonly organization?: string;
}

/** What grants something. */
export interface AccessReason {
  /** The id of the organization; `null` for a scope of the token itself. */
  readonly organization: string | null;
  /** The scope as it came, such as `projects:**`. */
  readonly scope: string;
}

/** Tokens with absolute times; JSON of it can be stored. */
export interface TokenSet {
  access_token: string;
  token_type: string;
  /** Separated by spaces, also where a provider of `type: "oauth2"` writes commas. */
  scope?: string;
  /** When the response arrived here. */
  issued_at: number;
  /** Absent: unknown, counted as one hour. */
  expires_at?: number;
  refresh_token?: string;
  refresh_expires_at?: number;
  id_token?: string;
  /** Who it is, by the option `identity`, where the provider has no ID tokens. */
  identity?: Record<string, unknown>;
  /** The response's other members. */
  metadata?: Record<string, unknown>;
  version: 1;
}

/** What a token set says about itself, now. Frozen; holds the tokens where no log shows them. */
export interface Tokens {
  /** Whether the access token ends within `skew` seconds. Default: 0. */
  isExpired(skew?: number): boolean;
  /** The contrary. */
  accessValid(skew?: number): boolean;
  /** Whether there is a refresh token that is not known to end within `skew` seconds. Default: 0. */
  refreshValid(skew?: number): boolean;
  /** Whether there is a refresh token that is not known to be expired. */
  readonly isRefreshable: boolean;
  /** Whether a refresh is due: 60 s ahead of the end, but never in the first half of the life. */
  readonly shouldRefresh: boolean;
  /** Seconds until the access token ends, negative when past; `null` when the provider did not say. */
  readonly expiresIn: number | null;
  readonly scopes: readonly string[];
  /** The value of an `Authorization` header (RFC 6750 2.1). */
  readonly authorizationHeader: string;
  /** The token set, to be stored: this holds the tokens. */
  toJSON(): TokenSet;
}

/**
 * A token set that you keep, or a token response.
 *
 * A response has no time: it counts from `receivedAt` (Unix seconds), else from the `iat` of its ID token. Where both
 * are missing its access token counts as due, and the end of its refresh token as unknown. A lifetime that the provider
 * does not name counts as one hour.
 *
 * @throws ConfigurationError `invalid_option`; for what is no token set of this version yet also `not_ready`, before the
 *   wasm is loaded in a page; TokenExchangeError `invalid_response`, `token_type_mismatch`
 */
export function tokenSet(tokens: TokenSet | TokenResponse, options?: { receivedAt?: number }): Tokens;

/**
 * Where to go after a sign-in: `url` as its parser writes it if it stays on the app's own origin, else `fallback`
 * (RFC 9700 4.11.1). Refused are other origins in all their spellings (`//e.example`, `/\\e.example` …), paths that
 * begin with `//`, and everything that is not http(s). Use what comes back, never the string that went in.
 *
 * @param fallback a path of the app, `/` by default. Outside a page it has to be a URL: it says which origin is the app's.
 * @throws ConfigurationError `invalid_option` for such a fallback; `not_ready` before the wasm is loaded in a page
 */
export function safeReturnTo(url: string | URL | null | undefined, fallback?: string | URL): string;

/**
 * Whether a list of scopes grants an action on a resource.
 *
 * `users:*` grants every action on `users`, not on what is below it; `users:**` on both; `*:read` reads every resource
 * of one segment; `*:**` is everything. A question with `*` in it is answered `false`.
 *
 * @throws ConfigurationError `not_ready` before the wasm is loaded
 */
export function hasAccess(scopes: readonly string[], action: string, resource: string): boolean;

/** The parts of a scope, `null` for what is none. @throws ConfigurationError `not_ready` */
export function parseScope(scope: string): { resource: string; action: string } | null;

// ---------------------------------------------------------------------------------------------------------------------
// Errors

/** What can be done: call again later, sign in again, change app or provider, nothing. */
export type Recovery = "retry" | "reauthenticate" | "fix" | "stop";

/** Every error of this library. The class says which job failed, the code says why; no message holds a secret. */
export class OAuthError extends Error {
  readonly code: string;
  readonly recovery: Recovery;
  /** The provider's `error`, cut to 500 characters of RFC 6749 5.2. */
  readonly error?: string;
  /** The provider's `error_description`, the same. */
  readonly errorDescription?: string;
  /** The HTTP status of the answer. */
  readonly status?: number;
  /** Seconds that the provider asked to wait. */
  readonly retryAfter?: number;
  /** What was expected, and what came, where that is no secret. */
  readonly expected?: string;
  readonly actual?: string;
  /** What was given to the sign-in that failed. Not enumerable. */
  readonly appState?: unknown;
}

/** Options or calls are wrong. */
export class ConfigurationError extends OAuthError {}
/** The provider's metadata could not be had or lies. */
export class DiscoveryError extends OAuthError {}
/** No usable answer arrived. */
export class NetworkError extends OAuthError {}
/** Something took longer than its limit. */
export class TimeoutError extends OAuthError {}
/** A store failed. */
export class StorageError extends OAuthError {}
/** An authorization response was refused. */
export class CallbackError extends OAuthError {}
/** The provider answered that it failed. */
export class ProviderError extends OAuthError {}
/** The user or the provider said no. */
export class AccessDeniedError extends OAuthError {}
/** The token request of a sign-in failed. */
export class TokenExchangeError extends OAuthError {}
/** A refresh failed. */
export class RefreshError extends OAuthError {}
/** The access token is expired and cannot be renewed. */
export class TokenExpiredError extends OAuthError {}
/** The session is over. */
export class SessionExpiredError extends OAuthError {}
/** A token is not what a token looks like. */
export class TokenParseError extends OAuthError {}
/** A token says something it must not say. */
export class TokenVerificationError extends OAuthError {}
/** Tokens of another subject arrived: of a refresh, of userinfo, or of a sign-in with `sameSubject`. */
export class SubjectMismatchError extends OAuthError {
  readonly expectedSub: string;
  readonly actualSub: string;
}
/**
 * Somebody other than the expected person signed in (`identity_mismatch`), or the provider does not say enough to know:
 * `email_missing`, `email_unverified`. Its message names no person: who was expected and who came is in `expected` and
 * `actual`, which are not enumerable, so that a log of the error does not show them. A claim that is no string stands there
 * as JSON.
 */
export class IdentityMismatchError extends OAuthError {}
/**
 * The agent may not do this: by `Agent.requireAccess`, or because a server said so (RFC 6750 3.1 `insufficient_scope`).
 * The message says what was needed, where, and what to do.
 */
export class InsufficientScopeError extends OAuthError {
  /** What was asked of `requireAccess`, `organization` being `null` for any; `null` where a server said it. */
  readonly required: { readonly action: string; readonly resource: string; readonly organization: string | null } | null;
  /** The scopes that the agent has there, as they came; `null` where a server said it. */
  readonly granted: readonly string[] | null;
}
/** The provider blocked the user. */
export class UserBlockedError extends OAuthError {}
/** Two accounts have to be linked first. */
export class AccountLinkingRequiredError extends OAuthError {}
/** The provider must talk to the user (OIDC Core 3.1.2.6). */
export class InteractionRequiredError extends OAuthError {}
/** The user must sign in. */
export class LoginRequiredError extends OAuthError {}
/** The user must consent. */
export class ConsentRequiredError extends OAuthError {}
/** The user must choose an account. */
export class AccountSelectionRequiredError extends OAuthError {}
/**
 * A request to an API of the app's was refused. `code` says why; those of requests alone are `credentials_missing` (no
 * token, or another scheme), `invalid_dpop_proof`, and `use_dpop_nonce` (the same request again, with the nonce of the
 * answer) (RFC 6750 3, RFC 9449 7.1 and 9).
 */
export class RequestAuthError extends OAuthError {
  /** The status of the answer: 400, 401, 403 or 503. */
  readonly status: number;
  /** The headers of the answer: `www-authenticate`, `retry-after`, `cache-control`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The answer: it says what the standards say, and not why. */
  toResponse(): Response;
}
/**
 * wasm stopped unexpectedly; everything in flight rejects with this. A client with a session of its own is dead: make a new
 * one. A client that serves many people goes on with the next call.
 */
export class PanicError extends OAuthError {}

/** Whether a value is an error of this library, of whatever realm or copy of the package. */
export function isOAuthError(value: unknown): value is OAuthError;
