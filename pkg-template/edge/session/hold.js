// @ts-check
// The session of a request, taken in hand: renewed where that is due, with an agent whose tokens only the session renews.

import { KEPT_ELSEWHERE } from "../../kept.js";
import { ended } from "./renewal.js";

/**
 * @typedef {object} InHand
 * @property {import("./kept-sessions.js").Held} held
 * @property {import("../../agent.js").Agent} agent
 * @property {(api: import("./api-options.js").Api, refused?: string) => Promise<import("../../index.d.ts").TokenSet>} narrowed
 * @property {() => string[]} cookies `Set-Cookie`, as of now
 */

/**
 * @param {import("./handler.js").Parts} parts
 * @param {Request} request
 * @param {import("./handler.js").Context} [context]
 * @returns {Promise<InHand | undefined>}
 */
export async function hold({ settings, client, jar, sessions, renewal }, request, context) {
  const cookies = jar.read(request);
  const held = await sessions.load(cookies);
  if (held === undefined) return undefined;
  /** @type {string[]} */
  let set = [];
  const isInCookie = settings.store === undefined;

  /** @returns {Promise<boolean>} whether the session goes on */
  const renew = async () => {
    const work = renewal.renew(held);
    // A refresh token that was sent is spent, whoever goes away meanwhile.
    context?.waitUntil?.(work.catch(() => {}));
    const goesOn = await work;
    if (!goesOn) settings.log({ type: "signedout", reason: "refused" });
    set = goesOn ? (isInCookie ? await sessions.write(held, cookies) : set) : jar.deleteSession(cookies);
    return goesOn;
  };

  if (sessions.isStale(held)) set = await sessions.write(held, cookies);
  if (renewal.isDue(held.kept.tokens)) {
    try {
      if (!(await renew())) return undefined;
    } catch (error) {
      // The provider cannot be reached: who it is, is known all the same.
      settings.log({ type: "refreshfailed", error: /** @type {any} */ (error) });
    }
  }
  const agent = await /** @type {any} */ (client())[KEPT_ELSEWHERE](held.kept.tokens, async (/** @type {{ access_token: string }} */ { access_token }) => {
    if (held.kept.tokens.access_token === access_token && !(await renew())) throw ended();
    return held.kept.tokens;
  });
  /** @type {InHand["narrowed"]} */
  const narrowed = async (api, refused) => {
    const before = held.kept.tokens;
    const work = renewal.narrowed(held, api, refused);
    context?.waitUntil?.(work.catch(() => {}));
    const token = await work;
    if (isInCookie && held.kept.tokens !== before) set = await sessions.write(held, cookies);
    return token;
  };
  return { held, agent, narrowed, cookies: () => set };
}
