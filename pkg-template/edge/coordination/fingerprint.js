// @ts-check
// Names for secrets: part of their SHA-256 (FIPS 180-4), so that who reads a store's keys can use none of them.

/** 128 bits: nobody finds a second secret for a name. */
const BYTES = 16;

/**
 * @param {...string} parts kept apart, however they are cut
 * @returns {Promise<string>} in base64url
 */
export async function fingerprint(...parts) {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, BYTES);
  return btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
