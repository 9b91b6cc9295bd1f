// @ts-check
// What every example on a server has to do, step by step: started as the README says, against the example's provider.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, describe, it, mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { serverClient, terminalClient } from "wasm-oidc-example/clients";
import { codeFlow } from "../op/code-flow.mjs";
import { startTestProvider } from "../op/provider.mjs";
import { Visitor, exchange } from "./visitor.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const demoEnv = parseEnv(readFileSync(`${root}/www-example/demo.env`, "utf8"));

/** Nobody listens there: the parameters of the response are taken from the redirect. */
const redirectUri = "http://127.0.0.1/callback";

/** Milliseconds until an example that does not listen counts as broken: the machine may be busy, and Next compiles. */
const PATIENCE = 120_000;

/** @typedef {{stop: () => Promise<unknown>, output?: () => string}} Running */
/** @typedef {{origin: string, env: Record<string, string>, issuer: string}} Setting */

/** One for all examples of a file. @type {ReturnType<typeof startTestProvider> | undefined} */
let provider;
after(async () => (await provider)?.close());

/**
 * The example's provider, and where the example is to listen.
 *
 * @param {{ttl?: Record<string, number>}} [options] of the provider
 * @returns {Promise<Setting>}
 */
export async function startSetting({ ttl = { AccessToken: 600 } } = {}) {
  provider ??= startTestProvider({ redirectUris: [redirectUri], clients: [terminalClient], ttl });
  const { issuer, addClient } = await provider;
  const origin = `http://127.0.0.1:${await freePort()}`;
  const there = { PUBLIC_ORIGIN: origin, PORT: new URL(origin).port, OIDC_ISSUER: issuer };
  const env = /** @type {Record<string, string>} */ ({ ...demoEnv, ...there });
  await addClient(serverClient(env));
  return { origin, env, issuer };
}

/**
 * Starts an example, and waits until it answers.
 *
 * @param {string} command
 * @param {Setting} setting
 * @param {string} [place] below the root
 * @returns {Promise<Running>}
 */
export async function run(command, { origin, env }, place = "") {
  const { child, ended, output } = begin(command, env, place);
  const stop = async () => {
    child.kill();
    await ended;
  };
  for (const end = Date.now() + PATIENCE; ; await sleep(50)) {
    if (await exchange(`${origin}/api/tasks`, {}).then(() => true, () => false)) return { stop, output };
    if (child.exitCode === null && Date.now() < end) continue;
    await stop();
    throw new Error(`\`${command}\` does not listen on ${origin}:\n${output()}`);
  }
}

/**
 * Starts an example by the command that stands in the README's table.
 *
 * @param {string} name as it stands there
 * @returns {(setting: Setting) => Promise<Running>}
 */
export function asReadmeSays(name) {
  const row = readFileSync(`${root}/www-example/README.md`, "utf8").split("\n").find((line) => line.startsWith(`| [${name}](`));
  const [, command] = /`(?:npx )?((?:node|deno|bun) [^`]+)`/.exec(row ?? "") ?? [];
  assert.ok(command, `the README says how to start the example with ${name}`);
  return (setting) => run(command, setting);
}

/**
 * Runs a command of which nothing is wanted but that it ends well.
 *
 * @param {string} command
 * @param {Setting} setting
 * @param {string} [place] below the root
 */
export async function runToEnd(command, { env }, place) {
  const { ended, output } = begin(command, env, place);
  const [code] = await ended;
  assert.equal(code, 0, output());
}

/**
 * Starts a command in the root of the project, as somebody types it.
 *
 * @param {string} command
 * @param {Record<string, string>} env
 * @param {string} [place] below the root
 */
export function begin(command, env, place = "") {
  const [name, ...args] = command.split(" ");
  // The Node of this test, whatever another of its packages brings.
  const program = name === "node" ? process.execPath : `${root}/node_modules/.bin/${name}`;
  const all = { ...process.env, ...env, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(program, args, { cwd: `${root}/${place}`, env: all, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return { child, ended: once(child, "exit"), output: () => output };
}

/**
 * The steps.
 *
 * @param {string} name
 * @param {(setting: Setting) => Promise<Running>} start
 * @param {object} [options]
 * @param {boolean} [options.showsOneHeader] of a name that comes twice, as Node does where nobody asks it for all: the first counts
 * @param {(at: { setting: Setting }) => void} [options.more] tests of this example alone
 */
export function describeExample(name, start, { showsOneHeader = false, more } = {}) {
  describe(name, () => {
    /** @type {Setting} */
    let setting;
    /** @type {Running | undefined} */
    let running;
    before(async () => {
      setting = await startSetting();
      running = await start(setting);
    });
    after(() => running?.stop());

    it("answers its API to who may, and says who it was", async () => {
      const read = await call(setting, await token(setting, "ben"));
      assert.deepEqual([read.status, JSON.parse(read.text)], [200, { read: "projects.tasks", by: "usr_ben" }], running?.output?.());
      const write = await call(setting, await token(setting, "ada"), "POST");
      assert.deepEqual([write.status, JSON.parse(write.text)], [200, { write: "projects.tasks", by: "usr_ada" }]);
    });

    it("refuses who may not with 403, and names what is missing", async () => {
      const answer = await call(setting, await token(setting, "ben"), "POST");
      assert.equal(answer.status, 403);
      assert.match(challenge(answer), /^Bearer .*error="insufficient_scope"/);
      assert.match(challenge(answer), /scope="projects\.tasks:write"/);
    });

    it("asks for a token where there is none, without an error", async () => {
      const answer = await call(setting);
      assert.equal(answer.status, 401);
      assert.match(challenge(answer), /^Bearer\b/);
      assert.doesNotMatch(challenge(answer), /error=/);
    });

    it("refuses tokens that are over, that somebody else made, and for another API", async () => {
      const good = await token(setting, "ada");
      const [header, payload, signature] = good.split(".");
      const foreign = [header, payload, `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`].join(".");
      const elsewhere = await token(setting, "ada", "https://elsewhere.example");
      // The provider runs in this process: it has this clock.
      mock.timers.enable({ apis: ["Date"], now: Date.now() - 3_600_000 });
      const late = await token(setting, "ada").finally(() => mock.timers.reset());
      for (const [kind, bad] of Object.entries({ foreign, late, elsewhere })) {
        const answer = await call(setting, bad);
        assert.equal(answer.status, 401, kind);
        assert.match(challenge(answer), /error="invalid_token"/, kind);
      }
    });

    it("takes no request with two tokens for one of them", async () => {
      const [ada, ben] = [await token(setting, "ada"), await token(setting, "ben")];
      const answer = await call(setting, [ben, ada], "POST");
      assert.equal(answer.status, showsOneHeader ? 403 : 400);
      assert.match(challenge(answer), showsOneHeader ? /error="insufficient_scope"/ : /error="invalid_request"/);
    });

    it("signs people in and out", async () => {
      const { origin } = setting;
      const visitor = new Visitor();
      assert.match((await visitor.open(`${origin}/`)).text, /Nobody is signed in/);

      const home = await visitor.open(`${origin}/auth/login?returnTo=/`, "ada");
      assert.equal(home.url, `${origin}/`, running?.output?.());
      assert.match(home.text, /Ada Lovelace/);
      assert.match(home.headers["cache-control"] ?? "", /no-store/);
      assert.doesNotMatch(home.text, /eyJ/, "no token is in the page");
      assert.match((await visitor.open(`${origin}/`)).text, /ada@example\.com/);
      assert.match((await new Visitor().open(`${origin}/`)).text, /Nobody is signed in/, "it is nobody else's session");

      const left = await visitor.post(`${origin}/auth/logout`);
      assert.equal(left.status, 200, left.text);
      assert.match(JSON.parse(left.text).url, new RegExp(`^${setting.issuer}/session/end\\?`));
      assert.match((await visitor.open(`${origin}/`)).text, /Nobody is signed in/);
    });

    it("lets no other site sign anybody out", async () => {
      const { origin } = setting;
      const visitor = new Visitor();
      await visitor.open(`${origin}/auth/login?returnTo=/`, "ben");
      const answer = await visitor.ask(`${origin}/auth/logout`, { method: "POST", headers: { origin: "https://elsewhere.example" } });
      assert.equal(answer.status, 403);
      assert.match((await visitor.open(`${origin}/`)).text, /Ben Franklin/);
    });

    more?.({
      get setting() {
        return setting;
      },
    });
  });
}

/**
 * An access token for the API of the example (RFC 8707, RFC 9068).
 *
 * @param {Setting} setting
 * @param {import("../op/provider.mjs").Login} login
 * @param {string} [resource]
 * @returns {Promise<string>}
 */
export async function token({ issuer, origin }, login, resource = `${origin}/api`) {
  const endpoints = { authorize: `${issuer}/auth`, token: `${issuer}/token` };
  const { answer } = await codeFlow({ ...endpoints, redirectUri, login, extra: { resource } });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}

/**
 * @param {Setting} setting
 * @param {string | string[]} [token] several: a header for each
 * @param {string} [method]
 */
function call({ origin }, token, method = "GET") {
  const headers = [token ?? []].flat().flatMap((one) => ["authorization", `Bearer ${one}`]);
  return exchange(`${origin}/api/tasks`, { method, headers: ["host", new URL(origin).host, "content-length", "0", ...headers] });
}

/** @param {import("./visitor.mjs").Answer} answer */
function challenge({ headers }) {
  return String(headers["www-authenticate"] ?? "");
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}
