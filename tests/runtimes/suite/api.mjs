// @ts-check
// Calls of the app's own API with the access token (RFC 6750 2.1), and where the token does not go.
import { equal, holds, refused } from "./expect.mjs";
import { person, server, signedInByHand } from "./people.mjs";

/** What the API says that it got. @param {Response} response @returns {Promise<{ method: string, authorization?: string, body: string }>} */
const got = (response) => response.json();

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "an agent calls the API with its token, and sends what it is given",
    async run({ ...world }) {
      const { idp, agent } = await signedInByHand(world);
      const bearer = `Bearer ${agent.tokens.access_token}`;
      equal((await got(await agent.fetch(`${world.setting.api}/notes`))).authorization, bearer);
      const sent = await got(await agent.fetch(`${world.setting.api}/notes`, { method: "PUT", body: new URLSearchParams({ a: "b" }) }));
      equal([sent.method, sent.authorization, sent.body], ["PUT", bearer, "a=b"]);
      const form = new FormData();
      form.set("file", new Blob(["content"]), "a.txt");
      const posted = await got(await agent.fetch(`${world.setting.api}/notes`, { method: "POST", body: form }));
      holds(/filename="a.txt"[^]*content/.test(posted.body), "a form arrives as it is");
      idp.dispose();
    },
  },
  {
    name: "a session calls the API by its verbs, with JSON, and bare where it is told so",
    async run(world) {
      const { idp, signIn } = await person(world);
      await refused(world.wasmOidc, () => idp.get(world.setting.api), "LoginRequiredError", "signed_out");
      await signIn();
      const bearer = await idp.authorizationHeader();
      const posted = await got(await idp.post(`${world.setting.api}/notes`, { json: { a: 1 } }));
      equal([posted.method, posted.authorization, posted.body], ["POST", bearer, '{"a":1}']);
      equal((await got(await idp.get(`${world.setting.api}/notes`, { auth: "none" }))).authorization, undefined);
      const own = idp.session({ apiOrigins: [world.setting.elsewhere] });
      equal((await got(await own.delete(`${world.setting.elsewhere}/notes`))).authorization, bearer);
      await idp.clear();
      idp.dispose();
    },
  },
  {
    name: "another origin gets no token: not by a call, nor by a redirect",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const call = () => agent.fetch(`${world.setting.elsewhere}/notes`);
      await refused(world.wasmOidc, call, "ConfigurationError", "origin_not_allowed");
      const away = await agent.fetch(`${world.setting.api}/away`);
      equal([away.status, new URL(away.url).origin, (await got(away)).authorization], [200, world.setting.elsewhere, undefined]);
      const here = await agent.fetch(`${world.setting.api}/here`);
      equal((await got(here)).authorization, `Bearer ${agent.tokens.access_token}`);
      idp.dispose();
    },
  },
  {
    name: "a 401 is answered by one refresh and one more request",
    async run(world) {
      const { idp, asked, signIn } = await person(world);
      await signIn();
      const first = await idp.getAccessToken();
      const calls = Array.from({ length: 5 }, () => idp.post(`${world.setting.api}/tired?of=${first.slice(-12)}`, { body: "again" }));
      const answers = await Promise.all(calls);
      equal(answers.map(({ status }) => status), [200, 200, 200, 200, 200]);
      equal([asked(), (await got(answers[0])).body], [2, "again"]);
      await idp.clear();
      idp.dispose();
    },
  },
  {
    name: "an aborted call rejects as the platform's fetch does",
    async run(world) {
      const { idp, agent } = await signedInByHand(world);
      const came = await agent.fetch(`${world.setting.api}/notes`, { signal: AbortSignal.abort() }).then(() => "an answer", ({ name }) => name);
      equal(came, "AbortError");
      idp.dispose();
    },
  },
  {
    name: "a provider that does not answer is a TimeoutError, one that is down a NetworkError; both say to retry",
    async run(world) {
      const silent = await server(world, { issuer: `${world.setting.nobody}/silent`, fetch: () => new Promise(() => {}), timeoutSeconds: 1 });
      equal((await refused(world.wasmOidc, () => silent.idp.discover(), "TimeoutError", "timeout")).recovery, "retry");
      silent.idp.dispose();
      // Nothing listens at this port.
      const down = await server(world, { issuer: world.setting.nobody });
      equal((await refused(world.wasmOidc, () => down.idp.discover(), "NetworkError", "network_failure")).recovery, "retry");
      await refused(world.wasmOidc, () => down.idp.createAuthorizationUrl(), "DiscoveryError", "not_discovered");
      down.idp.dispose();
    },
  },
];
