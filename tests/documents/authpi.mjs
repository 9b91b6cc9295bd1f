// @ts-check
// A provider as the document of authpi-idp imagines one, and its client.
import { IdpClient } from "wasm-oidc";

import { demoUsers, signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";

export const REDIRECT_URI = "https://app.example.com/callback";

/** The machine of *Machine-to-Machine Authentication*. */
export const MACHINE = { clientId: "agt_machine1", clientSecret: "a secret of the machine, long enough" };

const [ada] = demoUsers;

/** Who signs in: the scopes are those of *Scope evaluation example*. */
export const organizations = [
  { id: "org_xxx", title: "Admin", scopes: ["projects:**", "users:read"], joined_at: 1_700_000_000 },
  { id: "org_own", title: "Own", scopes: ["owner", "admin", "projects:**"], joined_at: 1_700_000_001 },
  { id: "org_all", title: "Everything", scopes: ["*:**"], joined_at: 1_700_000_002 },
];

export function startAuthPi() {
  return startTestProvider({
    redirectUris: [REDIRECT_URI, "http://127.0.0.1/callback"],
    users: [{ ...ada, organizations }],
    ttl: { AccessToken: 600, ClientCredentials: 600 },
    clients: [
      {
        client_id: MACHINE.clientId,
        client_secret: MACHINE.clientSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    features: { clientCredentials: { enabled: true } },
  });
}

/**
 * @param {{ issuer: string }} provider
 * @param {object} [more]
 */
export function clientOf({ issuer }, more) {
  return IdpClient.create({
    issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: ["openid", "profile", "email", "offline_access"],
    ...more,
  });
}

/**
 * Signs in by hand, as *Quick Start* does.
 *
 * @param {IdpClient} idp
 */
export async function signedIn(idp) {
  const auth = await idp.createAuthorizationRequest();
  return idp.exchangeCode(await signInWithoutBrowser(auth.url, "ada"), auth);
}
