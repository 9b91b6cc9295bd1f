// @ts-check
// What a configuration can name that only some hosts have: stores in files, a certificate authority of one's own. An entry
// says at its import how to get at them, and nothing of it is loaded before a configuration names it.

/** @typedef {(options: any) => object | Promise<object>} MakeStorage of what belongs to its kind in the configuration */

/** @type {{ storages: Record<string, MakeStorage>, fetchTrusting?: (ca: string) => Promise<typeof fetch> }} */
export const hostParts = { storages: {} };
