// One program in Node, Deno and Bun: it logs in, keeps its session in a file, trusts an authority of its own, and ends.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { makeCertificates, startHttps } from "./certificates.mjs";
import { emptyFolder, runProgram, startSetting } from "./setting.mjs";

const bin = (/** @type {string} */ name) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));

/** @type {[string, string, string[]][]} */
const RUNTIMES = [
  ["node", process.execPath, ["--no-warnings"]],
  ["deno", bin("deno"), ["run", "--allow-all", "--quiet", "--no-lock"]],
  ["bun", bin("bun"), ["run"]],
];

/** @type {Awaited<ReturnType<typeof startSetting>>} */
let setting;
/** @type {Awaited<ReturnType<typeof emptyFolder>>} */
let place;
/** @type {ReturnType<typeof makeCertificates>} */
let certificates;
/** @type {Awaited<ReturnType<typeof startHttps>>[]} */
let servers = [];
before(async () => {
  [setting, place] = await Promise.all([startSetting(), emptyFolder()]);
  certificates = makeCertificates(place.folder);
  for (const name of ["IP:127.0.0.1", "DNS:elsewhere.example"]) {
    const server = await startHttps(certificates.serving(name), async (request, response) => {
      if (request.url?.startsWith("/.well-known/")) {
        const [issuer] = [server.origin];
        const document = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
        return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
      }
      let body = "";
      for await (const chunk of request) body += chunk;
      response.end(`${request.method} ${body}`);
    });
    servers.push(server);
  }
});
after(async () => {
  await Promise.all([setting?.provider.close(), ...servers.map((server) => server.close())]);
  await place?.remove();
});

for (const [runtime, command, args] of RUNTIMES) {
  test(`a program in ${runtime} logs in, keeps its session, trusts its authority, and ends by itself`, async () => {
    const path = join(place.folder, `${runtime}.json`);
    const { ca, otherCa } = certificates;
    const [secure, misnamed] = servers.map(({ origin }) => origin);
    const { code, told } = await runProgram("everywhere.mjs", { options: setting.options, path, ca, otherCa, secure, misnamed }, { command, args });
    assert.deepEqual(told, {
      runtime,
      refused: [400, 421, 405, 404],
      taken: "port_taken",
      page: 200,
      id: "usr_ada",
      isRenewed: true,
      restored: "usr_ada",
      refreshed: "usr_ada",
      sealed: "text",
      wrongKey: "wrong_key",
      insideAtOnce: 1,
      oneCall: "usr_ben",
      late: "timeout",
      trusted: "GET ",
      posted: "POST body",
      discovered: secure,
      isRefused: [true, true, true],
    });
    assert.equal(code, 0);
    for (const file of [path, `${path}.sealed`]) assert.equal((await stat(file)).mode & 0o777, 0o600);
  });
}
