// @ts-check
// Authorization requests (RFC 6749 4.1.1) with PKCE (RFC 7636), made synchronously.
import { equal, holds, refused } from "./expect.mjs";
import { server } from "./people.mjs";

/** RFC 7636 4.2, by the platform's own SHA-256. @param {string} verifier */
async function challengeOf(verifier) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  return btoa(String.fromCharCode(...hash)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "an authorization URL is made synchronously, with PKCE S256, state and nonce of its own",
    async run(world) {
      const { idp } = await server(world);
      await idp.discover();
      const made = [idp.createAuthorizationUrl({ loginHint: "ada" }), idp.createAuthorizationUrl()];
      for (const { url, state, nonce, codeVerifier } of made) {
        const asked = new URL(url).searchParams;
        equal(asked.get("code_challenge"), await challengeOf(codeVerifier));
        equal([asked.get("code_challenge_method"), asked.get("response_type")], ["S256", "code"]);
        equal([asked.get("state"), asked.get("nonce"), asked.get("redirect_uri")], [state, nonce, world.setting.redirectUri]);
        holds(/^[A-Za-z0-9._~-]{43,128}$/.test(codeVerifier), "a verifier has the form of RFC 7636 4.1");
      }
      equal(new Set(made.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier])).size, 6);
      idp.dispose();
    },
  },
  {
    name: "a parameter that the client sets itself is refused",
    async run(world) {
      const { idp } = await server(world);
      await idp.discover();
      const own = () => idp.createAuthorizationUrl({ extraParams: { code_challenge: "x" } });
      await refused(world.wasmOidc, own, "ConfigurationError", "reserved_parameter");
      idp.dispose();
    },
  },
];
