// @ts-check
// Every fault of the hostile provider, with the tokens, codes and verifiers of each flow as canaries. The known exception
// is the ID token as `id_token_hint` at the provider's own logout page, which is a URL of the provider's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as wasmOidc from "wasm-oidc";

import { rows } from "../op/table.mjs";
import { attempt } from "../hostile/ours.mjs";
import { CLIENT_SECRET, startWorld } from "../hostile/world.mjs";
import { Watch } from "./canaries.mjs";

const watch = new Watch();
/** @type {import("../hostile/world.mjs").World} */
let world;

before(async () => {
  world = await startWorld();
  watch.listen();
});
after(async () => {
  watch.letGo();
  await world?.close();
});

test("no fault of a provider makes a secret visible [X26]", async () => {
  watch.hides("client secret", CLIENT_SECRET);
  // The client whose events are looked at while the attempt goes on.
  const IdpClient = {
    create: async (/** @type {any} */ options) => {
      const idp = await wasmOidc.IdpClient.create(options);
      watch.follows(idp);
      return idp;
    },
  };
  const observed = {
    ...world,
    follow: async (/** @type {string} */ url) => {
      const callback = await world.follow(url);
      watch.hides("code", new URL(callback).searchParams.get("code"));
      watch.hides("nonce", new URL(url).searchParams.get("nonce"));
      return callback;
    },
  };
  let refused = 0;
  for (const row of rows) {
    watch.seen.push(["row", row.fault]);
    const { error, idp, stored } = await attempt({ IdpClient }, observed, row);
    refused += error === undefined ? 0 : 1;
    watch.sees(`the error of ${row.fault}`, error);
    watch.seesClient(idp);
    for (const key of stored.keys()) watch.sees("the name of a stored session", key);
    idp.dispose();
  }
  world.issued.forEach((token, at) => watch.hides(`token ${at}`, token));
  assert.ok(refused > 40 && world.issued.length > 60, `${refused} errors, ${world.issued.length} tokens`);
  assert.deepEqual(watch.found(), []);
});

test("the search finds what is there", () => {
  const own = new Watch();
  own.hides("token", "a-token-that-somebody-can-see");
  own.sees("an error", new Error("outer", { cause: new Error("a-token-that-somebody-can-see") }));
  own.sees("a member", Object.assign(new Error("x"), { tokens: { access: "a-token-that-somebody-can-see" } }));
  assert.equal(own.found().length, 2);
});
