// @ts-check
// The example: one client, one sign-in by redirect, and what follows from it.
import { IdpClient } from "wasm-oidc";
import { showAccess } from "./access.js";
import { showAgent } from "./agent.js";
import { showApi } from "./api.js";
import { forgetCheck, showCheck } from "./check.js";
import { showHappenings } from "./happenings.js";
import { showPreflight } from "./preflight.js";
import { hideProblem, showProblem } from "./problem.js";
import { element } from "./dom.js";

const issuer = import.meta.env.VITE_OIDC_ISSUER;
const apiUrl = import.meta.env.VITE_API_URL;

/** @type {IdpClient} */
let idp;

async function begin() {
  idp = await IdpClient.create({
    issuer,
    clientId: import.meta.env.VITE_OIDC_CLIENT_ID,
    redirectUri: `${location.origin}/callback`,
    scopes: ["openid", "profile", "email", "offline_access"],
    storage: "local", // a reload keeps you signed in, and the other tabs follow
    apiOrigins: [apiUrl], // where the access token may go
  });

  showHappenings(idp);
  for (const type of /** @type {const} */ (["signedin", "refreshed", "signedout"])) idp.on(type, () => show().catch(reportError));

  // Anywhere but at the redirect URI this is `null`, so that it can be called on every page.
  const result = await idp.handleRedirectCallback();
  if (result && "agent" in result) history.replaceState(null, "", result.returnTo ?? "/");
  // Back from the provider's sign-out page: takes its `state` out of the address bar.
  await idp.handleLogoutCallback();
}

/** Shows who is signed in, or the way to sign in. */
async function show() {
  const agent = idp ? await idp.getAgent() : null;
  element("starting").hidden = true;
  element("welcome").hidden = agent !== null;
  element("desk").hidden = agent === null;
  element("refresh").parentElement?.toggleAttribute("hidden", agent === null);
  document.querySelector("main")?.setAttribute("aria-busy", "false");
  if (idp) showPreflight(idp, attempt);
  if (!agent) return forgetCheck();
  showAgent(agent);
  showAccess(agent);
  showApi(idp, `${apiUrl}/api/tasks`, attempt);
  showCheck(idp, attempt);
}

/**
 * Does one thing that can fail, and says in the page when it did.
 *
 * @param {() => Promise<unknown>} work
 */
async function attempt(work) {
  hideProblem();
  try {
    await work();
  } catch (error) {
    showProblem(error, { retry: () => attempt(work), signIn });
  }
}

async function signIn() {
  if (!idp) return location.assign("/");
  await attempt(() => idp.signInRedirect({ returnTo: "/" }));
}

element("issuer").textContent = new URL(issuer).host;
element("sign-in").addEventListener("click", signIn);
element("sign-in-popup").addEventListener("click", () => attempt(() => idp.signInPopup()));
element("refresh").addEventListener("click", () => attempt(() => idp.refresh().finally(show)));
element("sign-out").addEventListener("click", () =>
  attempt(() => idp.signOut({ returnTo: `${location.origin}/` }).finally(show)),
);

attempt(() => begin().finally(show));
