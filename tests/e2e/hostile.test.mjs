// @ts-check
// A lying identity provider, one fault at a time: the sign-in ends in the right error, nothing of it is kept, and nothing
// more is sent than what the fault itself answers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { faults } from "../op/faults.mjs";
import { startHostile } from "../op/hostile.mjs";
import { signIn } from "../op/provider.mjs";
import { rows } from "../op/table.mjs";
import { appIn, assertError } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

/** Cut connections are what these tests are about; Chromium says so in the console. */
const NO_ANSWER = /net::ERR_EMPTY_RESPONSE/;

/** What the whole sign-in asks the provider for; the last two at the same time, here in the order of the alphabet. */
const upToTokens = ["discovery", "authorize", "return", "jwks", "token"];
const upToResponse = ["discovery", "authorize", "return"];
/** `create` asks for the metadata first; where that failed the sign-in asks once more, and ends there. */
const discoveryOnly = ["discovery", "discovery"];

/**
 * The faults that are tried in a browser, at least one for every place where one can be, and all whose answer a browser
 * itself has a part in; `recovery` of the error, or `null` where the sign-in works all the same. What has to come of each
 * else is in its row of the table.
 *
 * @type {Record<string, {recovery: string | null, seen?: string[], logs?: RegExp}>}
 */
const endings = {
  honest: { recovery: null },
  broken_signature: { recovery: "fix" },
  wrong_nonce: { recovery: "stop" },
  wrong_audience: { recovery: "fix" },
  wrong_issuer: { recovery: "fix" },
  expired: { recovery: "fix" },
  alg_none: { recovery: "fix" },
  hs256_public_key: { recovery: "fix" },
  discovery_wrong_issuer: { recovery: "fix", seen: discoveryOnly },
  token_redirect: { recovery: "fix" },
  token_html: { recovery: "reauthenticate" },
  discovery_html: { recovery: "retry", seen: discoveryOnly },
  jwks_unreachable_once: {
    recovery: null,
    seen: ["discovery", "authorize", "return", "jwks", "jwks", "token"],
    logs: NO_ANSWER,
  },
  hidden_headers: { recovery: null },
  key_set_in_the_header: { recovery: "fix" },
  response_iss_wrong: { recovery: "stop", seen: upToResponse },
  several_audiences: { recovery: null },
  padded_x5c: { recovery: null },
  pkce_not_advertised: { recovery: null },
  float_auth_time: { recovery: null },
  signed_es256: { recovery: null },
};

describe("a sign-in at a provider that lies", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startHostile>>} */
  let hostile;
  /** @type {string[]} every token that the provider gave away */
  const issued = [];
  before(async () => {
    pages = await startPages();
    hostile = await startHostile({ redirectUris: [`${pages.url}/callback`], faults: noting(issued) });
  });
  after(async () => {
    await hostile?.close();
    await pages?.close();
  });

  for (const [fault, { recovery, seen = upToTokens, logs }] of Object.entries(endings)) {
    const { says, expected, ids } = rows.find((row) => row.fault === fault) ?? assert.fail(fault);
    const error = Array.isArray(expected) ? expected : null;
    const shown = ids ? ` [${ids.join(", ")}]` : "";
    it(`${error ? `ends in ${error[0]} ${error[1]}` : "works"} when ${says}${shown}`, () =>
      inTab(async ({ page, expectErrors }) => {
        if (logs) expectErrors(logs);
        hostile.reset();
        issued.length = 0;
        const { app, code, outcome } = await signInAt(page, hostile.issuer(fault));

        const stored = (await app.stored()).flat().join("\n");
        if (error) {
          const [name, reason] = error;
          const refusal = assertError(outcome, name, reason);
          assert.equal(refusal.recovery, recovery);
          const secrets = [...issued, ...(code ? [code] : [])];
          assert.deepEqual(secrets.filter((secret) => stored.includes(secret) || refusal.text.includes(secret)), []);
          assert.doesNotMatch(stored, /wasm-oidc:session:/);
          assert.equal((await app.call("getAgent")).value, null);
          assert.deepEqual(await app.events(), []);
        } else {
          assert.equal(outcome.value.agent.id, "usr_ada");
          // The search that finds nothing above does find tokens where there are any.
          assert.equal(issued.length, 3);
          assert.deepEqual(issued.filter((token) => !stored.includes(token)), []);
        }
        const requests = hostile.seen(fault);
        assert.deepEqual([...requests.slice(0, 3), ...requests.slice(3).sort()], seen);
      }));
  }

  it("names both issuers when the metadata is of another one", () =>
    inTab(async ({ page }) => {
      const issuer = hostile.issuer("discovery_wrong_issuer");
      const { outcome } = await signInAt(page, issuer);
      assert.deepEqual([outcome.error?.expected, outcome.error?.actual], [issuer, `${issuer}1`]);
    }));

  /**
   * Signs in by the provider's form, as far as it goes.
   *
   * @param {import("playwright-core").Page} page @param {string} issuer
   */
  async function signInAt(page, issuer) {
    const app = appIn(page, { url: pages.url, issuer });
    await app.start();
    const begun = await app.call("signInRedirect");
    if (begun.error) return { app, code: null, outcome: begun };
    await page.goto(await page.evaluate(() => globalThis.app.opened[0]));
    await signIn(page, "ada");
    await page.waitForURL(`${pages.url}/callback?**`);
    const code = new URL(page.url()).searchParams.get("code");
    await app.loaded();
    await app.create();
    return { app, code, outcome: await app.call("handleRedirectCallback") };
  }
});

/**
 * The faults, with a note of every token that leaves the provider.
 *
 * @param {string[]} issued
 * @returns {Record<string, import("../op/faults.mjs").Fault>}
 */
function noting(issued) {
  /** @param {import("../op/faults.mjs").Fault} fault @returns {import("../op/faults.mjs").Fault} */
  const noted = (fault) => ({
    ...fault,
    tokens(body, words) {
      const sent = fault.tokens?.(body, words) ?? body;
      issued.push(...["access_token", "refresh_token", "id_token"].map((name) => sent[name]).filter(Boolean));
      return sent;
    },
  });
  return Object.fromEntries(Object.entries(faults).map(([name, fault]) => [name, noted(fault)]));
}
