// A whole sign-in on a server: the tokens stay here, the page gets a cookie that no script reads (OAuth 2.0 for
// Browser-Based Applications, section 6.1). Part of `wasm-oidc/edge`.

import type {
  Agent, AgentType, ClientOptions, OAuthError, Organization, Recovery, SignInOptions, TokenStorage,
} from "../../index.js";
import type { RefreshCoordinator, SessionIndex } from "../coordination/index.js";

/** What `createSessionHandler` takes. An unknown name is ConfigurationError `unknown_option`. */
export interface SessionHandlerOptions {
  /**
   * The options of an `IdpClient`: `issuer`, `clientId`, `clientSecret` or `clientAuth`, `scopes` and so on. A server that
   * keeps tokens is a confidential client (section 6.1.3.1), else `confidential_client_required`. `redirectUri` is made of
   * `publicOrigin` and `basePath`: register `https://app.example.com/auth/callback`. `responseMode: "form_post"` lets the
   * provider post the response. After a logout the provider sends people to `postLogoutRedirectUri`.
   */
  client: Omit<ClientOptions, "session" | "storage" | "openUrl" | "responseMode"> & { responseMode?: "query" | "form_post" };
  /**
   * The origin that browsers see: `https://app.example.com`. https, or http on loopback while you develop. It stands in
   * redirect URIs and is what `Origin` is compared with. No `X-Forwarded-*`, `Forwarded` or `Host` is believed.
   */
  publicOrigin: string;
  /** Where the routes of the handler are. Default: `"/auth"`. */
  basePath?: string;
  /**
   * What seals the cookies: random texts of at least 32 characters (32 random bytes in base64), up to 8. The first seals,
   * all open: put a new one in front, and take an old one out when `maxSeconds` are over. Each purpose has a key of its own
   * (HKDF, RFC 5869), bound to issuer and client.
   */
  secrets: string | string[];
  /**
   * Where sessions are. Without it they are in the cookie, encrypted; with it the cookie holds a sealed id (256 random
   * bits), and the store the rest, sealed too, under a hash of that id. Needed for signing somebody out for sure, and for
   * tokens that are too large for cookies. With `lock` it also makes refreshes take turns (`lockingCoordinator`), and knows
   * which sessions a provider ends (`sessionIndex`). One that lags, as Cloudflare KV, needs `coordinator` and `index`.
   */
  store?: TokenStorage;
  /**
   * Which sessions there are and which are over: for back-channel logout where `store` has no `lock`, and for sessions in
   * cookies, which it is then asked about at every request. Default: in `store`, if that has a `lock`.
   */
  index?: SessionIndex;
  /** Makes one refresh of however many requests find the tokens due. Default: by the `lock` of `store`. */
  coordinator?: RefreshCoordinator;
  /**
   * Says that the provider takes one refresh token again and again, so that a session in a cookie alone may have one.
   * Default: `true`: a sign-in that brings a refresh token without `coordinator` and `store` with `lock` is refused, and so is
   * a renewal that brings another: `refresh_needs_coordinator`.
   */
  rotatesRefreshTokens?: boolean;
  /**
   * `SameSite` of the session's cookie (RFC 6265bis 5.6.7). With `"strict"` links from other sites find nobody signed in, and
   * the callback answers with a page that goes on by itself. Default: `"lax"`.
   */
  sameSite?: "lax" | "strict";
  /** What the names of the cookies are made of: 1 to 32 letters, digits, `-`, `_`. Default: `"wasm-oidc"`. */
  cookieName?: string;
  /** After how many seconds without a request a session is over: 60 and more. Default: 28800 (8 hours). */
  idleSeconds?: number;
  /** After how many seconds a session is over in any case. Default: 604800 (7 days). */
  maxSeconds?: number;
  /**
   * APIs that the page calls through this server: a path of the app, with a slash at both ends, and where it leads, with a
   * slash at its end: `{"/api/": "https://api.example.com/v1/"}`. See {@link SessionHandler.handle}. An API with `scopes` (of
   * those that were granted) or `resource` (RFC 8707 2) gets an access token of its own instead of the session's, asked for
   * with the refresh token (RFC 6749 6; section 6.2.2.3); a `resource` has to be in `signIn` too. Not with
   * `durableObjectCoordinator`, which renews by itself.
   */
  api?: Record<string, string | URL | { target: string | URL; scopes?: string | string[]; resource?: string | string[] }>;
  /** What each sign-in by the route `login` asks for, or a function that decides for a request. */
  signIn?: SessionSignInOptions | ((request: Request) => SessionSignInOptions | undefined | Promise<SessionSignInOptions | undefined>);
  /** What the route `session` tells the page of an agent: anything that JSON can hold. Default: {@link SessionAgent}. */
  describeAgent?: (agent: Agent) => unknown;
  /**
   * What people see of a sign-in that failed: a path of the app, to which `?error=` and the code are added, or a function
   * that gives a `Response`, a path, or nothing. Default: a page that names the code, with a link to sign in again.
   */
  onError?: string | ((error: OAuthError | Error, request: Request) => Response | string | void | Promise<Response | string | void>);
  /** Told what happens. Nobody waits for it. Default: `console.error` for what only the operator can put right. */
  logger?: (event: SessionEvent) => unknown;
  /** Used instead of the global `fetch`, for the provider (unless `client.fetch` is given) and the APIs. */
  fetch?: typeof fetch;
}

/** A sign-in: parameters of OIDC Core 3.1.2.1. */
export interface SessionSignInOptions
  extends Pick<
    SignInOptions,
    | "scopes" | "loginHint" | "expect" | "enforceLoginHint" | "allowUnverifiedEmail" | "prompt" | "maxAge" | "acrValues" | "uiLocales"
    | "display" | "claims" | "idTokenHint" | "resource" | "audience" | "extraParams"
  > {
  /** Where the app goes on: a path or URL of `publicOrigin`, at most 1500 characters; anything else is its first page. */
  returnTo?: string | null;
  /** Only who is signed in now may sign in again, with the same `sub`. Default: `false`. */
  sameSubject?: boolean;
}

/** What the page is told of who is signed in. No token, no claim that belongs to the protocol. */
export interface SessionAgent {
  id: string;
  type: AgentType;
  email: string | null;
  emailVerified: boolean | null;
  organizations: readonly Organization[];
  roles: readonly string[];
  /** `name`, `picture`, `locale` and the like (OIDC Core 5.1). */
  claims: Record<string, unknown>;
}

/** What happened, without a token. */
export type SessionEvent =
  | { type: "signedin"; agent: Agent }
  | { type: "signedout"; reason: "signed_out" | "provider" | "refused" }
  | { type: "refreshfailed" | "warning" | "error"; error: OAuthError | Error };

/** Who is signed in, for one request. Frozen. */
export interface Session {
  /**
   * The agent. Its `getAccessToken`, `fetch` and `refresh` renew the tokens of the session, once for all requests. The
   * session may outlive an access token that cannot be renewed: `agent.isExpired()`.
   */
  readonly agent: Agent;
  /** When the session is over if nobody uses it, in Unix seconds. */
  readonly expiresAt: number;
  /**
   * What the answer to the request has to carry: `Set-Cookie` where the cookie changed, as of now, and in any case
   * `Cache-Control: private, no-store` and `Vary: Cookie`, so that no cache gives it to somebody else.
   */
  readonly headers: Headers;
  /** The answer with these headers. */
  applyTo(response: Response): Response;
}

/** The answer of `GET {basePath}/session`. */
export type SessionAnswer = { agent: SessionAgent; expiresAt: number } | { agent: null };

/** The body of an answer with a status from 400 on, to what is no navigation (RFC 9457, `application/problem+json`). */
export interface SessionProblem {
  type: "about:blank";
  title: string;
  status: number;
  /**
   * The `code` of an OAuthError, or of the handler's own: `cross_site_request` (the header `x-wasm-oidc: 1` is missing, or
   * another site asks), `path_not_allowed`, `not_a_navigation`, `method_not_allowed`, `signed_out`, `api_unreachable`,
   * `redirect_refused`, `internal_error`.
   */
  code: string;
  recovery?: Recovery;
}

/** The context of a request in a Worker: a refresh that was sent goes on when the caller is gone. */
export interface SessionContext {
  waitUntil?(work: Promise<unknown>): void;
}

export interface SessionHandler {
  /**
   * Answers the requests that are the handler's, and gives `null` for all others.
   *
   * - `GET {basePath}/login?returnTo=/path`: to the provider. A navigation only.
   * - `{basePath}/callback`: the provider's response becomes a session, with an id of its own.
   * - `GET {basePath}/session`: {@link SessionAnswer}, for scripts of the page.
   * - `POST {basePath}/logout`, with the header `x-wasm-oidc: 1`: ends the session and revokes its tokens. Answers `{url}`,
   *   where the page goes then: the provider's logout page, else the app's first.
   * - `POST {basePath}/backchannel-logout`: the provider ends sessions (OIDC Back-Channel Logout 2.5). 200; 400 for any
   *   fault; 501 without `index` and a `store` with `lock`.
   * - below a path of `api`: the request with the session's access token instead of its cookies, and the API's answer, both
   *   streamed. What is not GET or HEAD has to carry `x-wasm-oidc: 1`. A path with `//`, `@`, dot segments or escaped
   *   slashes, dots, percent signs is 403 and goes nowhere. A redirect within the API comes back through the proxy, another
   *   is the browser's. A 401 is tried once more with a new token, where the request has no body.
   *
   * @param context of a Worker: what goes on after the answer is given to its `waitUntil`
   */
  handle(request: Request, context?: SessionContext): Promise<Response | null>;

  /**
   * Who sent a request; `null` for nobody. Tokens that are due are renewed. Give the answer the session's headers.
   *
   * @throws StorageError; NetworkError, TimeoutError, DiscoveryError (retry): nobody knows who it is
   */
  getSession(request: Request, context?: SessionContext): Promise<Session | null>;

  /**
   * The agent of a request, or an answer to it. For sessions in cookies prefer `getSession`, whose headers the answer needs,
   * and which does not ask where a request comes from.
   *
   * @throws RequestAuthError 401 `signed_out`; 403 `cross_site_request`: anything but GET, HEAD and OPTIONS needs
   *   `Sec-Fetch-Site: same-origin` or `publicOrigin` as `Origin`; 503 `temporarily_unavailable`
   */
  requireAgent(request: Request, context?: SessionContext): Promise<Agent>;

  /**
   * Begins a sign-in from a route of the app's own: with other scopes, for somebody else, or once more with `maxAge`,
   * `acrValues` or `prompt` for what needs a fresher proof. The session gets a new id at its end.
   *
   * @throws as `IdpClient.createAuthorizationRequest`
   */
  signIn(request: Request, options?: SessionSignInOptions): Promise<Response>;
}

/**
 * A sign-in on a server: routes, cookies, and who a request comes from. Synchronous and without I/O: it may stand at module
 * scope of a Worker.
 *
 * Cookies (RFC 6265bis): `__Host-{cookieName}` for the session, in up to three parts, and for each sign-in under way
 * `__Secure-{cookieName}-sign-in.…`, for 10 minutes and the handler's own paths, 8 at most, with a mark
 * `__Host-{cookieName}-began.…`, which no neighbour under the same domain can set. `HttpOnly`, `Secure`, no
 * `Domain`. On http, which is for loopback only, without prefix and `Secure`.
 *
 * @throws ConfigurationError `missing_option`, `invalid_option`, `unknown_option`, `confidential_client_required`
 */
export function createSessionHandler(options: SessionHandlerOptions): SessionHandler;
