// @ts-check
// The routes `logout` and `backchannel-logout`: a person signs out here, or the provider says that a session is over
// (OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0).

import { answer, json } from "./answers.js";
import { formIn } from "./requests.js";
import { found } from "./session-index.js";

/**
 * Ends the session of a request: here first, then at the provider. Answers where the browser goes to end it there too.
 *
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 * @param {(work: Promise<unknown>) => unknown} [waitUntil] of a Worker
 */
export async function signOut({ settings, client, jar, sessions }, request, waitUntil) {
  const cookies = jar.read(request);
  const gone = jar.deleteSession(cookies);
  const home = `${settings.publicOrigin}/`;
  const held = await sessions.load(cookies);
  if (held === undefined) return json({ url: home }, 200, gone);
  const { tokens } = held.kept;
  await sessions.end(held.name);
  await sessions.forget(held).catch(() => {});
  settings.log({ type: "signedout", reason: "signed_out" });
  const revoked = revoke(client(), tokens).catch((error) => settings.log({ type: "warning", error }));
  if (waitUntil === undefined) await revoked;
  else waitUntil(revoked);
  return json({ url: (await wayOut(client(), tokens.id_token)) ?? home }, 200, gone);
}

/**
 * @param {import("../../index.d.ts").IdpClient} client
 * @param {import("../../index.d.ts").TokenSet} tokens
 */
async function revoke(client, { refresh_token, access_token }) {
  if (refresh_token !== undefined) await client.revokeToken(refresh_token, "refresh_token");
  await client.revokeToken(access_token, "access_token");
}

/**
 * The provider's logout page, where there is one and it can be known now: signing out never waits for a provider that is down.
 *
 * @param {import("../../index.d.ts").IdpClient} client
 * @param {string | undefined} idTokenHint
 */
async function wayOut(client, idTokenHint) {
  try {
    await client.discover();
    return client.createLogoutUrl({ idTokenHint });
  } catch {
    return null;
  }
}

/**
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 */
export async function backChannel({ settings, client, sessions }, request) {
  const { store } = settings;
  if (store === undefined) return answer(null, 501);
  const form = await formIn(request);
  const tokens = new URLSearchParams(form ?? "").getAll("logout_token");
  try {
    if (tokens.length !== 1) return json({ error: "invalid_request" }, 400);
    const token = await client().verifyLogoutToken(tokens[0], { store });
    for (const name of await found(store, token)) await sessions.end(name);
    settings.log({ type: "signedout", reason: "provider" });
    return answer(null, 200);
  } catch (error) {
    settings.log({ type: "warning", error: /** @type {any} */ (error) });
    // Section 2.8: whatever it is.
    return json({ error: "invalid_request" }, 400);
  }
}
