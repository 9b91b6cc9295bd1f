// `npm start`: sets up, builds, and starts the example: the app, its API and, unless another is named, a provider.

import { parseArgs } from "node:util";

import { buildPackage } from "./build.mjs";
import { BUILDS } from "./builds.mjs";
import { GaveUp, ifStarted, say } from "./run.mjs";
import { setUp } from "./set-up.mjs";

const USAGE = `npm start -- [--issuer URL --client-id ID] [--port N]
  --issuer, --client-id  a provider of your own, and what the example is called there
  --port                 where the app listens`;

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: { issuer: { type: "string" }, "client-id": { type: "string" }, port: { type: "string" } },
    }));
  } catch (error) {
    throw new GaveUp(`${error.message}\n${USAGE}`);
  }
  const { issuer, "client-id": clientId } = values;
  if ((issuer === undefined) !== (clientId === undefined)) {
    throw new GaveUp(`--issuer and --client-id go together\n${USAGE}`);
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new GaveUp(`--port is a number from 0 to 65535, not ${values.port}\n${USAGE}`);
  }
  return { issuer, clientId, port };
}

await ifStarted(import.meta.url, async () => {
  const options = readOptions();
  await setUp();
  await buildPackage(BUILDS.package);

  const { start } = await import("../www-example/start.mjs");
  const example = await start(options);
  say(`open ${example.url}   (Ctrl+C stops it)`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      await example.close();
      process.exit(0);
    });
  }
});
