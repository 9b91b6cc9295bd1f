// @ts-check
// Loading: the package does nothing before it is asked to, and loads by itself afterwards.
import { equal, holds, refused } from "./expect.mjs";
import { common } from "./people.mjs";

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "before the wasm is there a question about access is not_ready",
    run: ({ wasmOidc }) => refused(wasmOidc, () => wasmOidc.hasAccess(["users:read"], "read", "users"), "ConfigurationError", "not_ready"),
  },
  {
    name: "ready loads the wasm, however often it is asked",
    async run({ wasmOidc: { ready, hasAccess, parseScope } }) {
      await Promise.all([ready(), ready()]);
      await ready();
      equal(hasAccess(["projects:**"], "write", "projects.tasks"), true);
      equal(parseScope("users.verifiers:write"), { resource: "users.verifiers", action: "write" });
    },
  },
  {
    name: "createSync makes a client at once",
    cannot: { page: "a page compiles wasm asynchronously" },
    run(world) {
      const idp = world.wasmOidc.IdpClient.createSync(common(world));
      holds(idp.options.clientId === world.setting.clientId, "the client has its options");
      idp.dispose();
    },
  },
];
