// @ts-check
// The suite: every check of the public API, in the order in which it runs. Each runs in every runtime, unless it says of a
// kind of runtime why it cannot exist there.
import * as loading from "./loading.mjs";
import * as authorizationUrl from "./authorization-url.mjs";
import * as signIn from "./sign-in.mjs";
import * as verification from "./verification.mjs";
import * as refresh from "./refresh.mjs";
import * as storage from "./storage.mjs";
import * as access from "./access.mjs";
import * as userInfo from "./user-info.mjs";
import * as api from "./api.mjs";
import * as logout from "./logout.mjs";
import * as errors from "./errors.mjs";
import * as configuration from "./configuration.mjs";
import * as grants from "./grants.mjs";
import * as verifier from "./verifier.mjs";
import * as sessions from "./sessions.mjs";

/** @type {[concern: string, import("../here.mjs").Check[]][]} */
export const CONCERNS = [
  ["loading", loading.checks],
  ["authorization URL", authorizationUrl.checks],
  ["sign-in", signIn.checks],
  ["verification", verification.checks],
  ["refresh", refresh.checks],
  ["storage", storage.checks],
  ["access", access.checks],
  ["userinfo", userInfo.checks],
  ["calls of an API", api.checks],
  ["sign-out", logout.checks],
  ["errors", errors.checks],
  ["configuration", configuration.checks],
  ["grants and preflight", grants.checks],
  ["requests to an API", verifier.checks],
  ["sessions on a server", sessions.checks],
];

export const CHECKS = CONCERNS.flatMap(([, checks]) => checks);
