// @ts-check
// The routes `logout` and `backchannel-logout`: a person signs out here, or the provider says that a session is over
// (OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0).

import { answer, json } from "./answers.js";
import { formIn } from "./requests.js";

/**
 * Ends the session of a request: here first, then at the provider. Answers where the browser goes to end it there too.
 *
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 * @param {(cookie: string) => void} set told the `Set-Cookie` that go with whatever is answered, errors too
 * @param {(work: Promise<unknown>) => unknown} [waitUntil] of a Worker
 */
export async function signOut({ settings, client, jar, sessions, renewal }, request, set, waitUntil) {
  const cookies = jar.read(request);
  for (const cookie of jar.deleteSession(cookies)) set(cookie);
  const home = `${settings.publicOrigin}/`;
  const held = await sessions.load(cookies);
  if (held === undefined) return json({ url: home });
  await sessions.end(held);
  const tokens = await renewal.end(held);
  settings.log({ type: "signedout", reason: "signed_out" });
  const revoked = renewal.revoke(tokens).catch((error) => settings.log({ type: "warning", error }));
  if (waitUntil === undefined) await revoked;
  else waitUntil(revoked);
  return json({ url: (await wayOut(client(), tokens.id_token)) ?? home });
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
  const { index } = sessions;
  if (index === undefined) return answer(null, 501);
  const form = await formIn(request);
  const tokens = new URLSearchParams(form ?? "").getAll("logout_token");
  try {
    if (tokens.length !== 1) return json({ error: "invalid_request" }, 400);
    await sessions.endBy(await client().verifyLogoutToken(tokens[0], { store: index.seen }));
    settings.log({ type: "signedout", reason: "provider" });
    return answer(null, 200);
  } catch (error) {
    settings.log({ type: "warning", error: /** @type {any} */ (error) });
    // Section 2.8: whatever it is.
    return json({ error: "invalid_request" }, 400);
  }
}
