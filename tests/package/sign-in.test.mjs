// The packed package signs somebody in where no page is: in Node by `import` and `require`, and in workerd. The provider
// is real; its login form is filled in by a broker, since these hosts have no browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { signInWithoutBrowser, startTestProvider, testClientId } from "../op/provider.mjs";
import { emptyProject, runInNode } from "./project.mjs";
import { startWorker } from "./worker.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof emptyProject>>} */
let project;
/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {{ url: string, close(): Promise<void> }} */
let broker;

before(async () => {
  project = await emptyProject();
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
  broker = await startBroker();
});
after(async () => {
  await broker?.close();
  await provider?.close();
  await project?.remove();
});

/** Answers an authorization URL with the callback URL that Ada's sign-in leads to. */
async function startBroker() {
  const server = createServer(async (request, response) => {
    let url = "";
    for await (const chunk of request) url += chunk;
    try {
      response.end(await signInWithoutBrowser(url, "ada"));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
}

/** A whole sign-in by hand, in source text, since it is pasted into scripts of every host. */
const SIGN_IN = `
async function signInByHand({ IdpClient }, idp, broker) {
  const codeOf = (work) => work().then(() => "no error", (error) => error.code);
  await idp.discover();
  const request = idp.createAuthorizationUrl({ loginHint: "ada" });
  const answer = await fetch(broker, { method: "POST", body: request.url });
  const callback = await answer.text();
  const changed = callback.replace(/state=[^&]{5}/, "state=other");
  const refusals = {
    changedState: await codeOf(() => idp.exchangeCode(changed, request)),
    otherIssuer: await codeOf(() => idp.exchangeCode(callback.replace(/iss=[^&]+/, "iss=https%3A%2F%2Fother"), request)),
  };
  const agent = await idp.exchangeCode(callback, request);
  const renewed = await idp.refresh(agent);
  // Last, since the provider revokes what a code gave when it comes twice.
  refusals.secondTime = await codeOf(() => idp.exchangeCode(callback, request));
  return {
    id: agent.id,
    type: agent.type,
    email: agent.email,
    mayWriteTasks: agent.hasAccessIn("org_engines", "write", "projects.tasks"),
    mayWriteBilling: agent.hasAccessIn("org_engines", "write", "billing"),
    isOwner: agent.isOwnerOf("org_engines"),
    isRenewed: renewed.id === agent.id && renewed.tokens.access_token !== agent.tokens.access_token,
    showsNoToken: !JSON.stringify(agent).includes(agent.tokens.access_token),
    logout: new URL(idp.createLogoutUrl({ idTokenHint: agent.tokens.id_token })).searchParams.has("id_token_hint"),
    refusals,
    ambient: {
      signInRedirect: await codeOf(() => idp.signInRedirect()),
      handleRedirectCallback: await codeOf(() => idp.handleRedirectCallback(callback)),
      getAgent: await codeOf(() => idp.getAgent()),
      getAccessToken: await codeOf(() => idp.getAccessToken()),
      authorizationHeader: await codeOf(() => idp.authorizationHeader()),
      refresh: await codeOf(() => idp.refresh()),
      fetch: await codeOf(() => idp.fetch("https://api.example.com/")),
      signOut: await codeOf(() => idp.signOut()),
    },
  };
}
`;

const TOLD = {
  id: "usr_ada",
  type: "user",
  email: "ada@example.com",
  mayWriteTasks: true,
  mayWriteBilling: false,
  isOwner: true,
  isRenewed: true,
  showsNoToken: true,
  logout: true,
  refusals: { changedState: "state_mismatch", otherIssuer: "iss_mismatch", secondTime: "invalid_grant" },
  ambient: {
    signInRedirect: "no_ambient_session",
    handleRedirectCallback: "no_ambient_session",
    getAgent: "no_ambient_session",
    getAccessToken: "no_ambient_session",
    authorizationHeader: "no_ambient_session",
    refresh: "no_ambient_session",
    fetch: "no_ambient_session",
    signOut: "no_ambient_session",
  },
};

/** The client's options and the broker, as source text. */
function setting() {
  const options = {
    issuer: provider.issuer,
    clientId: testClientId,
    redirectUri: REDIRECT_URI,
    scopes: "openid profile email offline_access",
  };
  return `const options = ${JSON.stringify(options)}; const broker = ${JSON.stringify(broker.url)};`;
}

/** The token requests that the provider has seen. */
function tokenRequests() {
  return provider.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/token")).length;
}

test("Node signs in by import; a code that is refused by its state or issuer is never sent [B2, I1, X38]", async () => {
  const sent = tokenRequests();
  await project.write({
    "sign-in.mjs": `
      import * as wasmOidc from "wasm-oidc";
      ${SIGN_IN}${setting()}
      const idp = await wasmOidc.IdpClient.create(options);
      console.log(JSON.stringify(await signInByHand(wasmOidc, idp, broker)));`,
  });
  assert.deepEqual(await runInNode(project.folder, "sign-in.mjs"), TOLD);
  // One for the code, one for the refresh, one for the same code again, which the provider refuses.
  assert.equal(tokenRequests() - sent, 3);
});

test("Node signs in by require", async () => {
  await project.write({
    "sign-in.cjs": `
      const wasmOidc = require("wasm-oidc");
      ${SIGN_IN}${setting()}
      signInByHand(wasmOidc, wasmOidc.IdpClient.createSync(options), broker)
        .then((told) => console.log(JSON.stringify(told)));`,
  });
  assert.deepEqual(await runInNode(project.folder, "sign-in.cjs"), TOLD);
});

test("a Worker signs in with a client that stands at module scope [X38]", async () => {
  const worker = await startWorker(project, `
    import * as wasmOidc from "wasm-oidc";
    ${SIGN_IN}${setting()}
    const idp = wasmOidc.IdpClient.createSync(options);
    export default { async fetch() { return Response.json(await signInByHand(wasmOidc, idp, broker)); } };`);
  try {
    assert.deepEqual(await (await worker.dispatchFetch("http://worker/")).json(), TOLD);
  } finally {
    await worker.dispose();
  }
});

test("a process that serves one person has a session of its own", async () => {
  await project.write({
    "single-user.mjs": `
      import { IdpClient } from "wasm-oidc";
      ${setting()}
      let sentTo = "";
      const events = [];
      const idp = await IdpClient.create({ ...options, session: "single-user", openUrl: (url) => { sentTo = url; } });
      idp.on("signedin", ({ detail }) => events.push(["signedin", detail.agent.id, detail.appState]));
      idp.on("signedout", ({ detail }) => events.push(["signedout", detail.agent.id, detail.reason]));
      await idp.signInRedirect({ appState: { tab: 3 } });
      const callback = await (await fetch(broker, { method: "POST", body: sentTo })).text();
      const [first, second] = await Promise.all([idp.handleRedirectCallback(callback), idp.handleRedirectCallback(callback)]);
      const agent = await idp.getAgent();
      const told = {
        same: first.agent === second.agent && second.agent === agent && idp.agent === agent,
        again: (await idp.handleRedirectCallback(callback)).agent === agent,
        appState: first.appState,
        authenticated: idp.isAuthenticated,
      };
      await idp.signOut({ redirect: false });
      told.afterwards = await idp.handleRedirectCallback(callback).catch(({ code, appState }) => ({ code, appState }));
      told.tokens = (() => { try { return agent.tokens; } catch ({ code }) { return code; } })();
      told.events = events;
      console.log(JSON.stringify(told));`,
  });
  const sent = tokenRequests();
  assert.deepEqual(await runInNode(project.folder, "single-user.mjs"), {
    same: true,
    again: true,
    appState: { tab: 3 },
    authenticated: true,
    afterwards: { code: "callback_already_handled", appState: { tab: 3 } },
    tokens: "signed_out",
    events: [["signedin", "usr_ada", { tab: 3 }], ["signedout", "usr_ada", "signed_out"]],
  });
  assert.equal(tokenRequests() - sent, 1);
});

test("a provider that is down is a NetworkError that says to retry, and does not stop a client from being made", async () => {
  await project.write({
    "down.mjs": `
      import { IdpClient, isOAuthError } from "wasm-oidc";
      const idp = await IdpClient.create({ issuer: "http://127.0.0.1:9", clientId: "spa", redirectUri: "http://127.0.0.1/callback" });
      const told = await idp.discover().catch((error) => [isOAuthError(error), error.name, error.recovery]);
      const now = (() => { try { idp.createAuthorizationUrl(); } catch (error) { return [error.name, error.code]; } })();
      console.log(JSON.stringify({ told, now }));`,
  });
  assert.deepEqual(await runInNode(project.folder, "down.mjs"), {
    told: [true, "NetworkError", "retry"],
    now: ["DiscoveryError", "not_discovered"],
  });
});
