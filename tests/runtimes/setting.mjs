// @ts-check
// What all runtimes of a run share: the real provider and one that lies, two APIs, and a broker that does what a person does
// at the provider's pages.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { startApi } from "../op/api.mjs";
import { MACHINE, confirmDevice } from "../op/grants.mjs";
import { startHostile } from "../op/hostile.mjs";
import { signInWithoutBrowser, testClientId } from "../op/provider.mjs";
import { startPages } from "./pages.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

const ACCESS = JSON.parse(readFileSync(new URL("../fixtures/access.json", import.meta.url), "utf8"));

/** An app that signs people in on its server. */
const SERVER = { clientId: "test-server", clientSecret: "a secret of the server, long enough" };

/** @typedef {Awaited<ReturnType<typeof startSetting>>} Started */

export async function startSetting() {
  const pages = await startPages();
  const pageUri = `${pages.url}/callback`;
  const [hostile, api, elsewhere] = await Promise.all([startProviders(pageUri), startApi(), startApi()]);
  api.redirect("/away", 307, `${elsewhere.url}/notes`);
  api.redirect("/here", 307, `${api.url}/notes`);
  api.on("/tired", ({ path, authorization, body }, response) => {
    const of = new URL(path, api.url).searchParams.get("of") ?? "";
    response.writeHead(authorization?.endsWith(of) ? 401 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ body }));
  });
  const broker = await startBroker(hostile);
  const parts = [broker, hostile, api, elsewhere, pages];

  return {
    pages: pages.url,
    /** What a runtime is told. @param {string} runtime @param {import("./here.mjs").Kind} kind @returns {import("./here.mjs").Setting} */
    toldTo: (runtime, kind) => ({
      runtime,
      kind,
      issuer: hostile.provider.issuer,
      hostile: new URL(hostile.issuer("signed_rs256")).origin,
      broker: broker.url,
      api: api.url,
      elsewhere: elsewhere.url,
      nobody: "http://127.0.0.1:9",
      audience: "https://api.example.com/",
      clientId: testClientId,
      redirectUri: kind === "page" ? pageUri : REDIRECT_URI,
      machine: MACHINE,
      server: SERVER,
      access: ACCESS,
    }),
    close: async () => void (await Promise.all(parts.map((part) => part.close()))),
  };
}

/** The lying provider, and the real one behind it, with the grants that the suite asks for. @param {string} pageUri */
function startProviders(pageUri) {
  const form = async (/** @type {any} */ ctx, /** @type {string} */ html) => void (ctx.body = html);
  const device = "urn:ietf:params:oauth:grant-type:device_code";
  const redirectUris = [REDIRECT_URI, pageUri];
  return startHostile({
    redirectUris,
    postLogoutRedirectUris: redirectUris,
    ttl: { AccessToken: 600, ClientCredentials: 600, DeviceCode: 120 },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: form,
        userCodeConfirmSource: form,
        successSource: (/** @type {any} */ ctx) => form(ctx, "Signed in"),
      },
    },
    clients: [
      {
        client_id: MACHINE.clientId,
        client_secret: MACHINE.clientSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
        token_endpoint_auth_method: "client_secret_basic",
      },
      {
        client_id: SERVER.clientId,
        client_secret: SERVER.clientSecret,
        redirect_uris: ["https://app.example/auth/callback"],
        token_endpoint_auth_method: "client_secret_basic",
      },
      {
        client_id: testClientId,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: redirectUris,
        grant_types: ["authorization_code", "refresh_token", device],
      },
    ],
  });
}

/**
 * Does for a runtime what it cannot do itself: the part of a person in a browser, and a store at a server.
 *
 * @param {Awaited<ReturnType<typeof startHostile>>} hostile
 */
async function startBroker(hostile) {
  /** @type {Map<string, string>} */
  const kept = new Map();
  /** @type {Record<string, (question: any) => Promise<string> | string>} */
  const answers = {
    "/callback": ({ url, login }) => signInWithoutBrowser(url, login),
    "/device": ({ uri, userCode }) => confirmDevice(uri, userCode).then(() => ""),
    "/logout-token": ({ fault, clientId }) => hostile.logoutToken(fault, clientId),
    "/load": ({ key }) => JSON.stringify(kept.get(key) ?? null),
    "/save": ({ key, value }) => {
      if (value === null) kept.delete(key);
      else kept.set(key, value);
      return "";
    },
  };
  const server = createServer(async (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    let text = "";
    for await (const chunk of request) text += chunk;
    try {
      response.end(await answers[request.url ?? ""](JSON.parse(text)));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
