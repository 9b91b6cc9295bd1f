// @ts-check
// The faults that need the network: redirects, bodies without end, keys that change. Named as in `modules/*.json`.
import { gzipSync } from "node:zlib";

/** @typedef {import("./faults.mjs").Endpoint} Endpoint */
/** @typedef {Omit<import("./faults.mjs").Fault, "says">} Hooks */

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const MEGABYTES = 10 * 1024 * 1024;
const DEEP = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;

const captivePortal = {
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: "<!doctype html><title>Welcome to the hotel</title><p>Please accept our terms.</p>",
};

/** @param {Endpoint} endpoint @param {import("./faults.mjs").Answer} answer @returns {Hooks} */
const always = (endpoint, answer) => ({ answer: (asked) => (asked === endpoint ? answer : undefined) });

/** @param {Endpoint} endpoint @returns {Hooks} */
const moved = (endpoint) => ({
  answer: (asked, { base }) =>
    asked === endpoint ? { status: 307, headers: { location: `${base}/elsewhere/${endpoint}` } } : undefined,
});

/** @param {string} start of JSON */
const huge = (start) => ({ status: 200, headers: JSON_TYPE, body: `${start}${"x".repeat(MEGABYTES)}"}` });

const refused = (/** @type {object} */ body) => ({ status: 400, headers: JSON_TYPE, body: JSON.stringify(body) });

/** @type {Record<string, Hooks>} */
export const hooks = {
  // The key set that is there at the first request is not the one that the ID token is signed with.
  rotated_before_signing: { generation: (use, { asked }) => (use === "sign" || asked.jwks > 1 ? 1 : 0) },
  rotated_after_sign_in: { generation: (_use, { asked }) => (asked.token > 1 ? 1 : 0) },
  key_set_html: always("jwks", captivePortal),
  key_set_not_json_type: { type: { jwks: "text/plain; charset=utf-8" } },
  key_set_without_keys: always("jwks", { status: 200, headers: JSON_TYPE, body: "{}" }),
  key_set_redirect: moved("jwks"),
  key_set_huge: always("jwks", huge('{"keys":[],"x":"')),
  key_set_deep: always("jwks", { status: 200, headers: JSON_TYPE, body: DEEP }),
  key_set_media_type: { type: { jwks: "application/jwk-set+json" } },
  jwks_unreachable_once: { answer: (asked, { count }) => (asked === "jwks" && count === 1 ? "hang up" : undefined) },

  token_array: { tokens: (body) => [body] },
  token_status_201: { status: { token: 201 } },
  token_status_204: always("token", { status: 204 }),
  token_text: { type: { token: "text/plain; charset=utf-8" } },
  token_html: always("token", captivePortal),
  token_redirect: moved("token"),
  token_huge: always("token", huge('{"access_token":"')),
  token_gzip_bomb: always("token", {
    status: 200,
    headers: { ...JSON_TYPE, "content-encoding": "gzip" },
    body: gzipSync(huge('{"access_token":"').body),
  }),
  token_deep: always("token", { status: 200, headers: JSON_TYPE, body: DEEP }),
  token_never_ends: always("token", "never end"),
  token_invalid_grant: always("token", refused({ error: "invalid_grant", error_description: "the code is not known" })),
  token_html_description: always(
    "token",
    refused({ error: "invalid_request", error_description: "<img src=x onerror=alert(1)>\r\nset-cookie: a=b" }),
  ),
  token_unavailable: always("token", { ...captivePortal, status: 503 }),

  userinfo_html: always("userinfo", captivePortal),
  userinfo_redirect: moved("userinfo"),
  userinfo_huge: always("userinfo", huge('{"sub":"')),
  userinfo_deep: always("userinfo", { status: 200, headers: JSON_TYPE, body: DEEP }),

  discovery_html: always("discovery", captivePortal),
  discovery_text: { type: { discovery: "text/plain; charset=utf-8" } },
  discovery_not_found: always("discovery", { status: 404, headers: JSON_TYPE, body: "{}" }),
  discovery_redirect: moved("discovery"),
  discovery_huge: always("discovery", huge('{"issuer":"')),
  discovery_deep: always("discovery", { status: 200, headers: JSON_TYPE, body: DEEP }),
  discovery_never_answers: always("discovery", "never end"),
  discovery_duplicate: {
    text: (endpoint, json) =>
      endpoint === "discovery" ? `${json.slice(0, -1)},"token_endpoint":"https://idp.example.com/token"}` : json,
  },

  hidden_headers: { headers: { "access-control-expose-headers": "" } },
};
