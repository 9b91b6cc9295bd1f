// @ts-check
// Keys, secrets and assertions are in no log, error, event, or anything else that an app shows, also where the provider
// repeats what it was sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { Watch } from "../canaries/canaries.mjs";
import { SECRET, optionsOf, startMachinesProvider } from "./provider.mjs";

/** @type {Awaited<ReturnType<typeof startMachinesProvider>>} */
let provider;
before(async () => {
  provider = await startMachinesProvider();
});
after(() => provider?.close());

for (const method of ["private_key_jwt ES256", "private_key_jwt RS256", "client_secret_jwt"]) {
  test(`${method}: nothing that is shown has the key, the secret or an assertion in it [X26]`, async () => {
    const watch = new Watch();
    watch.hides("secret", SECRET);
    const keys = provider.keys[method.split(" ")[1]];
    for (const name of /** @type {const} */ (["d", "p", "q"])) watch.hides(`key ${name}`, keys?.jwk[name]);
    watch.hides("PEM", keys?.pem.split("\n")[2]);
    const options = optionsOf(provider, method);
    const clientAuth = keys === undefined ? options.clientAuth : { key: keys.pem, keyId: keys.kid };
    let isAnswered = true;
    let echoes = false;
    watch.listen();
    try {
      const idp = IdpClient.createSync({
        ...options,
        clientAuth,
        logger: (event) => watch.sees("log", event),
        fetch: async (input, init) => {
          const request = new Request(input, init);
          if (request.method !== "POST") return fetch(request);
          const form = new URLSearchParams(await request.clone().text());
          const assertion = String(form.get("client_assertion"));
          watch.hides("assertion", assertion);
          assertion.split(".").forEach((part) => watch.hides("part of an assertion", part));
          if (echoes) return Response.json({ error: "invalid_client", error_description: `no: ${assertion}`, error_uri: `https://a.example/?${form}` }, { status: 401 });
          if (!isAnswered) throw new TypeError(`no answer to ${form}`);
          return fetch(request);
        },
      });
      watch.follows(idp);
      const agent = await idp.clientCredentials(["a:b"]);
      watch.sees("agent", agent);
      watch.seesClient(idp);
      echoes = true;
      watch.sees("echo", await idp.clientCredentials(["a:c"]).catch((error) => error));
      watch.sees("echo of a token", await idp.introspect(agent.tokens.access_token).catch((error) => error));
      [echoes, isAnswered] = [false, false];
      watch.sees("failure", await idp.clientCredentials(["a:d"]).catch((error) => error));
      idp.dispose();
    } finally {
      watch.letGo();
    }
    assert.ok([...watch.secrets.values()].includes("assertion"));
    assert.deepEqual(watch.found(), []);
  });
}
