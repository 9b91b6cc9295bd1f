// @ts-check
// What the rows of `modules/*.json` say about a value: which of its members change, and how. `tests/hostile.rs` reads the
// same words.
//
//   {"set": value}      the member is this
//   {"remove": true}    there is no such member
//   {"append": "text"}  the text stands after what was there
//   {"now": seconds}    the time that is so many seconds from now
//   {"list": [more]}    an array of what was there and these
//   {"also": value}     a second parameter of that name (authorization responses only)
//
// Strings in a value may be `{issuer}`, `{client_id}`, `{key_id}` and `{trap}`, an address of the issuer that nobody may
// ask for; `{stranger}` is the public key of somebody who is not the provider.

/**
 * @typedef {{set?: any, remove?: true, append?: string, now?: number, list?: any[], also?: string}} Edit
 * @typedef {Record<string, Edit>} Edits
 * @typedef {Record<string, any>} Words what the words in braces stand for
 */

/**
 * @param {Record<string, any>} value
 * @param {Edits | undefined} edits
 * @param {Words} words
 * @returns {Record<string, any>} a changed copy
 */
export function edited(value, edits, words) {
  const changed = { ...value };
  for (const [name, edit] of Object.entries(edits ?? {})) {
    if (edit.remove) delete changed[name];
    else changed[name] = after(changed[name], edit, words);
  }
  return changed;
}

/**
 * @param {URLSearchParams} params
 * @param {Edits | undefined} edits
 * @param {Words} words
 */
export function editedParams(params, edits, words) {
  const changed = new URLSearchParams(params);
  for (const [name, edit] of Object.entries(edits ?? {})) {
    if (edit.remove) changed.delete(name);
    const { also, ...alone } = edit;
    if (Object.keys(alone).length > 0 && !edit.remove) changed.set(name, after(changed.get(name), alone, words));
    if (also !== undefined) changed.append(name, also);
  }
  return changed;
}

/** @param {any} before @param {Edit} edit @param {Words} words */
function after(before, edit, words) {
  if (edit.append !== undefined) return `${before}${edit.append}`;
  if (edit.now !== undefined) return Math.floor(Date.now() / 1000) + edit.now;
  if (edit.list) return [...(before === undefined ? [] : [before]), ...spoken(edit.list, words)];
  if ("set" in edit) return spoken(edit.set, words);
  throw new Error(`an edit that nobody knows: ${JSON.stringify(edit)}`);
}

/** A value with its words in braces replaced. @param {any} value @param {Words} words @returns {any} */
export function spoken(value, words) {
  if (Array.isArray(value)) return value.map((one) => spoken(one, words));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoken(one, words)]));
  }
  if (typeof value !== "string") return value;
  const alone = /^\{(\w+)\}$/.exec(value);
  if (alone && alone[1] in words) return words[alone[1]];
  return value.replaceAll(/\{(\w+)\}/g, (whole, word) => (word in words ? String(words[word]) : whole));
}
