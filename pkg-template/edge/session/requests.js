// @ts-check
// What a request is: which route it asks for, whether a page of ours sent it, and whether a person looks at the answer.

/** The header that a form or an image of another site cannot send (the draft on browser-based apps, 6.1.3.3). */
export const OWN_HEADER = "x-wasm-oidc";

/**
 * Whether a request that changes something is sent by a page of ours: by the header, which another origin may send only
 * after CORS allowed it, and by what the browser itself says of where the request comes from.
 *
 * @param {Request} request
 * @param {string} publicOrigin
 */
export function isOurPages(request, publicOrigin) {
  return request.headers.get(OWN_HEADER) === "1" && isOfOrigin(request, publicOrigin);
}

/**
 * Whether the browser says that a page of the app sent a request.
 *
 * @param {Request} request
 * @param {string} publicOrigin
 */
export function isOfOrigin({ headers }, publicOrigin) {
  const site = headers.get("sec-fetch-site");
  return site === null ? headers.get("origin") === publicOrigin : site === "same-origin";
}

/**
 * Whether a request that reads something may be answered: not to another site, not to a neighbour under the same domain.
 *
 * @param {Request} request
 */
export function isFromHere(request) {
  const site = request.headers.get("sec-fetch-site");
  return site === null ? request.headers.get(OWN_HEADER) === "1" : site === "same-origin" || (site === "none" && isNavigation(request));
}

/**
 * Whether the browser goes to another page: a person sees the answer.
 *
 * @param {Request} request
 */
export function isNavigation(request) {
  const mode = request.headers.get("sec-fetch-mode");
  return mode === null ? /\btext\/html\b/.test(request.headers.get("accept") ?? "") : mode === "navigate";
}

/**
 * Whether it is a page of its own that a person goes to: no frame, no image, nothing that is fetched ahead.
 *
 * @param {Request} request
 */
export function isTopLevel({ headers }) {
  const isAhead = /prefetch|prerender/.test(`${headers.get("sec-purpose")} ${headers.get("purpose")}`);
  const destination = headers.get("sec-fetch-dest");
  // Browsers send all of these headers or none; the `fetch` of Node sends a mode alone.
  const isDocument = destination === "document" && headers.get("sec-fetch-mode") === "navigate";
  return !isAhead && (destination === null || isDocument);
}

/**
 * A path as a server behind us could read it: escapes undone, slashes one, dots resolved.
 *
 * @param {string} path
 */
export function normalised(path) {
  let text = path;
  // Twice: what is escaped doubly is plain to a server that undoes it once more than we.
  for (let round = 0; round < 2; round += 1) {
    text = text.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
  }
  const segments = [];
  for (const segment of text.replaceAll("\\", "/").split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "." && segment !== "") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

/**
 * Whether a path below a prefix is plain: nothing in it that two servers could read in two ways.
 *
 * @param {string} rest
 */
export function isPlain(rest) {
  return !/\/\/|^\/|\\|@|%(?:2f|5c|2e|25|40|[01][0-9a-f]|7f)|(?:^|\/)\.{1,2}(?:\/|$)/i.test(rest);
}

/**
 * The text of a posted form, as far as it is one.
 *
 * @param {Request} request
 * @returns {Promise<string | undefined>}
 */
export async function formIn(request) {
  const [type] = (request.headers.get("content-type") ?? "").toLowerCase().split(";");
  if (type.trim() !== "application/x-www-form-urlencoded" || request.body === null) return undefined;
  const reader = request.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > LONGEST_FORM) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** As long as a callback may be. */
const LONGEST_FORM = 64 * 1024;
