// @ts-check
// What the tests of popups and frames share: the app, its provider, and a gate before the provider's authorization
// endpoint that can be given any headers, or never lead on.
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { startTestProvider, testClientId } from "../op/provider.mjs";
import { appIn } from "./app.mjs";
import { startPages } from "./pages.mjs";

/** @param {{host?: string, providerHeaders?: (name: string, value: string) => string}} [options] */
export function useSetting(options = {}) {
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {Awaited<ReturnType<typeof startTestProvider>>} */
  let provider;
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    pages = await startPages();
    provider = await startTestProvider({ ...options });
    const { url } = pages;
    await provider.addClient({ client_id: testClientId, redirect_uris: [`${url}/callback`, `${url}/relay`, popped()] });
    gate = await startGate(() => `${provider.issuer}/auth`);
  });
  after(async () => {
    await gate?.close();
    await provider?.close();
    await pages?.close();
  });
  const popped = () => `${pages.url}/popped?issuer=${encodeURIComponent(provider.issuer)}&client=${testClientId}`;
  return {
    get pages() {
      return pages;
    },
    get provider() {
      return provider;
    },
    get gate() {
      return gate;
    },
    /** The page of an app that does nothing but hand over. */
    relay: () => `${pages.url}/relay`,
    /** The page of an app that makes a client and asks it. */
    popped,
    /** Metadata that puts the gate before the provider. */
    gated: () => ({ metadata: { authorization_endpoint: `${gate.url}/authorize` } }),
    /** @param {import("playwright-core").Page} page */
    app: (page) => appIn(page, { url: pages.url, issuer: provider.issuer }),
    tokenRequests: () => provider.requests.filter(({ method, path }) => method === "POST" && path === "/token").length,
  };
}

/** @param {() => string} target where the way leads on */
async function startGate(target) {
  /** @type {Record<string, string>} */
  let headers = {};
  let leadsOn = true;
  let visits = 0;
  const server = createServer((req, res) => {
    const { search, pathname } = new URL(req.url ?? "/", "http://gate");
    if (pathname !== "/authorize") return void res.writeHead(404).end();
    visits += 1;
    res.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers });
    const on = `<script>location.replace(${JSON.stringify(target() + search)})</script>`;
    res.end(`<!doctype html><link rel="icon" href="data:,"><title>gate</title>${leadsOn ? on : "no way on"}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    /** @param {{headers?: Record<string, string>, leadsOn?: boolean}} [how] */
    set: (how = {}) => void ([headers, leadsOn, visits] = [how.headers ?? {}, how.leadsOn ?? true, 0]),
    visits: () => visits,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
