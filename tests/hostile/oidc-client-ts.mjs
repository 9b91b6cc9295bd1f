// @ts-check
// One row of the table, tried with oidc-client-ts: its `OidcClient`, which needs no window when it is given a store.
import { InMemoryWebStorage, Log, OidcClient, WebStorageStateStore } from "oidc-client-ts";
import { CLIENT_SECRET, REDIRECT_URI, SIGNED_OUT_URI, authentications, observed, short } from "./world.mjs";

Log.setLevel(Log.NONE);

/**
 * @param {import("./world.mjs").World} world
 * @param {import("./world.mjs").Row} row
 * @returns {Promise<string>} what was seen
 */
export async function tryOidcClientTs(world, row) {
  const authority = world.hostile.issuer(row.fault);
  try {
    return await observed(signIn(world, row, authority));
  } catch (error) {
    return `refused: ${short(authority, /** @type {Error} */ (error).message)}`;
  }
}

/** @param {import("./world.mjs").World} world @param {import("./world.mjs").Row} row @param {string} authority */
async function signIn(world, row, authority) {
  const method = authentications[row.client ?? "test-spa"];
  const client = new OidcClient({
    authority,
    client_id: row.client ?? "test-spa",
    redirect_uri: REDIRECT_URI,
    post_logout_redirect_uri: SIGNED_OUT_URI,
    scope: "openid email offline_access",
    loadUserInfo: row.flow === "userinfo",
    requestTimeoutInSeconds: 2,
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    ...(method !== "none" && {
      client_secret: CLIENT_SECRET,
      client_authentication: /** @type {"client_secret_basic" | "client_secret_post"} */ (method),
    }),
  });
  const once = async () => {
    const { url } = await client.createSigninRequest({
      nonce: crypto.randomUUID(),
      ...(row.signIn?.maxAge !== undefined && { max_age: row.signIn.maxAge }),
    });
    const callback = await world.follow(url);
    return { callback, response: await client.processSigninResponse(callback) };
  };
  const { callback, response } = await once();
  if (row.flow === "twice") await once();
  if (row.flow === "same code") await client.processSigninResponse(callback);
  if (row.flow === "another code") await client.processSigninResponse(callback.replace(/([?&]code=)[^&]*/, "$1another"));
  if (row.flow === "refresh") {
    const { refresh_token = "", id_token, session_state, scope, profile } = response;
    const state = { refresh_token, id_token, session_state, scope, profile, data: undefined };
    await client.useRefreshToken({ state, timeoutInSeconds: 2 });
  }
  if (row.flow === "sign-out") {
    const { url } = await client.createSignoutRequest({ id_token_hint: response.id_token, state: "of the app" });
    const answer = await fetch(url, { redirect: "manual" });
    const { userState } = await client.processSignoutResponse(answer.headers.get("location") ?? "");
    return userState === "of the app" ? "accepted" : "not ours";
  }
  return "accepted";
}
