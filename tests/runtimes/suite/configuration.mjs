// @ts-check
// Clients of one configuration with several providers.
import { equal, holds, refused } from "./expect.mjs";
import { common } from "./people.mjs";

/** @param {import("../here.mjs").World} world */
function written(world) {
  const { issuer, clientId, redirectUri } = common(world);
  const ours = { client_id: "${ID}", redirect_uri: redirectUri, environments: { prod: { issuer: "https://idp.example" }, test: { issuer } } };
  return { config: { defaultProvider: "ours", providers: { ours, other: { issuer: "https://other.example", clientId: "b" } } }, env: { ID: clientId } };
}

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a configuration is read, and makes a client of the environment that is asked for",
    async run(world) {
      const { IdpClient, loadProviders, listConfiguredProviders, getProviderConfig } = world.wasmOidc;
      const { config, env } = written(world);
      equal(await loadProviders(config, { env }), ["ours", "other"]);
      equal([listConfiguredProviders(), getProviderConfig("ours")?.client_id, getProviderConfig("none")], [["ours", "other"], "${ID}", null]);
      const idp = await IdpClient.fromConfig(null, { environment: "test" });
      equal([idp.options.clientId, idp.name, (await idp.discover()).issuer], [world.setting.clientId, "ours", world.setting.issuer]);
      idp.dispose();
    },
  },
  {
    name: "a key that there is not is named with its path",
    async run(world) {
      const { loadProviders } = world.wasmOidc;
      const misspelt = { providers: { ours: { issuer: "https://idp.example", cliendId: "a" } } };
      const error = await refused(world.wasmOidc, () => loadProviders(misspelt), "ConfigurationError", "unknown_option");
      holds(error.message.includes("cliendId") && error.message.includes("clientId"), "the message names both");
    },
  },
  {
    name: "a page takes no client secret",
    cannot: { process: "a program keeps a secret", worker: "a Worker keeps a secret" },
    async run(world) {
      const { IdpClient } = world.wasmOidc;
      const withSecret = () => IdpClient.create({ ...common(world), clientSecret: "hunter2" });
      await refused(world.wasmOidc, withSecret, "ConfigurationError", "secret_in_browser");
    },
  },
  {
    name: "a secret of a configuration is asked for once, and no property shows it",
    cannot: { page: "a page keeps no secret" },
    async run(world) {
      const { IdpClient } = world.wasmOidc;
      let asked = 0;
      const config = { providers: { ours: { issuer: world.setting.issuer, clientId: "a", clientSecret: "vault://secret" } } };
      const idp = await IdpClient.fromConfig("ours", { config, resolveSecret: () => ((asked += 1), "hunter2") });
      equal([asked, JSON.stringify(idp.options).includes("hunter2")], [1, false]);
      idp.dispose();
    },
  },
];
