// @ts-check
// The whole page at the redirect URI of an app that signs in by popup or silently: it relays, cleans the address bar and
// closes. It needs no wasm and shows nothing.

import { leave, relay } from "./relay.js";

if (relay(location.href)) {
  history.replaceState(null, "", location.pathname);
  leave();
}
