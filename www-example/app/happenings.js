// @ts-check
// What happens to the session, in this tab and in others.
import { element, make } from "./dom.js";

const WORDS = /** @type {Record<string, string>} */ ({
  signedin: "Signed in",
  refreshed: "Tokens renewed",
  refreshfailed: "Tokens could not be renewed; the session goes on",
  expired: "The access token is past its end",
  signedout: "Signed out",
  warning: "Warning",
});

/** How many are shown. */
const LATEST = 8;

/** @param {import("wasm-oidc").IdpClient} idp */
export function showHappenings(idp) {
  const list = element("happenings");
  for (const type of /** @type {import("wasm-oidc").ClientEventType[]} */ (Object.keys(WORDS))) {
    idp.on(type, ({ detail: { reason, source } }) => {
      const where = source === "other-tab" ? "in another tab" : "here";
      const what = [WORDS[type], where, ...(reason ? [`(${reason})`] : [])].join(" ");
      const time = new Date().toLocaleTimeString();
      list.prepend(make("li", {}, make("time", {}, time), make("span", {}, what)));
      while (list.children.length > LATEST) list.lastElementChild?.remove();
    });
  }
}
