// One refresh however many isolates ask for it, and the stores behind sessions at the edge. Part of `wasm-oidc/edge`.

import type { ClientOptions, LogoutToken, TokenSet, TokenStorage } from "../../index.js";
import type { ReplayStore } from "../index.js";

// ---------------------------------------------------------------------------------------------------------------------
// One refresh

/** A session whose tokens are renewed. */
export interface RenewableSession {
  /** The same in every isolate, and of this sign-in alone: 22 characters of chance at least. Stored as a hash only. */
  id: string;
  /** The tokens that the caller has, which may be older than the newest. With a `refresh_token`. */
  tokens: TokenSet;
  /** When the session ends anyway, in Unix seconds: nothing is remembered longer. Default: 30 days from now. */
  expiresAt?: number;
}

/**
 * Renews the tokens of a session, once for however many callers in however many isolates (RFC 9700 4.14.2: a provider that
 * rotates refresh tokens takes a second use for theft and ends the session).
 */
export interface RefreshCoordinator {
  /**
   * The newest tokens of the session: those that somebody renewed since the caller got its own, where their access token
   * still lives; else new ones.
   *
   * A refresh token is sent by one sender at a time, and never again once its answer was stored. A mark is written before
   * it is sent. Where a sender dies before the answer is stored, the mark tells the next one, which waits until the
   * request counts as lost (`leaseSeconds`) and sends the token once more, and no third time.
   *
   * @param refresh sends the refresh token of the tokens that it is given, which may be newer than the caller's: mostly
   *   `async (tokens) => (await idp.refresh(await idp.createAgent(tokens, { verify: "claims", autoRefresh: false }))).tokens`.
   *   Not called where a Durable Object does it.
   * @param options `discard`: called with tokens that arrived after the session had ended, to revoke them
   * @throws RefreshError `invalid_grant`, `refresh_outcome_lost` (the provider may have answered a request whose answer
   *   never arrived), both end the session for everybody: whoever asks from then on gets the same without a request;
   *   `no_refresh_token`. LoginRequiredError `signed_out`: `end` was called.
   *   SubjectMismatchError, TokenVerificationError, TokenParseError: the answer was provably wrong; the session has ended.
   *   Whatever else `refresh` throws, with recovery `"retry"` where trying again can help: the session goes on; for two
   *   seconds, or as long as `Retry-After` says, at most 60, everybody gets the same error without a request.
   *   TimeoutError `timeout` after `waitSeconds`: the refresh goes on. StorageError `storage_unavailable`.
   */
  renew(
    session: RenewableSession,
    refresh: (tokens: TokenSet) => Promise<TokenSet>,
    options?: { discard?: (tokens: TokenSet) => unknown },
  ): Promise<TokenSet>;
  /**
   * Ends a session for everybody: nothing renews it any more, and an answer that is under way is dropped. Waits for
   * nobody.
   *
   * @returns the newest tokens that are known, to be revoked; `null` where nothing was renewed since the sign-in
   * @throws StorageError `storage_unavailable`, TimeoutError
   */
  end(session: { id: string; expiresAt?: number }): Promise<TokenSet | null>;
}

/** How patient a coordinator is. */
export interface CoordinatorOptions {
  /** After how many seconds a request whose sender shows no life counts as lost. Default: 60. */
  leaseSeconds?: number;
  /** How long a caller waits for a refresh, its own or another's, in seconds. Default: 30. */
  waitSeconds?: number;
}

/**
 * A coordinator over a store that all isolates or processes share, and that has a `lock`: Redis by
 * `unstorageStorage(storage, { lock: redisLock(client) })`, `durableObjectStorage(namespace)`, `fileStorage(path)` of
 * `wasm-oidc/node` for processes of one machine, `memoryStorage()` for one process. The refresh runs where it is called; in
 * a Worker give the promise to `ctx.waitUntil`, so that it survives a caller that leaves.
 *
 * @throws ConfigurationError `missing_option`: the store has no `lock`, as Cloudflare KV; `invalid_option`
 */
export function lockingCoordinator(store: TokenStorage, options?: CoordinatorOptions): RefreshCoordinator;

// ---------------------------------------------------------------------------------------------------------------------
// Cloudflare Durable Objects

/** A Durable Object namespace as a binding, by its shape. */
export interface ObjectNamespace {
  idFromName(name: string): any;
  get(id: any): { fetch(input: string, init?: any): Promise<Response> };
}

/**
 * The Durable Object that owns the refresh of a session. Export a class of it from your Worker, and bind it:
 *
 * ```ts
 * export class Sessions extends SessionObject {
 *   options(env) {
 *     return { issuer: env.ISSUER, clientId: "app", clientSecret: env.CLIENT_SECRET };
 *   }
 * }
 * // wrangler.toml: [[durable_objects.bindings]] name = "SESSIONS", class_name = "Sessions"
 * //                [[migrations]] tag = "v1", new_sqlite_classes = ["Sessions"]
 * const coordinator = durableObjectCoordinator(env.SESSIONS);
 * const store = durableObjectStorage(env.SESSIONS);
 * ```
 *
 * There is one object for each session, and one for each key of `durableObjectStorage`. It writes to its own storage, which
 * is strongly consistent, and empties it by an alarm when what it keeps is over. It is reached by its binding only.
 */
export class SessionObject {
  constructor(state: any, env: any);
  readonly env: any;
  /**
   * The options of the client that renews in here, as those of `IdpClient.createSync`; issuer, client id and client
   * authentication as those of the client that signs in. Asked once in the life of the object, at the first refresh.
   */
  options(env: any): ClientOptions;
  /** Sends the refresh token. To be replaced where the client of `options` is not what renews. */
  refresh(tokens: TokenSet): Promise<TokenSet>;
  /** Revokes tokens that arrived after the session had ended. */
  discard(tokens: TokenSet): Promise<void>;
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}

/**
 * A coordinator whose refreshes run inside the Durable Object of the session: one request to the provider for any number of
 * isolates, which no caller that leaves can cancel.
 *
 * @throws ConfigurationError `invalid_option`: no namespace
 */
export function durableObjectCoordinator(namespace: ObjectNamespace, options?: Pick<CoordinatorOptions, "waitSeconds">): RefreshCoordinator;

/**
 * A strong store in Durable Objects, one for each key: what is saved is what everybody reads from then on. With `lock`,
 * without `list`; and with `add`, so that it serves as `replayStore` of a verifier, in one call for each proof.
 *
 * @param options as of {@link redisLock}
 * @throws ConfigurationError `invalid_option`: no namespace
 */
export function durableObjectStorage(
  namespace: ObjectNamespace,
  options?: LockOptions,
): TokenStorage & Required<Pick<TokenStorage, "lock">> & ReplayStore;

// ---------------------------------------------------------------------------------------------------------------------
// Other stores

/** A store that may lag: it has no lock. */
export type LagStorage = Omit<TokenStorage, "lock"> & { list(prefix?: string): Promise<string[]> };

/** A Cloudflare KV namespace as a binding, by its shape. */
export interface KvNamespace {
  getWithMetadata(key: string): Promise<{ value: string | null; metadata: unknown }>;
  put(key: string, value: string, options?: { expirationTtl?: number; metadata?: any }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix?: string; cursor?: string }): Promise<{ keys: { name: string }[]; list_complete: boolean; cursor?: string }>;
}

/**
 * Cloudflare KV. It lags: for up to 60 seconds, and longer where a key that is not there was asked for, other places read
 * what was there before. So it has no `lock`, is refused for refresh tokens that rotate and for what has to be known
 * at once (`lockingCoordinator`, `sessionIndex`), and serves for keys and metadata (`keyStore`), and for sessions by
 * reference beside a strong index ({@link sessionStore}). Ends in less than 60 seconds, which KV refuses, are kept beside
 * the value and checked at every `load`.
 *
 * @param options `prefix`: of its keys there, for a namespace that others use too
 * @throws ConfigurationError `invalid_option`: no namespace
 */
export function kvStorage(
  namespace: KvNamespace,
  options?: { prefix?: string },
): LagStorage;

/** A storage of the package `unstorage`, by its shape. */
export interface UnstorageStorage {
  getItem(key: string): Promise<any>;
  setItem(key: string, value: any, options?: any): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(base?: string): Promise<string[]>;
}

/** How long a lock is held. */
export interface LockOptions {
  /** For how long a holder that died has it, in seconds; one that lives tells so every third of it. Default: 10. */
  holdSeconds?: number;
  /** How long to wait for a holder that lives, in seconds; then StorageError `storage_unavailable`. Default: 90. */
  waitSeconds?: number;
}

/** Runs `run` while nobody else has the lock of that name. */
export type Lock = <T>(key: string, run: () => T | PromiseLike<T>) => Promise<T>;

/**
 * Any driver of `unstorage` (memory, fs, redis, upstash, cloudflare-kv-binding …). Ends are given to the driver as `ttl`, in
 * seconds, and checked at every `load`, since many drivers know none. unstorage has no locks: bring one where
 * processes share the storage, or it is refused for refresh tokens that rotate.
 *
 * @param options `lock`: {@link redisLock}, or your own; `prefix`: of its keys there; default: `"wasm-oidc"`
 * @throws ConfigurationError `invalid_option`: no storage of unstorage, or a lock that is no function
 */
export function unstorageStorage(
  storage: UnstorageStorage,
  options: { lock: Lock; prefix?: string },
): TokenStorage & { lock: Lock; list(prefix?: string): Promise<string[]> };
export function unstorageStorage(
  storage: UnstorageStorage,
  options?: { prefix?: string },
): LagStorage;

/**
 * A client of Redis: of `ioredis`, of `redis` (node-redis), or a function that sends a command, such as
 * `["SET", "key", "value"]`, and answers what Redis did.
 */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(command: string[]): Promise<unknown> }
  | ((command: string[]) => Promise<unknown>);

/**
 * A lock in one Redis: `SET key token NX PX`, kept alive by its holder every third of its time, released by whoever has
 * its token only. Where Redis fails over to a replica that lags two may hold it; the marks of
 * {@link RefreshCoordinator} are then what is left.
 *
 * @param options `prefix`: of its keys there; default: `"wasm-oidc:lock:"`
 * @throws ConfigurationError `invalid_option`: no client. The lock itself rejects with StorageError `storage_unavailable`
 */
export function redisLock(client: RedisClient, options?: LockOptions & { prefix?: string }): Lock;

/**
 * The `replayStore` of a verifier in one Redis: `SET key 1 NX EXAT expiresAt`, for Redis 6.2 and later.
 *
 * @param options `prefix`: of its keys there; default: `"wasm-oidc:replay:"`
 * @throws ConfigurationError `invalid_option`: no client
 */
export function redisReplayStore(client: RedisClient, options?: { prefix?: string }): ReplayStore;

// ---------------------------------------------------------------------------------------------------------------------
// Sessions by reference, and sessions that a provider ends

/** What an index knows of a session. */
export interface SessionFacts {
  /** The session id: 22 characters of chance at least. Stored as a hash only. */
  id: string;
  /** `iss` of its ID token. */
  issuer: string;
  /** `sub` of its ID token. */
  subject?: string;
  /** `sid` of its ID token, where there is one. */
  sessionId?: string;
  /** `iat` of its ID token, in Unix seconds: by the provider's clock, as that of logout tokens. */
  issuedAt: number;
  /** When it ends anyway, in Unix seconds. */
  expiresAt: number;
}

/**
 * Which sessions there are and which are over, in a strong store (OIDC Back-Channel Logout 2.5 to 2.7). It serves
 * sessions wherever their tokens are: in a store, in one that lags, in a cookie.
 */
export interface SessionIndex {
  /**
   * Takes a session in, before its first cookie is sent.
   *
   * @throws LoginRequiredError `signed_out`: a logout token came meanwhile that ends it
   */
  begin(facts: SessionFacts): Promise<void>;
  /** Whether it was ended: one read in the strong store. Ask at every request. */
  isOver(id: string): Promise<boolean>;
  /** Ends one session: somebody signed out here. `expiresAt` as at `begin`. */
  end(facts: Pick<SessionFacts, "id" | "expiresAt"> & Partial<SessionFacts>): Promise<void>;
  /**
   * Ends the sessions that a logout token names: of its `sid`; without one all of its `sub`.
   *
   * @returns what the store calls them: the names by which {@link SessionStore} deletes them. Of a subject there may be some
   *   that had ended already
   */
  endBy(token: Pick<LogoutToken, "issuer" | "subject" | "sessionId" | "issuedAt">): Promise<string[]>;
  /** Where `verifyLogoutToken` remembers each `jti`: the same strong store. */
  readonly seen: TokenStorage;
}

/**
 * @param store with `lock`
 * @throws ConfigurationError `missing_option`: the store has no `lock`, as Cloudflare KV
 */
export function sessionIndex(store: TokenStorage): SessionIndex;

/** Sessions by reference: the cookie holds the id, the store the rest. */
export interface SessionStore {
  /**
   * What was saved; `null` where there is nothing, where it is over, or where it was ended, whatever a store that lags
   * still says.
   */
  load(id: string): Promise<string | null>;
  /**
   * Keeps the text of a session that began.
   *
   * @throws LoginRequiredError `signed_out`: it was ended meanwhile; nothing is saved
   */
  save(id: string, text: string, options: { expiresAt: number }): Promise<void>;
  /** As {@link SessionIndex.begin}. */
  begin(facts: SessionFacts): Promise<void>;
  /** Ends a session and deletes it. */
  end(facts: Pick<SessionFacts, "id" | "expiresAt"> & Partial<SessionFacts>): Promise<void>;
  /** Ends and deletes the sessions that a logout token names. Answers how many there were. */
  endBy(token: Pick<LogoutToken, "issuer" | "subject" | "sessionId" | "issuedAt">): Promise<number>;
  readonly index: SessionIndex;
}

/**
 * @param store where sessions are kept; it may lag
 * @param options `index`: in a strong store; default: `sessionIndex(store)`, for which `store` has to be strong itself
 * @throws ConfigurationError `missing_option`: the store has no `lock`, and there is no index
 */
export function sessionStore(store: TokenStorage, options?: { index?: SessionIndex }): SessionStore;
