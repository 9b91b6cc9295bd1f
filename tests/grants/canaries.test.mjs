// No secret of a grant is in anything that somebody can see: errors with their causes, agents, events, the console.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Watch, canary } from "../canaries/canaries.mjs";
import { JWT_BEARER, MACHINE, PERSONAL, startGrantsProvider } from "../op/grants.mjs";
import { away, watchedClient } from "./client.mjs";

/** @type {Awaited<ReturnType<typeof startGrantsProvider>>} */
let provider;
before(async () => {
  provider = await startGrantsProvider();
});
after(() => provider?.close());

/** What a provider can answer that repeats what it was sent. @param {URLSearchParams} form */
const echoes = (form) => [
  () => Response.json({ error: "invalid_grant", error_description: `of ${[...form.values()]}` }, { status: 400 }),
  () => Response.json({ error: [...form.values()].join(" ") }, { status: 400 }),
  () => Response.json({ access_token: [...form.values()].join(" "), token_type: "Bearer" }),
  () => Response.json({ access_token: "at", token_type: [...form.values()].join(" ") }),
  () => new Response(String(form), { status: 500, headers: { "content-type": "text/html" } }),
  () => Response.json({ access_token: "at", token_type: "Bearer", id_token: [...form.values()].join(".") }),
];

test("nothing that was sent to a provider stands in what came of it", async (context) => {
  const watch = new Watch();
  watch.listen();
  context.after(() => watch.letGo());
  const { idp, instead } = watchedClient(provider, { ...MACHINE, allowPasswordGrant: true, scopes: "openid" });
  watch.follows(idp);
  const secret = (/** @type {string} */ name) => {
    const made = canary(name);
    watch.hides(name, made);
    return made;
  };
  watch.hides("client secret", MACHINE.clientSecret);
  const attempts = () => ({
    clientCredentials: () => idp.clientCredentials(["a:x"], { extraParams: { api_key: secret("extra parameter") } }),
    passwordGrant: () => idp.passwordGrant({ username: "ada", password: secret("password"), totp: secret("code") }),
    refreshTokenGrant: () => idp.refreshTokenGrant(secret("refresh token"), { expectedSub: "usr_ada" }),
    tokenExchange: () =>
      idp.tokenExchange({
        ...{ subjectToken: secret("subject"), subjectTokenType: "access_token" },
        ...{ actorToken: secret("actor"), actorTokenType: "access_token" },
      }),
    customGrant: () => idp.customGrant({ data: { grant_type: JWT_BEARER, assertion: secret("assertion") } }),
  });
  let failures = 0;
  for (let kind = 0; kind < echoes(new URLSearchParams()).length; kind += 1) {
    instead.token = async (form) => /** @type {() => Response} */ (echoes(form)[kind])();
    for (const [name, attempt] of Object.entries(attempts())) {
      const came = await watch.tries(name, attempt);
      failures += Number(came instanceof Error);
      watch.sees(name, came);
    }
  }
  instead.token = away;
  for (const [name, attempt] of Object.entries(attempts())) failures += Number((await watch.tries(name, attempt)) instanceof Error);
  for (const [name, options] of Object.entries({ username: {}, audience: { audience: "x" }, wrong: { passwordd: secret("typo") } })) {
    await watch.tries(name, () => idp.passwordGrant(/** @type {any} */ ({ password: secret("password"), ...options })));
  }
  watch.seesClient(idp);
  assert.ok(failures > 25, `${failures} failures`);
  assert.deepEqual(watch.found(), []);
});

test("the device code is seen by nobody", async (context) => {
  const watch = new Watch();
  watch.listen();
  context.after(() => watch.letGo());
  const device_code = canary("device code");
  watch.hides("device code", device_code);
  const { idp } = watchedClient(provider, {
    clientId: PERSONAL,
    fetch: async (/** @type {any} */ input, /** @type {RequestInit} */ init) => {
      const request = new Request(input, init);
      if (request.url.endsWith("/device/auth")) {
        return Response.json({ device_code, user_code: "A-B", verification_uri: `${provider.issuer}/d`, expires_in: 60, interval: 1 });
      }
      if (!request.url.endsWith("/token")) return fetch(request);
      return Response.json({ error: "access_denied", error_description: `for ${await request.text()}` }, { status: 400 });
    },
  });
  const shown = await idp.deviceAuthorization();
  watch.sees("device", [shown, JSON.stringify(shown)]);
  const error = await watch.tries("agent", () => shown.agent);
  assert.equal(error.code, "access_denied");
  assert.deepEqual(watch.found(), []);
});
