// @ts-check
// The table of what a lying identity provider does and what a client has to make of it: the rows of `modules/*.json`, one
// file a chapter. A row:
//
//   fault      its name, and its path below the hostile provider
//   modules    the modules of the OpenID Foundation's conformance suite that inject the same, where there are any
//   says       what is wrong, in words for a test's name
//   inject     what is changed (below), or
//   hook       true: a function of `hooks.mjs` does it, because it needs the network
//   expected   "accepted"; "not ours": the client leaves the callback alone; or the class and the code of the error
//   ids        the lines of SECURITY.md that the row shows
//   flow       what is done: "sign-in" (default), "userinfo" and "refresh" after it, "twice": a second sign-in, "same code"
//              and "another code": a callback with the same state after it, "sign-out" and "front-channel" after it; "logout-token" alone
//   options, signIn   of the client and of `signInRedirect`
//   client     who signs in, where it is not `test-spa`
//   seen       the requests after the authorization response, where they are others than the flow has
//   keeps      true: the session outlives a refused refresh
//   twice      true: the logout token comes twice
//   peers      why another library is not asked, by its name
//
// `inject` has edits (see `edits.mjs`) of `header`, `claims`, `refreshedClaims`, `tokens`, `userinfo`, `discovery`, `response`,
// `logout` and `frontChannel`, and
//
//   on             the grant type of the token responses that the edits of ID token and token response are for
//   algorithm      of the ID token's signature, RS256 where none is named
//   wrong          what is wrong with the signature (see `signing.mjs`)
//   rawClaims      JSON text of further claims, as no JSON library writes it
//   repeated       a claim that holds `text` so many `times`, as a string, or opened and closed by `text` and `end`
//   compact        the compact form, from `{header}`, `{payload}` and `{signature}`
//   keys           steps that change the key set: {"only": [algorithms]}, {"before": [keys], "times": n}, {"each": edits},
//                  {"signByte": true}; a key with `stranger` has somebody else's public members
//   signedUserinfo userinfo is a JWT, with `algorithm`, `wrong`, `alg` of its own
import { readFileSync } from "node:fs";
import { edited, editedParams, spoken } from "./edits.mjs";

/** @typedef {import("./edits.mjs").Edits} Edits */
/** @typedef {import("./edits.mjs").Words} Words */
/** @typedef {import("./faults.mjs").Fault} Fault */
/** @typedef {{keys: any[]}} KeySet */

/**
 * @typedef {object} Row
 * @property {string} fault
 * @property {string} chapter
 * @property {string[]} [modules]
 * @property {string} says
 * @property {Inject} [inject]
 * @property {true} [hook]
 * @property {"accepted" | "not ours" | [string, string]} expected
 * @property {string[]} [ids]
 * @property {string} [flow]
 * @property {Record<string, any>} [options]
 * @property {Record<string, any>} [signIn]
 * @property {string} [client]
 * @property {string[]} [seen]
 * @property {true} [keeps]
 * @property {true} [twice]
 * @property {Record<string, string>} [peers]
 *
 * @typedef {object} Inject
 * @property {string} [on]
 * @property {Edits} [header]
 * @property {Edits} [claims]
 * @property {Edits} [refreshedClaims]
 * @property {Edits} [tokens]
 * @property {Edits} [userinfo]
 * @property {Edits} [discovery]
 * @property {Edits} [response]
 * @property {Edits} [logout]
 * @property {Edits} [frontChannel]
 * @property {import("./signing.mjs").Algorithm} [algorithm]
 * @property {import("./signing.mjs").WrongSignature} [wrong]
 * @property {string} [rawClaims]
 * @property {{text: string, times: number, end?: string}} [repeated]
 * @property {string} [compact]
 * @property {Record<string, any>[]} [keys]
 * @property {{algorithm?: import("./signing.mjs").Algorithm, wrong?: import("./signing.mjs").WrongSignature, alg?: string}} [signedUserinfo]
 */

/** The chapters, in the order of a sign-in. */
export const CHAPTERS = [
  "discovery", "callback", "token-response", "id-token", "times", "forms", "signature", "keys", "userinfo", "refresh",
  "honest", "logout", "front-channel", "logout-token",
];

/** Every row. @type {Row[]} */
export const rows = CHAPTERS.flatMap((chapter) => {
  const text = readFileSync(new URL(`./modules/${chapter}.json`, import.meta.url), "utf8");
  return JSON.parse(text).map((/** @type {Row} */ row) => ({ ...row, chapter }));
});

/**
 * The fault that a row describes.
 *
 * @param {Row} row
 * @returns {Fault}
 */
export function faultOf({ says, inject = {} }) {
  const { on, algorithm, wrong, compact, signedUserinfo } = inject;
  const rawClaims = inject.repeated ? repeated(inject.repeated) : inject.rawClaims;
  /** @type {Fault} */
  const fault = { says, on, algorithm, wrong };
  if (inject.header) fault.header = (header, words) => edited(header, inject.header, words);
  if (inject.claims || inject.refreshedClaims) {
    fault.claims = (claims, words) => {
      const first = edited(claims, inject.claims, words);
      return words.grant === "refresh_token" ? edited(first, inject.refreshedClaims, words) : first;
    };
  }
  if (rawClaims) fault.payload = (json) => `${json.slice(0, -1)},${rawClaims}}`;
  if (compact) fault.token = (jwt) => compacted(compact, jwt);
  if (inject.tokens) fault.tokens = (body, words) => edited(body, inject.tokens, words);
  if (inject.userinfo) fault.userinfo = (body, words) => edited(body, inject.userinfo, words);
  if (signedUserinfo) fault.signedUserinfo = signedUserinfo;
  if (inject.discovery) fault.discovery = (document, words) => edited(document, inject.discovery, words);
  if (inject.response) fault.response = (params, words) => editedParams(params, inject.response, words);
  if (inject.logout) fault.logout = (params, words) => editedParams(params, inject.logout, words);
  if (inject.keys) {
    const steps = inject.keys;
    fault.keySet = (keySet, words) => steps.reduce((/** @type {KeySet} */ set, step) => changedKeys(set, step, words), keySet);
  }
  return fault;
}

/** @param {{text: string, times: number, end?: string}} repeated JSON text of a claim */
function repeated({ text, times, end }) {
  return `"x":${end ? text.repeat(times) + end.repeat(times) : JSON.stringify(text.repeat(times))}`;
}

/** @param {string} template @param {string} jwt */
function compacted(template, jwt) {
  const [header, payload, signature] = jwt.split(".");
  return spoken(template, { header, payload, signature });
}

/** @param {KeySet} keySet @param {Record<string, any>} step @param {Words} words @returns {KeySet} */
function changedKeys({ keys }, step, words) {
  if (step.only) return { keys: keys.filter(({ alg }) => step.only.includes(alg)) };
  if (step.before) {
    const more = step.before.map((/** @type {any} */ key) => {
      if (typeof key !== "object" || key === null) return key;
      const { stranger, ...members } = key;
      return { ...(stranger && words.stranger), ...spoken(members, words) };
    });
    return { keys: [...Array(step.times ?? 1).fill(more).flat(), ...keys] };
  }
  if (step.each) return { keys: keys.map((key) => edited(key, step.each, words)) };
  if (step.signByte) return { keys: keys.map((key) => (key.n ? { ...key, n: withSignByte(key.n) } : key)) };
  throw new Error(`a step that nobody knows: ${JSON.stringify(step)}`);
}

/** @param {string} number base64url */
function withSignByte(number) {
  return Buffer.concat([Buffer.of(0), Buffer.from(number, "base64url")]).toString("base64url");
}
