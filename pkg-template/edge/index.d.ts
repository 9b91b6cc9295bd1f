/**
 * `wasm-oidc/edge`: who sent a request, in Workers and servers. It loads a wasm of its own, with what verifying needs and
 * nothing else.
 *
 * @packageDocumentation
 */

import type {
  Agent, ClaimMapping, ClientSecretJwt, Organization, PrivateKeyJwt, RequestAuthError, SigningAlgorithm, TokenStorage, WasmSource,
} from "../index.js";

export { OAuthError, RequestAuthError, isOAuthError } from "../index.js";

/**
 * Loads the wasm. Only needed where it has to be fetched (service workers, pages), and there only to load it ahead of the
 * first request.
 *
 * @throws ConfigurationError `wasm_unavailable`
 */
export function ready(source?: WasmSource | Promise<WasmSource>): Promise<void>;

/** An issuer whose tokens are taken, with what is expected of them; what is missing here is as the options say. */
export interface TrustedIssuer {
  /** The issuer, byte for byte as in `iss`. */
  issuer: string | URL;
  /** See {@link VerifierOptions.audience}. */
  audience?: string | readonly string[] | false;
  /** See {@link VerifierOptions.algorithms}. */
  algorithms?: readonly SigningAlgorithm[];
  /** See {@link VerifierOptions.legacyJwt}. */
  legacyJwt?: boolean;
  /** See {@link VerifierOptions.claimMapping}; no function here. */
  claimMapping?: Exclude<ClaimMapping, Function>;
  /** See {@link VerifierOptions.jwks}. */
  jwks?: { keys: readonly object[] };
  /** See {@link VerifierOptions.jwksUri}. */
  jwksUri?: string | URL;
}

/** The options of a verifier. */
export interface VerifierOptions {
  /** The issuer whose tokens are taken (RFC 9068 4), byte for byte as in `iss`: https, or http on loopback. */
  issuer?: string | URL;
  /**
   * Several issuers, instead of `issuer`. The `iss` of a token only chooses among them: nothing in a token leads anywhere
   * else (RFC 8725 3.8).
   */
  issuers?: readonly (string | TrustedIssuer)[];
  /**
   * The name of your API in `aud`, or several of which a token has to have one (RFC 9068 4). Required: without it a token
   * that was made for another API opens yours. `false`, written out, does not look at `aud`.
   */
  audience: string | readonly string[] | false;
  /** The algorithms that tokens may be signed with (RFC 8725 3.1). Default: every asymmetric one that is known here. */
  algorithms?: readonly SigningAlgorithm[];
  /**
   * Takes JWTs of before RFC 9068. It loosens exactly this: the header's `typ` may be missing or `JWT` (that of any other
   * kind of token stays refused), `client_id` and `jti` may be missing, and `scp`, a text or a list, says the scopes where
   * `scope` is missing. What is recognized as an ID token (`at_hash`, `c_hash`, `s_hash`, `nonce`, `typ: "ID"`, `token_use: "id"`)
   * is refused all the same. Default: `false`.
   */
  legacyJwt?: boolean;
  /** Where organizations, roles and scopes are found in the access token's claims. Default: as AuthPI sends them. */
  claimMapping?: ClaimMapping;
  /**
   * Where organizations come from that an access token does not list: a function of yours, which is given the verified
   * claims and answers with a list (or `null`, where the scopes of the token are all there is), or the issuer's userinfo
   * endpoint (OIDC Core 5.3), of which nothing but the organizations of the same `sub` is taken. Asked once for a token,
   * within `timeoutSeconds`, and remembered as long as the token. A request is refused with 503 where it fails.
   */
  organizationsFrom?:
    | "userinfo"
    | ((claims: Readonly<Record<string, unknown>>) => GivenOrganizations | null | Promise<GivenOrganizations | null>);
  /** The issuer's public keys (RFC 7517 5), given by hand: nothing is fetched. */
  jwks?: { keys: readonly object[] };
  /** Where the issuer's public keys are. Default: as its metadata says (OIDC Discovery 4, RFC 8414 3). */
  jwksUri?: string | URL;
  /**
   * Where processes share the keys that one of them fetched, so that a new one need not: a store that nobody but your app
   * can write to. Keys are public; who can write there can sign tokens.
   */
  keyStore?: Pick<TokenStorage, "load" | "save" | "delete">;
  /** How many tokens are remembered; `0`: none. A remembered token is known by a keyed hash. Default: 1000. */
  maxCachedTokens?: number;
  /**
   * How long a token is remembered at most, in seconds: until then its agent is answered without another look, unless it
   * expires or its key leaves the issuer's set. Default: 300; at most 86,400.
   */
  maxCacheSeconds?: number;
  /** How far clocks may differ, in seconds, 0 to 300: for `exp`, `nbf` and `iat`. Default: 60. */
  clockToleranceSeconds?: number;
  /** The limit for one request to the issuer, in seconds, 1 to 600. Default: 10. */
  timeoutSeconds?: number;
  /**
   * Access tokens that are bound to a key (`cnf.jkt`, RFC 9449): see {@link DpopOptions}. `"allowed"`, the default: a bound token
   * has to come by the scheme `DPoP` with a proof, another one by `Bearer`. `"required"`: only bound ones. `false`: the scheme
   * is not looked at. A bound token by `Bearer` is refused whatever stands here (RFC 9449 7.2), and so is one that is bound to a
   * client certificate (RFC 8705 3), which cannot be proved here. Challenges name the scheme where this option is given.
   */
  dpop?: "allowed" | "required" | false | DpopOptions;
  /**
   * Asks the issuer about tokens that are no JWTs (RFC 7662): see {@link IntrospectionOptions}. Without it they are refused.
   */
  introspection?: IntrospectionOptions;
  /**
   * Scheme, host and port that clients know your API by, such as `https://api.example.com`: what `htu` of a DPoP proof has to
   * name where a proxy stands in between. Default: those of `request.url`. Headers that a proxy adds (`X-Forwarded-*`) are never
   * believed, since anybody can send them.
   */
  publicOrigin?: string | URL;
  /** `realm` of the challenges (RFC 9110 11.5). */
  realm?: string;
  /** Sends the requests to the issuer instead of the global `fetch`. */
  fetch?: typeof fetch;
}

/** How proofs of possession are checked (RFC 9449 4.3). Every proof is checked at every request. */
export interface DpopOptions {
  /** See {@link VerifierOptions.dpop}. Default: `"allowed"`. */
  mode?: "allowed" | "required";
  /** The algorithms that proofs may have. Default: every asymmetric one that is known here. */
  algorithms?: readonly SigningAlgorithm[];
  /**
   * How old a proof may be, in seconds, 1 to 600, beside `clockToleranceSeconds` in both directions (RFC 9449 11.1). Default: 60.
   * With nonces the nonce says how old it is, and the client's clock does not matter.
   */
  maxAgeSeconds?: number;
  /**
   * Whether a proof needs a nonce of yours (RFC 9449 9): without one the answer is 401 `use_dpop_nonce` with the header
   * `DPoP-Nonce`, and the client sends the request again. A nonce is good for 300 s; nothing of it is stored. For pages of other
   * origins, expose the header (`Access-Control-Expose-Headers: DPoP-Nonce, WWW-Authenticate`). Default: `false`, and `true`
   * beside `nonceSecret`.
   */
  nonce?: boolean;
  /**
   * What keys of nonces are made from, at least 32 characters: isolates and servers with the same secret take each other's
   * nonces. Without one each has a key of its own, so that a client whose requests reach several is asked again and again.
   */
  nonceSecret?: string;
  /**
   * Where isolates share which proofs were used (RFC 9449 11.1). Without it each isolate remembers up to 65,536 of its own, and a
   * proof that was stolen on its way can be used once more in another isolate while it is fresh.
   */
  replayStore?: ReplayStore | Required<Pick<TokenStorage, "load" | "save" | "lock">>;
}

/**
 * Remembers used proofs for several isolates. It has to look and remember in one step: a Durable Object, or Redis with
 * `SET key 1 NX EXAT expiresAt`. A TokenStorage with a `lock` serves too. Workers KV cannot: two isolates may both read that a
 * proof is new.
 */
export interface ReplayStore {
  /**
   * Remembers `key`, a hash behind a prefix, until `expiresAt` (Unix seconds). `true` where it was new, `false` where it was
   * there. Waited for `timeoutSeconds`; where it fails the request is refused with 503.
   */
  add(key: string, expiresAt: number): boolean | Promise<boolean>;
}

/**
 * How an issuer is asked about tokens that say nothing themselves (RFC 7662). The answer has to be of the issuer and for the
 * audience; `exp` and `nbf` count, and its members are the claims of the agent. A token that the issuer calls by another
 * `token_type` than `Bearer` or `DPoP`, such as a refresh token, is refused.
 */
export interface IntrospectionOptions {
  /** Which of `issuers` is asked; needed where there are several. No other one is shown an opaque token. */
  issuer?: string;
  /** Where to ask. Default: `introspection_endpoint` of the issuer's metadata. */
  endpoint?: string | URL;
  /** Who asks: the API is a client of the issuer's, too. */
  clientId: string;
  /** Its secret, where it has one. */
  clientSecret?: string;
  /**
   * How it proves who it is, instead of `clientSecret`: as the option `clientAuth` of a client, but for a function. With
   * a key no secret is shared with the issuer.
   */
  clientAuth?: { method?: "client_secret_basic" | "client_secret_post"; clientSecret: string } | ClientSecretJwt | PrivateKeyJwt;
  /** How the secret is sent. Default: `client_secret_basic`, or `client_secret_post` where the metadata lists only that. */
  clientAuthMethod?: "client_secret_basic" | "client_secret_post";
  /** Asks about JWTs of the issuer too, after they were verified: so that a revoked one is refused. Default: `false`. */
  always?: boolean;
  /** How long an answer is used, in seconds, 0 to 3600, and never beyond `exp` (RFC 7662 4). Default: 30. */
  maxCacheSeconds?: number;
  /** How long it is used that a token is not active, in seconds, 0 to 300. Default: 5. */
  refusedCacheSeconds?: number;
  /** Takes an answer without `aud`, which is optional in RFC 7662. Default: `false`. */
  allowMissingAudience?: boolean;
}

/** Organizations as the app found them: ids, or what is known of each. */
export type GivenOrganizations = readonly (string | (Pick<Organization, "id"> & Partial<Organization>))[];

/** What a request needs beside a good token. */
export interface Needs {
  /**
   * What the agent has to be allowed, as `agent.requireAccess` asks: an action and a resource, in an organization or in any.
   * An organization that is `undefined` is none.
   */
  access?:
    | readonly [action: string, resource: string, organization?: string]
    | { action: string; resource: string; organization?: string };
  /** Scopes that the token has to have, each of them (RFC 6750 3.1). */
  scopes?: readonly string[];
  /**
   * Keeps the process alive for what need not be waited for: keys are renewed ahead. In a Worker
   * `(work) => ctx.waitUntil(work)`, since that method needs its object.
   */
  waitUntil?: (promise: Promise<unknown>) => void;
  /**
   * The headers of the answer to be, for {@link DpopOptions.nonce}: they get a `DPoP-Nonce` when the one in use is half over, so
   * that the client's next request needs no second attempt (RFC 9449 8.2).
   */
  responseHeaders?: Headers;
}

/** Verifies requests. One for all requests of a process. */
export interface Verifier {
  /**
   * Whom a request comes from: the agent of its access token, verified as RFC 9068 4 says. Its `tokens`, `fetch`, `refresh` and
   * `getAccessToken` throw ConfigurationError `tokens_not_kept`: the token is the sender's. For a token that was seen and is
   * still good it is the same frozen object.
   *
   * @throws RequestAuthError with the answer in `status`, `headers` and `toResponse()`: 400 (the token in the query, twice, or
   *   malformed), 401 (none, or one that is not good; `WWW-Authenticate` as RFC 6750 3 says, without an error code where
   *   there is none), 403 `insufficient_scope`, 503 with `Retry-After` where the issuer cannot be asked. `code` says why:
   *   `credentials_missing`, `invalid_request`, `token_expired`, `signature_invalid`, `audience_mismatch`, `issuer_mismatch`,
   *   `invalid_dpop_proof`, `use_dpop_nonce`, `invalid_token` (introspected: not active), `alg_not_allowed`, `key_not_found`, `missing_claim`, `invalid_claim`, `unsupported_header`, `token_bound`, `network_failure` …
   * @throws ConfigurationError `invalid_option` for needs that are none; `wasm_unavailable`
   */
  verify(request: Request, needs?: Needs): Promise<Agent>;
  /** The same, with the answer to a refused request instead of an error. */
  tryVerify(request: Request, needs?: Needs): Promise<{ agent: Agent; response?: undefined } | { agent?: undefined; response: Response; error: RequestAuthError }>;
}

/**
 * A verifier. Synchronous and without I/O, so that it may stand at module scope; the keys are fetched when the first request
 * needs them, and kept for an hour. A key id that is not among them makes them fetched once more, at most every 30 s.
 *
 * @throws ConfigurationError `missing_option` (`issuer`, `audience`), `invalid_option`, `unknown_option`
 */
export function createVerifier(options: VerifierOptions): Verifier;

export * from "./session/index.js";
export * from "./coordination/index.js";
export type { RefreshCoordinator } from "./coordination/index.js";
