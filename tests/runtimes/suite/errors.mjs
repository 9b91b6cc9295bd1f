// @ts-check
// Errors: classes of JavaScript with a code and with what to do next.
import { equal, holds, refused } from "./expect.mjs";
import { common } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "every class of error is one of JavaScript, and of the package",
    run({ wasmOidc }) {
      const classes = Object.entries(wasmOidc).filter(([name]) => /^[A-Z]\w*Error$/.test(name));
      holds(classes.length > 20, "the package exports its classes");
      for (const [name, one] of classes) {
        const Class = /** @type {any} */ (one);
        const error = new Class({ class: name, code: "a_code", message: "said", recovery: "fix", status: 400 });
        equal([error instanceof Error, error instanceof wasmOidc.OAuthError, wasmOidc.isOAuthError(error)], [true, true, true], name);
        equal([error.name, error.code, error.message, error.recovery, error.status], [name, "a_code", "said", "fix", 400]);
        holds(typeof error.stack === "string" && String(error).includes("said"), `${name} has a stack and a text`);
      }
      equal([wasmOidc.isOAuthError(new Error("another")), wasmOidc.isOAuthError(null)], [false, false]);
    },
  },
  {
    name: "an option that there is not is named, with the nearest that there is",
    async run(world) {
      const misspelt = () => world.wasmOidc.IdpClient.create(/** @type {any} */ ({ ...common(world), redirectURL: "x" }));
      const { message } = await refused(world.wasmOidc, misspelt, "ConfigurationError", "unknown_option");
      holds(message.includes("redirectURL") && message.includes("redirectUri"), "the message names both");
      const wrong = () => world.wasmOidc.IdpClient.create({ ...common(world), timeoutSeconds: -1 });
      await refused(world.wasmOidc, wrong, "ConfigurationError", "invalid_option");
    },
  },
  {
    name: "what the provider refuses comes with its own words",
    async run(world) {
      const idp = await world.wasmOidc.IdpClient.create(common(world));
      const request = await idp.createAuthorizationRequest();
      const answer = new URLSearchParams({ error: "access_denied", error_description: "said no", state: request.state, iss: request.issuer });
      const denied = await refused(world.wasmOidc, () => idp.exchangeCode(answer, request), "AccessDeniedError", "access_denied");
      equal([denied.error, denied.errorDescription], ["access_denied", "said no"]);
      const invented = new URLSearchParams({ code: "invented", state: request.state, iss: request.issuer });
      const { error, status } = await refused(world.wasmOidc, () => idp.exchangeCode(invented, request), "TokenExchangeError", "invalid_grant");
      equal([error, status], ["invalid_grant", 400]);
      idp.dispose();
    },
  },
];
