// @ts-check
// A Worker that verifies: many times for one request, so that whoever asks can tell the time, and once for each.

import { contestants, repeat, requestOf } from "./verify.mjs";

/** @type {Map<string, ReturnType<typeof contestants>>} */
const made = new Map();

export default {
  /** @param {Request} request @param {{ SETTINGS: import("./verify.mjs").Setting[] }} env */
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const [, algorithm, who] = pathname.split("/");
    const setting = env.SETTINGS.find((one) => one.algorithm === algorithm);
    if (setting === undefined) return new Response("ready");
    let all = made.get(algorithm);
    if (all === undefined) made.set(algorithm, (all = contestants(setting)));
    const verify = all[/** @type {import("./verify.mjs").Contestant} */ (who)];
    const times = searchParams.get("times");
    // Without a number it is what an API does: one request, one token.
    if (times === null) await verify(request);
    else await repeat(verify, requestOf(setting), Number(times));
    return new Response("ok");
  },
};
