// @ts-check
// Each address of the table that the native tests go through too, with the platform's own `URL` in place of the `url` crate.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { IdpClient } from "wasm-oidc";

const ISSUER = "https://idp.example.com";
const REDIRECT_URI = "https://app.example.com/callback";

/** @type {{ name: string, expected: string, actual: string, is_same?: boolean, refused?: boolean }[]} */
const rows = JSON.parse(readFileSync(new URL("../fixtures/addresses.json", import.meta.url), "utf8")).rows;

/** A token that nobody signed, for a client that is told not to look. @param {object} claims */
function unsigned(claims) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(claims)}.${Buffer.alloc(256).toString("base64url")}`;
}

describe("an address that is expected", () => {
  /** @type {IdpClient} */
  let idp;
  /** Claims of the next ID token. @type {object} */
  let claims = {};
  /** What the userinfo endpoint says. @type {object} */
  let userInfo = {};

  before(async () => {
    const json = (/** @type {object} */ body) => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    idp = await IdpClient.create({
      metadata: {
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/authorize`,
        token_endpoint: `${ISSUER}/token`,
        userinfo_endpoint: `${ISSUER}/me`,
      },
      clientId: "spa",
      redirectUri: REDIRECT_URI,
      verifySignature: false,
      fetch: async (input) => {
        const url = input instanceof Request ? input.url : String(input);
        if (url.endsWith("/me")) return json({ sub: "usr_1", ...userInfo });
        const now = Math.floor(Date.now() / 1000);
        const all = { iss: ISSUER, sub: "usr_1", aud: "spa", iat: now, exp: now + 300, ...claims };
        return json({ access_token: "at", token_type: "Bearer", id_token: unsigned(all) });
      },
    });
  });
  after(() => idp?.dispose());

  /** @param {import("wasm-oidc").SignInOptions} options */
  async function signIn(options) {
    const request = idp.createAuthorizationUrl(options);
    claims = { ...claims, nonce: request.nonce };
    // As a server keeps it between the two.
    const kept = JSON.parse(JSON.stringify(request));
    return idp.exchangeCode({ code: "c", state: request.state }, kept);
  }

  for (const { name, expected, actual, is_same, refused } of rows) {
    it(`is the same or not: ${name}`, async () => {
      claims = { email: actual, email_verified: true };
      if (refused) {
        const wrong = { name: "ConfigurationError", code: "invalid_option" };
        await assert.rejects(signIn({ expect: { email: expected } }), wrong);
        return assert.rejects(signIn({ loginHint: expected || "-", enforceLoginHint: true }), wrong);
      }
      if (is_same) return assert.equal((await signIn({ expect: { email: expected } })).email, actual);
      for (const options of [{ expect: { email: expected } }, { loginHint: expected, enforceLoginHint: true }]) {
        await assert.rejects(signIn(options), { name: "IdentityMismatchError", code: "identity_mismatch", expected, actual });
      }
    });
  }

  it("has to be verified, by a boolean, unless the app takes any", async () => {
    const expect = { email: "ada@example.com" };
    for (const [verified, code] of /** @type {[unknown, string | undefined][]} */ ([
      [true, undefined], [undefined, "email_unverified"], [false, "email_unverified"], ["true", "email_unverified"],
      [1, "email_unverified"], [null, "email_unverified"],
    ])) {
      claims = { email: "ada@example.com", email_verified: verified };
      if (code === undefined) assert.equal((await signIn({ expect })).id, "usr_1");
      else await assert.rejects(signIn({ expect }), { name: "IdentityMismatchError", code });
      assert.equal((await signIn({ expect, allowUnverifiedEmail: true })).id, "usr_1");
    }
  });

  it("comes from userinfo with the same subject where the ID token does not tell it", async () => {
    const expect = { email: "ada@example.com" };
    for (const [told, code] of /** @type {[object, string | undefined][]} */ ([
      [{ email: "ada@example.com", email_verified: true }, undefined],
      [{ email: "ada@example.com" }, "email_unverified"],
      [{ email: "ben@example.com", email_verified: true }, "identity_mismatch"],
      [{ email: ["ada@example.com"], email_verified: true }, "email_missing"],
      [{}, "email_missing"],
      [{ sub: "usr_2", email: "ada@example.com", email_verified: true }, "subject_mismatch"],
      [{ sub: null, email: "ada@example.com", email_verified: true }, "invalid_claim"],
    ])) {
      [claims, userInfo] = [{}, told];
      if (code === undefined) assert.equal((await signIn({ expect })).id, "usr_1");
      else await assert.rejects(signIn({ expect }), { code });
    }
  });

  it("is one of several expectations, all of which have to hold", async () => {
    claims = { email: "ada@example.com", email_verified: true, org: { id: 1, roles: ["a", "b"] }, big: 1 };
    const { email } = { email: "ADA@example.com" };
    await signIn({ expect: { email, sub: "usr_1", claims: { org: { roles: ["a", "b"], id: 1 }, big: 1 } } });
    for (const [expect, expected, actual] of /** @type {[object, string, string | undefined][]} */ ([
      [{ email, sub: "usr_2" }, "usr_2", "usr_1"],
      [{ email, claims: { org: { id: 1 } } }, '{"id":1}', '{"id":1,"roles":["a","b"]}'],
      [{ email, claims: { org: { id: 1, roles: ["b", "a"] } } }, '{"id":1,"roles":["b","a"]}', '{"id":1,"roles":["a","b"]}'],
      [{ email, claims: { big: "1" } }, "1", "1"],
      [{ email, claims: { toString: null } }, "null", undefined],
    ])) {
      const error = await signIn({ expect }).catch((error) => error);
      assert.deepEqual([error.name, error.code], ["IdentityMismatchError", "identity_mismatch"]);
      assert.deepEqual([error.expected, error.actual], [expected, actual]);
    }
  });

  it("is refused where it could not be checked, before anybody is sent away", () => {
    for (const options of [
      { expect: {} }, { expect: { email: undefined } }, { expect: { mail: "ada@example.com" } }, { expect: { claims: {} } },
      { expect: [] }, { enforceLoginHint: true }, { sameSubject: "usr_1" },
      { loginHint: "ada@example.com", enforceLoginHint: true, expect: { email: "ben@example.com" } },
    ]) {
      const refused = (/** @type {any} */ error) => error.name === "ConfigurationError" && error.recovery === "fix";
      assert.throws(() => idp.createAuthorizationUrl(/** @type {any} */ (options)), refused, JSON.stringify(options));
    }
  });

  it("cannot be taken out of what the app hands back by another name", async () => {
    const request = idp.createAuthorizationUrl({ expect: { sub: "usr_2" } });
    claims = { nonce: request.nonce };
    const callback = { code: "c", state: request.state };
    const renamed = /** @type {any} */ ({ ...request, expect: undefined, expected: request.expect });
    await assert.rejects(idp.exchangeCode(callback, renamed), { name: "ConfigurationError", code: "unknown_option" });
    const emptied = /** @type {any} */ ({ ...request, expect: {} });
    await assert.rejects(idp.exchangeCode(callback, emptied), { name: "ConfigurationError", code: "invalid_option" });
    await assert.rejects(idp.exchangeCode(callback, request), { name: "IdentityMismatchError" });
  });
});
