// @ts-check
// An app's own page at the redirect URI: it makes its client, as the app does everywhere, and asks it to handle the
// callback. What came of it stays in `localStorage`, since the window closes.
import { IdpClient } from "/pkg/browser.js";

const { searchParams, origin, pathname } = new URL(location.href);
const issuer = searchParams.get("issuer");
const idp = await IdpClient.create({
  issuer,
  clientId: searchParams.get("client"),
  redirectUri: `${origin}${pathname}?issuer=${encodeURIComponent(issuer)}&client=${searchParams.get("client")}`,
  storage: "session",
});
const result = await idp.handleRedirectCallback().catch(({ code }) => ({ code }));
localStorage.setItem("popped", JSON.stringify({ result, search: location.search, agent: idp.agent?.id ?? null, tab: Object.keys(sessionStorage) }));
