// @ts-check
// Signing in with the real provider: by hand, with a session, and by a redirect of a page.
import { equal, holds, refused } from "./expect.mjs";
import { browse, common, person, server } from "./people.mjs";

const NO_PAGE = "there is no page that a provider could send back";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a code is exchanged by hand for an agent that shows no token",
    async run(world) {
      // The platform's own fetch, as the client finds it.
      const idp = await world.wasmOidc.IdpClient.create(common(world));
      const request = await idp.createAuthorizationRequest();
      const agent = await idp.exchangeCode(await browse(world, request.url), request);
      equal([agent.id, agent.type, agent.email, agent.emailVerified], ["usr_ada", "user", "ada@example.com", true]);
      equal([agent.isOwnerOf("org_engines"), agent.hasAccessIn("org_engines", "write", "projects.tasks")], [true, true]);
      const { access_token, id_token, refresh_token } = agent.tokens;
      const shown = JSON.stringify(agent);
      holds([access_token, id_token, refresh_token].every((token) => !!token && !shown.includes(token)), "no token is shown");
      holds(Object.isFrozen(agent), "the agent is frozen");
      idp.dispose();
    },
  },
  {
    name: "a changed state and a foreign issuer are refused, and nothing is sent",
    async run(world) {
      const { idp, asked } = await server(world);
      const request = await idp.createAuthorizationRequest();
      const callback = await browse(world, request.url);
      const wrong = (/** @type {RegExp} */ part, /** @type {string} */ instead) => () => idp.exchangeCode(callback.replace(part, instead), request);
      await refused(world.wasmOidc, wrong(/state=[^&]{5}/, "state=other"), "CallbackError", "state_mismatch");
      await refused(world.wasmOidc, wrong(/iss=[^&]+/, "iss=https%3A%2F%2Fother.example"), "CallbackError", "iss_mismatch");
      equal(asked(), 0);
      equal((await idp.exchangeCode(callback, request)).id, "usr_ada");
      idp.dispose();
    },
  },
  {
    name: "a session begins once, tells its listeners, and refuses the same code again",
    async run(world) {
      const { idp, asked, signIn } = await person(world);
      /** @type {unknown[]} */
      const told = [];
      idp.on("signedin", ({ detail }) => told.push([detail.agent?.id, detail.appState, detail.source]));
      const came = /** @type {any} */ (await signIn({ appState: { at: 3 } }));
      equal([came.agent.id, came.appState], ["usr_ada", { at: 3 }]);
      equal([idp.isAuthenticated, idp.snapshot.status, idp.agent === came.agent], [true, "signed-in", true]);
      equal([told, asked()], [[["usr_ada", { at: 3 }, "this-tab"]], 1]);
      holds((await idp.getAgent()) === came.agent, "the agent is the same object");
      await idp.clear();
      idp.dispose();
    },
  },
  {
    name: "a client without a session of its own says so",
    cannot: { page: "a page serves one person" },
    async run(world) {
      const { idp } = await server(world);
      for (const call of [() => idp.signInRedirect(), () => idp.getAgent(), () => idp.fetch(world.setting.api), () => idp.refresh()]) {
        await refused(world.wasmOidc, call, "ConfigurationError", "no_ambient_session");
      }
      idp.dispose();
    },
  },
  {
    name: "a page signs in by a redirect, and then silently in a hidden frame",
    cannot: { process: NO_PAGE, worker: NO_PAGE },
    leaves: true,
    async run(world) {
      const idp = await world.wasmOidc.IdpClient.create({ ...common(world), storage: "session" });
      await idp.signInRedirect({ appState: "left", returnTo: "/elsewhere" });
    },
    async again(world) {
      const idp = await world.wasmOidc.IdpClient.create({ ...common(world), storage: "session" });
      const came = /** @type {any} */ (await idp.handleRedirectCallback());
      equal([came.agent.id, came.appState, new URL(came.returnTo, location.href).pathname], ["usr_ada", "left", "/elsewhere"]);
      equal(location.search, "");
      const silently = await idp.signInSilent();
      equal([silently.id, idp.agent === silently], ["usr_ada", true]);
      await idp.signOut({ redirect: false });
      idp.dispose();
    },
  },
];
