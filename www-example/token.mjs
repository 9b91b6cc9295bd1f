// @ts-check
// Prints an access token for the API of the examples on a server, after a sign-in by the browser beside the terminal:
// curl -H "authorization: Bearer $(node --env-file=www-example/demo.env www-example/token.mjs)" http://127.0.0.1:4180/api/tasks
import { startLogin } from "wasm-oidc/node";

const { OIDC_ISSUER, PUBLIC_ORIGIN } = process.env;

const { url, awaitCallback } = await startLogin({
  issuer: OIDC_ISSUER,
  clientId: "wasm-oidc-terminal",
  port: 0,
  // Which API the token is for (RFC 8707): it opens no other.
  resource: `${PUBLIC_ORIGIN}/api`,
});
console.error(`Sign in at ${url}`);

const { agent } = await awaitCallback();
console.log(await agent.getAccessToken());
