// @ts-check
// Who is asked about, and what is asked.

/** @typedef {import("./contestants.mjs").Question} Question */

/**
 * Scopes dealt out to the organizations in turn: of ten, one is `**` below a sub-resource, one `*`, eight are exact.
 *
 * @param {number} scopes in all organizations together
 * @param {number} organizations
 * @returns {import("./contestants.mjs").Organization[]}
 */
export function organizationsWith(scopes, organizations) {
  const list = Array.from({ length: organizations }, (_, at) => ({ id: `o${at}`, scopes: /** @type {string[]} */ ([]) }));
  for (let at = 0; at < scopes; at += 1) {
    const scope = at % 10 === 0 ? `r${at}.s:**` : at % 10 === 1 ? `r${at}:*` : `r${at}:read`;
    list[at % organizations].scopes.push(scope);
  }
  return list;
}

/**
 * Questions about exact scopes from the first to the last, every second one denied, as an app asks them again and again:
 * with strings that stand in its code.
 *
 * @param {number} scopes
 * @param {number} organizations
 * @returns {Question[]}
 */
export function repeatedQuestions(scopes, organizations) {
  return Array.from({ length: 100 }, (_, number) => {
    const place = Math.floor((number / 100) * scopes);
    const at = place - (place % 10) + 2 + (number % 8);
    return {
      action: asInCode(number % 2 === 0 ? "read" : "write"),
      resource: asInCode(`r${at}`),
      organization: asInCode(`o${at % organizations}`),
    };
  });
}

/** The one string of its text that the engine has for names in code. @param {string} text */
const asInCode = (text) => Object.keys({ [text]: true })[0];

let fresh = 0;

/**
 * Questions that nobody has asked before, over scopes from the first to the last; every second one is granted, by a `**`.
 *
 * @param {number} count
 * @param {number} scopes
 * @param {number} organizations
 * @returns {Question[]}
 */
export function newQuestions(count, scopes, organizations) {
  return Array.from({ length: count }, (_, number) => {
    const place = (number * 7919) % scopes;
    const at = place - (place % 10);
    fresh += 1;
    return { action: "read", resource: `r${at}.${number % 2 === 0 ? "s" : "t"}.x${fresh}`, organization: `o${at % organizations}` };
  });
}
