// @ts-check
// What a lying identity provider does, one fault an entry: what `hostile.mjs` serves. The rows of `table.mjs` describe
// most of them; the others are functions of `hooks.mjs`.
//
// A fault changes exactly one thing. Each of its members stands where the honest proxy makes a value, gets that value and
// returns the one to send.
import { hooks } from "./hooks.mjs";
import { faultOf, rows } from "./table.mjs";

/**
 * @typedef {"discovery" | "authorize" | "token" | "jwks" | "userinfo" | "end_session" | "revocation" | "introspection"} Endpoint
 * @typedef {{status: number, headers?: Record<string, string>, body?: string | Buffer} | "hang up" | "never end" | undefined} Answer
 * @typedef {import("./edits.mjs").Words} Words
 *
 * @typedef {object} Fault
 * @property {string} says what is wrong, in words for a test's name
 * @property {string} [on] the grant type of the token responses that `header` to `tokens` are for; all where none is named
 * @property {import("./signing.mjs").Algorithm} [algorithm] of the ID token, RS256 by default
 * @property {import("./signing.mjs").WrongSignature} [wrong] what is wrong with the ID token's signature
 * @property {(header: Record<string, any>, words: Words) => Record<string, any>} [header] of the ID token
 * @property {(claims: Record<string, any>, words: Words) => Record<string, any>} [claims] of the ID token, before it is signed
 * @property {(json: string) => string} [payload] the text of these claims
 * @property {(jwt: string) => string} [token] the signed ID token, in its compact form
 * @property {(body: Record<string, any>, words: Words) => any} [tokens] the token response
 * @property {(document: Record<string, any>, words: Words) => Record<string, any>} [discovery] the metadata document
 * @property {(params: URLSearchParams, words: Words) => URLSearchParams} [response] the parameters that go to the redirect URI
 * @property {(params: URLSearchParams, words: Words) => URLSearchParams} [logout] those that go to the post-logout redirect URI
 * @property {(jwks: {keys: any[]}, words: Words) => {keys: any[]}} [keySet] the key set document
 * @property {(body: Record<string, any>, words: Words) => Record<string, any>} [userinfo] the userinfo response
 * @property {{algorithm?: import("./signing.mjs").Algorithm, wrong?: import("./signing.mjs").WrongSignature, alg?: string}} [signedUserinfo]
 *   how the userinfo response is signed; plain JSON where it is not
 * @property {(use: "sign" | "publish", counts: {asked: Record<Endpoint, number>}) => number} [generation] which keys sign or
 *   are published, by how often each endpoint was asked
 * @property {(endpoint: Endpoint, context: {count: number, base: string}) => Answer} [answer] instead of the proxy's own answer;
 *   `count` is 1 for the first request to that endpoint
 * @property {(endpoint: Endpoint, json: string) => string} [text] what is sent instead of this JSON
 * @property {Partial<Record<Endpoint, string>>} [type] other media types
 * @property {Partial<Record<Endpoint, number>>} [status] other states than 200
 * @property {Record<string, string>} [headers] headers of every answer
 */

/** @type {Record<string, Fault>} */
export const faults = Object.fromEntries(
  rows.map((row) => {
    if (Boolean(row.hook) !== row.fault in hooks) throw new Error(`${row.fault}: is it a row or a hook?`);
    return [row.fault, { ...faultOf(row), ...hooks[row.fault] }];
  }),
);

/** @typedef {string} FaultName */
