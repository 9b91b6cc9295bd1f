// @ts-check
// The route `login`: it begins a sign-in, binds it to this browser, and sends the person to the provider.

import { acquire } from "../../runtime.js";
import { redirect } from "./answers.js";

/** Longer return URLs become the app's first page: they have to find room in a cookie. */
const LONGEST_RETURN = 1500;

/**
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 * @param {import("./index.d.ts").SessionSignInOptions} options
 */
export async function signIn({ settings, client, jar, sessions, transactions }, request, options) {
  const { returnTo, sameSubject, ...others } = options;
  const cookies = jar.read(request);
  const current = await sessions.load(cookies).catch(() => undefined);
  const expect = sameSubject && current !== undefined ? { ...others.expect, sub: current.kept.subject } : others.expect;
  const { url, ...auth } = await client().createAuthorizationRequest({ ...others, ...(expect && { expect }) });
  const target = inApp(returnTo, settings.publicOrigin);
  const set = await transactions.begin({ auth, returnTo: target, ...(current && { replaces: current.name }) }, cookies);
  return redirect(url, set);
}

/**
 * Where the app goes on: a URL of its own origin, else its first page (RFC 9700 4.11.1).
 *
 * @param {unknown} given
 * @param {string} publicOrigin
 * @returns {string}
 */
export function inApp(given, publicOrigin) {
  const home = `${publicOrigin}/`;
  if (given == null || String(given).length > LONGEST_RETURN) return home;
  return acquire().call((glue) => glue.safe_return_to(String(given), home)) ?? home;
}
