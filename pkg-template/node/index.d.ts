// wasm-oidc/node: for programs of one person in Node (20 or newer), Deno and Bun: command lines, desktop programs, notebooks.
// Signing in by the browser beside the program, sessions in files, a certificate authority of one's own.
//
// Times are Unix seconds, durations are seconds. Every error is an `OAuthError`; where a comment names a class and a
// code, that pair is what the call rejects with.

import type { Agent, BuiltInStorage, ClientOptions, IdpClient, SignInOptions } from "../index.js";

// ---------------------------------------------------------------------------------------------------------------------
// Signing in

/** Where the program waits for the provider's answer, and how (RFC 8252 7.3 and 8.3). */
export interface LoopbackOptions {
  /**
   * The port of the redirect URI, 0 to 65535. 0: any that is free, for providers that compare loopback redirect URIs
   * without the port, as RFC 8252 7.3 wants it. Default: 4200.
   */
  port?: number;
  /**
   * The host of the redirect URI, as it is registered. Only this machine can reach it. `"localhost"` listens on both
   * addresses that the name may stand for, and is never looked up; RFC 8252 8.3 advises against it. Default: `"127.0.0.1"`.
   */
  host?: "127.0.0.1" | "[::1]" | "::1" | "localhost";
  /** The path of the redirect URI. Default: `"/callback"`. */
  path?: string;
  /** How long the user may take, 1 to 600. Default: the client's `callbackTimeoutSeconds`, which is 300. */
  timeoutSeconds?: number;
  /**
   * Ends the login with its reason and closes the port. Once the answer of the provider is here it changes nothing.
   */
  signal?: AbortSignal;
  /**
   * `true`: the browser of this system opens the URL; no shell is involved. `false`: your program shows the URL. A
   * function is called with the URL; what it throws, or rejects with, ends the login. Default: `true` for `login`,
   * `false` for `startLogin`.
   */
  openBrowser?: boolean | ((url: string) => unknown);
}

/** What is asked of the provider: see `SignInOptions`. */
export interface LoginRequest
  extends Omit<SignInOptions, "scopes" | "responseMode" | "returnTo" | "state" | "nonce"> {
  /**
   * Pre-fills who signs in, and is enforced: somebody else's sign-in is an IdentityMismatchError, and nothing of it is kept.
   * `enforceLoginHint: false` only pre-fills, as it does beside an address in `expect`. An empty text is none.
   */
  loginHint?: string;
}

/** A login with a client that is made for it: the options of both. */
export interface LoginOptions
  extends LoopbackOptions,
    LoginRequest,
    Omit<ClientOptions, "session" | "timeoutSeconds" | "openUrl" | "responseMode"> {
  client?: undefined;
  /** The redirect URI as a whole, on the loopback interface; then without `port`, `host` and `path`. */
  redirectUri?: string | URL;
}

/** A login with a client of yours. */
export interface ClientLoginOptions
  extends Pick<LoopbackOptions, "timeoutSeconds" | "signal" | "openBrowser">,
    LoginRequest,
    Pick<SignInOptions, "scopes"> {
  /**
   * A client with `session: "single-user"` and a redirect URI on the loopback interface, such as
   * `http://127.0.0.1:4200/callback`, which says where the program listens.
   */
  client: IdpClient;
}

/** Who signed in, and the client whose session that is: `idp.fetch`, `idp.refresh()`, `idp.signOut()` work with it. */
export interface LoggedIn {
  idp: IdpClient;
  agent: Agent;
}

/** A login that is under way. It goes on by itself, whether somebody waits for it or not. */
export interface StartedLogin extends AsyncDisposable {
  /** Where the user has to go, in a browser on this machine. Good for one login. */
  readonly url: string;
  /** Where the program listens, as the provider has to have it registered. */
  readonly redirectUri: string;
  /**
   * Who signed in; the same promise at each call. The port is free again when it settles.
   *
   * @throws TimeoutError `timeout`: nobody came back in time, the message says what to do; ConfigurationError `disposed`:
   *   `close` was called, or the client was disposed of; `browser_unavailable`; IdentityMismatchError; and as
   *   `IdpClient.handleRedirectCallback`: AccessDeniedError, CallbackError, TokenExchangeError, TokenVerificationError …
   */
  awaitCallback(): Promise<LoggedIn>;
  /** Ends the waiting and frees the port. Nothing happens to a login that is over. */
  close(): Promise<void>;
}

/**
 * Begins a login: listens on the loopback interface and makes the authorization request (RFC 8252, PKCE S256). Show `url`
 * to the user, then `await awaitCallback()`.
 *
 * One answer is taken, by `GET`, at exactly that host and path, with the `state` of this login; whatever else arrives is
 * refused and ends nothing. The browser gets a page without script that says how it ended; it holds neither token nor
 * code, and is not to be kept (`Cache-Control: no-store`, `Referrer-Policy: no-referrer`).
 *
 * The session goes where the client's `storage` says; `fileStorage` keeps it for the next start of the program.
 *
 * @throws ConfigurationError `port_taken`: the message names the port and what to do; `invalid_option`; `unknown_option`;
 *   `missing_option`; `no_ambient_session`: a client without `session: "single-user"`; `reserved_parameter`; and as
 *   `IdpClient.discover`
 */
export function startLogin(options: LoginOptions | ClientLoginOptions): Promise<StartedLogin>;

/**
 * The same in one call: opens the browser and resolves when the user has signed in.
 *
 * @throws as `startLogin` and `StartedLogin.awaitCallback`
 */
export function login(options: LoginOptions | ClientLoginOptions): Promise<LoggedIn>;

// ---------------------------------------------------------------------------------------------------------------------
// Sessions in files

/** A store in a file, with locks that all processes share which have the same file. Frozen; touches nothing before its first use. */
export interface FileStorage extends BuiltInStorage {
  save(key: string, value: string, options?: { expiresAt?: number }): Promise<void>;
  lock(key: string, run: () => PromiseLike<unknown>): Promise<unknown>;
}

/**
 * Keeps sessions in a file, so that a login survives the program. Several clients, of several providers, can share it.
 *
 * Who may read it: the file is made with mode 0600 and has it from its first moment on, folders that are missing with 0700. It
 * is not encrypted: whoever may read files of this user gets the refresh token, as do backups. `encryptedFileStorage`
 * protects those.
 *
 * It is replaced in one piece and flushed, so that a crash leaves the old session or the new one. The lock is a file beside
 * it; of a process that ended without letting go of it, it is taken away after 2 s, of one that shows no life after 10 s.
 * Two processes on one session send a refresh token once. What was saved with `expiresAt` is forgotten after that.
 *
 * A file of this library that cannot be read any more holds no session: the client drops it with a `warning` event
 * `session_dropped`. Any other file is left as it is.
 *
 * @param path of the file; a relative one counts from the folder that the program is in when it calls this
 * @throws ConfigurationError `invalid_option`; from every method StorageError `storage_unavailable`, whose message names the
 *   path and says what to do: (fix) a symbolic link, a folder, a file of somebody else or of another kind, written by a
 *   newer version, no permission; (retry) no space left, too many open files …. A client goes on in memory then, with a
 *   `warning` event `storage_unavailable`
 */
export function fileStorage(path: string): FileStorage;

/**
 * A key: 256 bits as bytes, which are copied at once; a CryptoKey of AES-GCM that may encrypt and decrypt; or a passphrase of 8
 * characters at least, from which the key is derived by scrypt (RFC 7914, N 2^17, r 8, p 1: 128 MiB, less than a second on
 * most machines) with a salt for each file, at the first use of a storage; a client waits 10 s for that.
 */
export type FileKey = { key: CryptoKey | Uint8Array | ArrayBuffer } | { passphrase: string };

/**
 * The same, encrypted (AES-GCM with 256 bits, NIST SP 800-38D; a new nonce for each write; bound to the name and end of
 * each entry). It protects copies of the file: backups, lost disks, a shared home. It does not protect from programs of the
 * same user that can get at the key too, nor can it tell that an older copy of the file was put back. Names of entries,
 * which are hashes, and times can be seen.
 *
 * Of several keys the first encrypts and all decrypt: to change a key, put the new one in front; with the next change of a
 * session the whole file is under it, and the old one can go.
 *
 * With none of its keys the file is left as it is; `clear` deletes it all the same. Entries that somebody changed are no
 * sessions: see `fileStorage`.
 *
 * @throws as `fileStorage`; StorageError `wrong_key` (fix)
 */
export function encryptedFileStorage(path: string, keys: FileKey | readonly FileKey[]): FileStorage;

// ---------------------------------------------------------------------------------------------------------------------
// A certificate authority of one's own

/**
 * A `fetch` for the option `fetch` of a client, which trusts these certificates beside those that the platform trusts; for
 * providers inside of a company. Certificates and host names are checked as ever (RFC 8446, RFC 9525): nothing switches
 * that off.
 *
 * In Deno and Bun it is their own `fetch`. That of Node takes no certificates without a second library, so there it is
 * `node:https`: HTTP/1.1, no proxy; plain http goes to the platform's own.
 *
 * @param ca certificates in PEM (RFC 7468 5), or the path or `file:` URL of a file with them, which is read at the first
 *   request; several of either
 * @throws ConfigurationError `invalid_option`: nothing like that; the returned `fetch` where the file cannot be read or
 *   holds no certificate
 */
export function fetchTrusting(ca: string | URL | readonly (string | URL)[]): typeof fetch;
