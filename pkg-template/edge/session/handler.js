// @ts-check
// A whole sign-in on a server: its routes, and who a request comes from. The page gets a cookie that no script reads, and
// never a token (OAuth 2.0 for Browser-Based Applications, section 6.1).

import { isOAuthError, toError } from "../../errors.js";
import { json, redirect, refusal, statusOf } from "./answers.js";
import { Callback } from "./callback.js";
import { CookieJar } from "./cookies.js";
import { describe } from "./describe.js";
import { lockingCoordinator } from "../coordination/locking-coordinator.js";
import { hold } from "./hold.js";
import { KeptSessions } from "./kept-sessions.js";
import { settingsOf } from "./options.js";
import { SAFE, proxy } from "./proxy.js";
import { Renewal } from "./renewal.js";
import { formIn, isFromHere, isNavigation, isOfOrigin, isOurPages, isTopLevel, normalised } from "./requests.js";
import { Seals } from "./seal.js";
import { sealedStorage } from "./sealed-storage.js";
import { Session } from "./session.js";
import { withHeaders } from "./session-headers.js";
import { inApp, signIn } from "./sign-in.js";
import { backChannel, signOut } from "./sign-out.js";
import { Transactions } from "./transaction.js";

/**
 * @typedef {object} Parts what the routes have in common
 * @property {Readonly<import("./options.js").Settings>} settings
 * @property {() => import("../../index.d.ts").IdpClient} client
 * @property {CookieJar} jar
 * @property {import("../../index.d.ts").TokenStorage | undefined} store which seals what it keeps
 * @property {KeptSessions} sessions
 * @property {Transactions} transactions
 * @property {Renewal} renewal
 *
 * @typedef {"login" | "callback" | "logout" | "backchannel-logout" | "session"} Route
 * @typedef {(cookie: string) => void} SetCookie
 * @typedef {{ waitUntil?: (work: Promise<unknown>) => void }} Context of a Worker
 */

/** The routes below the base path, with the method that each takes. */
const METHODS = { login: "GET", callback: "GET", logout: "POST", "backchannel-logout": "POST", session: "GET" };

/**
 * @param {import("./index.d.ts").SessionHandlerOptions} options
 * @param {typeof import("../../index.d.ts").IdpClient} IdpClient
 */
export function sessionHandler(options, IdpClient) {
  const settings = settingsOf(options);
  let client = IdpClient.createSync(settings.client);
  const jar = new CookieJar(settings);
  const { issuer, clientId, metadata } = settings.client;
  const seals = new Seals(settings.secrets, JSON.stringify([String(issuer ?? metadata?.issuer ?? ""), clientId]));
  const store = settings.store && sealedStorage(settings.store, seals);
  const sessions = new KeptSessions(settings, jar, seals, store);
  const now = () => client;
  const coordinator = settings.coordinator ?? (store?.lock && lockingCoordinator(store));
  const renewal = new Renewal(settings, sessions, coordinator, now);
  /** @type {Parts} */
  const parts = { settings, client: now, jar, store, sessions, transactions: new Transactions(jar, seals), renewal };
  const callback = new Callback(parts);

  /** What the app wants to be seen of an error. @param {any} error @param {Request} request */
  async function chosenFor(error, request) {
    if (typeof settings.onError !== "function") return settings.onError;
    try {
      return await settings.onError(error, request);
    } catch (thrown) {
      settings.log({ type: "error", error: /** @type {Error} */ (thrown) });
    }
  }

  /** @param {Request} request @param {any} error @param {string[]} cookies */
  async function fail(request, error, cookies) {
    if (error?.name === "PanicError") client = IdpClient.createSync(settings.client);
    settings.log({ type: "error", error });
    const code = isOAuthError(error) ? error.code : "internal_error";
    const chosen = await chosenFor(error, request);
    if (chosen instanceof Response) return withHeaders(chosen, cookies);
    if (typeof chosen === "string" && isNavigation(request)) {
      const url = new URL(inApp(chosen, settings.publicOrigin));
      url.searchParams.set("error", code);
      return redirect(url.href, cookies);
    }
    /** @type {Record<string, string>} */
    const wait = error?.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) };
    const again = `${settings.basePath}/login`;
    return refusal(request, statusOf(error), code, { cookies, headers: wait, again, recovery: error?.recovery });
  }

  /** @type {Record<Route, (request: Request, set: SetCookie, context: Context) => Promise<Response>>} */
  const routes = {
    async login(request) {
      if (!isTopLevel(request)) return refusal(request, 403, "not_a_navigation");
      const { signIn: chosen } = settings;
      const given = typeof chosen === "function" ? await chosen(request) : chosen;
      const returnTo = new URL(request.url).searchParams.get("returnTo");
      return signIn(parts, request, { ...given, returnTo: returnTo ?? given?.returnTo });
    },
    async callback(request, set) {
      if (!settings.isFormPost) return callback.handle(request, new URL(request.url).search.slice(1), set);
      const form = await formIn(request);
      return form === undefined ? refusal(request, 400, "invalid_callback") : callback.handle(request, form, set);
    },
    async logout(request, set, context) {
      if (!isOurPages(request, settings.publicOrigin)) return refusal(request, 403, "cross_site_request");
      return signOut(parts, request, set, context.waitUntil && ((work) => context.waitUntil?.(work)));
    },
    "backchannel-logout": (request) => backChannel(parts, request),
    async session(request, _, context) {
      if (!isFromHere(request)) return refusal(request, 403, "cross_site_request");
      const inHand = await hold(parts, request, context);
      const cookies = jar.read(request);
      if (inHand === undefined) return json({ agent: null }, 200, jar.session in cookies ? jar.deleteSession(cookies) : []);
      const { agent, held } = inHand;
      return json({ agent: (settings.describeAgent ?? describe)(agent), expiresAt: sessions.endOf(held) }, 200, inHand.cookies());
    },
  };

  /** @param {string} path @returns {Route | import("./api-options.js").Api | undefined} */
  const routeOf = (path) => {
    const name = path.startsWith(`${settings.basePath}/`) ? path.slice(settings.basePath.length + 1) : "";
    if (Object.hasOwn(METHODS, name)) return /** @type {Route} */ (name);
    return settings.apis.find(({ prefix }) => path.startsWith(prefix));
  };

  /** @param {Request} request @param {Context} [context] @returns {Promise<Response | null>} */
  async function handle(request, context) {
    const { pathname } = new URL(request.url);
    const route = routeOf(pathname);
    if (route === undefined) {
      // Written in another way it is no way round: neither to the route, nor to the app.
      return routeOf(normalised(pathname)) === undefined ? null : refusal(request, 403, "path_not_allowed");
    }
    /** @type {string[]} */
    const cookies = [];
    try {
      if (typeof route !== "string") return await proxy(parts, request, route, () => hold(parts, request, context));
      const method = route === "callback" && settings.isFormPost ? "POST" : METHODS[route];
      if (request.method !== method) return refusal(request, 405, "method_not_allowed", { headers: { allow: method } });
      const answered = await routes[route](request, (cookie) => void cookies.push(cookie), context ?? {});
      return cookies.length === 0 ? answered : withHeaders(answered, cookies);
    } catch (error) {
      return fail(request, error, cookies);
    }
  }

  /** @param {Request} request @param {Context} [context] */
  async function getSession(request, context) {
    const inHand = await hold(parts, request, context);
    return inHand === undefined ? null : new Session({ ...inHand, expiresAt: sessions.endOf(inHand.held) });
  }

  /** @param {Request} request @param {Context} [context] */
  async function requireAgent(request, context) {
    if (!SAFE.includes(request.method) && !isOfOrigin(request, settings.publicOrigin)) {
      throw refused(403, "cross_site_request", "a request that changes something comes from another site", "stop");
    }
    let session;
    try {
      session = await getSession(request, context);
    } catch (cause) {
      throw refused(statusOf(cause), "temporarily_unavailable", "nobody knows at the moment who this is", "retry", cause);
    }
    if (session === null) throw refused(401, "signed_out", "nobody is signed in", "reauthenticate");
    return session.agent;
  }

  return Object.freeze({
    handle,
    getSession,
    requireAgent,
    signIn: (/** @type {Request} */ request, /** @type {import("./index.d.ts").SessionSignInOptions} */ options = {}) =>
      signIn(parts, request, options),
  });
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {import("../../index.d.ts").Recovery} recovery
 * @param {unknown} [cause]
 */
function refused(status, code, message, recovery, cause) {
  const headers = { "cache-control": "private, no-store", vary: "Cookie" };
  return toError(/** @type {any} */ ({ class: "RequestAuthError", code, message, recovery, status, headers, error: code, cause }));
}
