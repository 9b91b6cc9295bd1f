// @ts-check
// Starts the example: identity provider, demo API and app, each on loopback. `node start.mjs --help` says how.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { parseArgs, parseEnv } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createServer as createViteServer } from "vite";
import { startApi } from "./api/index.mjs";
import { pageClient, serverClient, terminalClient } from "./clients.mjs";
import { startProvider } from "./provider/index.mjs";

/** Fixed, so that the address stays the same from start to start; the next free port where one is taken. */
const PORTS = { app: 4173, api: 4174, provider: 4175 };

const demoClientId = "wasm-oidc-example";

/**
 * @typedef {object} StartOptions
 * @property {string} [issuer] another provider than the demo's; its client must know `{url}/callback` as a redirect URI
 * @property {string} [clientId] of that client; a public one, with PKCE
 * @property {number} [port] of the app; 0: any free one, for the API and the provider too
 * @property {string} [host] a loopback address
 * @property {Record<string, number>} [ttl] lifetimes at the demo provider, `{AccessToken: 10}`, in seconds
 *
 * @typedef {object} RunningExample
 * @property {string} url of the app
 * @property {string} issuer
 * @property {string} apiUrl
 * @property {string} clientId
 * @property {import("./provider/index.mjs").RunningProvider | undefined} provider the demo's, unless another is used
 * @property {() => Promise<void>} close
 */

/**
 * @param {StartOptions} [options]
 * @returns {Promise<RunningExample>}
 * @throws when an issuer is named without a client
 */
export async function start({ issuer, clientId, port = PORTS.app, host = "127.0.0.1", ttl } = {}) {
  if (issuer && !clientId) throw new Error("another issuer needs the id of a client that is registered there: --client-id");
  clientId ??= demoClientId;
  const near = (/** @type {number} */ wanted) => freePort(port === 0 ? 0 : wanted, host);
  /** @type {(() => Promise<void>)[]} */
  const closers = [];
  const close = async () => {
    for (const stop of closers.splice(0).reverse()) await stop();
  };
  try {
    // The provider's client registration and the API's CORS name the app's address, so its port is chosen first.
    const appPort = await near(port);
    const url = `http://${host}:${appPort}`;

    let provider;
    if (!issuer) {
      const clients = [pageClient(clientId, url), serverClient(demoEnv()), terminalClient];
      provider = await startProvider({ host, port: await near(PORTS.provider), clients, ttl });
      closers.push(provider.close);
      issuer = provider.issuer;
    }

    const api = await startApi({ issuer, origins: [url], host, port: await near(PORTS.api) });
    closers.push(api.close);

    const app = await createViteServer({
      configFile: fileURLToPath(new URL("vite.config.js", import.meta.url)),
      logLevel: "warn",
      clearScreen: false,
      server: { host, port: appPort, strictPort: true },
      // What `.env` holds in an app of your own: https://vite.dev/guide/env-and-mode
      define: {
        "import.meta.env.VITE_OIDC_ISSUER": JSON.stringify(issuer),
        "import.meta.env.VITE_OIDC_CLIENT_ID": JSON.stringify(clientId),
        "import.meta.env.VITE_API_URL": JSON.stringify(api.url),
      },
    });
    closers.push(() => app.close());
    await app.listen();
    return { url, issuer, apiUrl: api.url, clientId, provider, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the examples on a server read. */
const demoEnv = () => parseEnv(readFileSync(new URL("demo.env", import.meta.url), "utf8"));

/** @param {number} wanted 0: any @param {string} host @returns {Promise<number>} that port, or another when it is taken */
async function freePort(wanted, host) {
  const probe = createTcpServer();
  probe.listen(wanted, host);
  try {
    await once(probe, "listening");
  } catch (error) {
    if (wanted === 0) throw error;
    return freePort(0, host);
  }
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}

const usage = `node start.mjs [--issuer URL --client-id ID] [--port 4173] [--host 127.0.0.1]

Without --issuer, a demo provider with two users is started. With it, register
http://127.0.0.1:4173/callback there as a redirect URI of a public client.`;

async function main() {
  const { values } = parseArgs({
    options: {
      issuer: { type: "string" },
      "client-id": { type: "string" },
      port: { type: "string" },
      host: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(usage);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) throw new Error(`--port is no port: ${values.port}`);

  const running = await start({ issuer: values.issuer, clientId: values["client-id"], port, host: values.host });
  console.log(`
  App        ${running.url}
  Demo API   ${running.apiUrl}/api/tasks
  Provider   ${running.issuer}
${
  running.provider
    ? "\n  Sign in as ada (notes-1843) or ben (kite-1752)."
    : `\n  Redirect URI to register there: ${running.url}/callback\n  After sign-out: ${running.url}/`
}
  Ctrl-C stops it.
`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => running.close().then(() => process.exit(0)));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
