// @ts-check
// Whole sign-ins on a server (OAuth 2.0 for Browser-Based Applications 6.1): sessions in cookies, and one refresh for many.
import { equal, holds } from "./expect.mjs";
import { browse, signedInByHand } from "./people.mjs";

/** @typedef {import("../here.mjs").World} World */

const ORIGIN = "https://app.example";
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none", accept: "text/html" };
const OWN_SCRIPT = { "x-wasm-oidc": "1", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };

/** What a browser does with a server: it keeps cookies and sends them. @param {any} handler */
function browserOf(handler) {
  /** @type {Map<string, string>} */
  const jar = new Map();
  return {
    jar,
    async send(/** @type {string} */ path, /** @type {Record<string, string>} */ headers, method = "GET") {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      /** @type {Response} */
      const response = await handler.handle(new Request(new URL(path, ORIGIN), { method, headers: { ...headers, cookie } }));
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/; Max-Age=0(;|$)/.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      return response;
    },
  };
}

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a server signs somebody in by cookies alone, calls the API for the page, and signs out",
    cannot: { page: "a page sends no cookies by hand: its browser does" },
    async run(world) {
      const { setting, edge, wasmOidc } = world;
      const handler = edge.createSessionHandler({
        client: { issuer: setting.issuer, ...setting.server, scopes: "openid profile email offline_access" },
        publicOrigin: ORIGIN,
        secrets: "a secret of the suite that is long enough",
        store: wasmOidc.memoryStorage(),
        api: { "/api/": `${setting.api}/` },
        logger: () => {},
      });
      const browser = browserOf(handler);
      const who = async () => (await browser.send("/auth/session", OWN_SCRIPT)).json();
      equal(await who(), { agent: null });
      equal((await browser.send("/api/notes", OWN_SCRIPT)).status, 401);

      const login = await browser.send("/auth/login?returnTo=/notes", NAVIGATION);
      const callback = new URL(await browse(world, login.headers.get("location") ?? ""));
      const back = await browser.send(`${callback.pathname}${callback.search}`, NAVIGATION);
      equal([back.status, new URL(back.headers.get("location") ?? "", ORIGIN).pathname], [303, "/notes"]);
      equal((await who()).agent.id, "usr_ada");
      equal([...browser.jar.keys()].every((name) => name.startsWith("__Host-") || name.startsWith("__Secure-")), true);

      const called = await (await browser.send("/api/notes", OWN_SCRIPT)).json();
      holds(/^Bearer ./.test(called.authorization) && called.cookie === undefined, "the API gets the token and no cookie");
      equal((await browser.send("/auth/logout", { "sec-fetch-site": "cross-site" }, "POST")).status, 403);
      const out = await browser.send("/auth/logout", OWN_SCRIPT, "POST");
      holds((await out.json()).url.startsWith(setting.issuer), "the page is told where the provider signs out");
      equal(await who(), { agent: null });
    },
  },
  {
    name: "a coordinator makes one refresh of ten",
    async run(world) {
      const { idp, agent, asked } = await signedInByHand(world);
      const coordinator = world.edge.lockingCoordinator(world.wasmOidc.memoryStorage());
      const session = { id: "a-session-of-the-suite-1", tokens: agent.tokens };
      const refresh = async (/** @type {import("wasm-oidc").TokenSet} */ tokens) => {
        const held = await idp.createAgent(tokens, { verify: "claims", autoRefresh: false });
        return (await idp.refresh(held)).tokens;
      };
      const renewed = await Promise.all(Array.from({ length: 10 }, () => coordinator.renew(session, refresh)));
      equal([asked(), new Set(renewed.map(({ access_token }) => access_token)).size], [2, 1]);
      holds(renewed[0].access_token !== agent.tokens.access_token, "the tokens are new");
      idp.dispose();
    },
  },
];
