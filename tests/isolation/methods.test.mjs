// @ts-check
// One client of a server process, and of a Worker at module scope, that many people share: no answer carries what is
// another's, and what would need a session of the client's own says so.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { AMBIENT, IMPERSONAL, PERSONAL, USERS, members, refusal } from "./methods.mjs";
import { CLIENT, startProvider } from "./provider.mjs";
import { startWorker } from "./worker.mjs";

const REQUESTS_AT_A_TIME = 50;

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
/** Where sign-ins begin. @type {IdpClient | undefined} */
let begins;
before(async () => {
  provider = await startProvider();
  provider.dawdle(30);
});
after(() => provider?.close());

const options = () => ({ issuer: provider.issuer, ...CLIENT, apiOrigins: [provider.issuer], allowPasswordGrant: true });

/** Every job as a function, where the client is called. */
async function inNode() {
  const idp = IdpClient.createSync(options());
  const clone = (/** @type {unknown} */ value) => JSON.parse(JSON.stringify(value ?? null));
  return {
    personal: async (/** @type {string} */ job, /** @type {any} */ asked) => clone(await PERSONAL[job](idp, asked)),
    impersonal: async (/** @type {keyof typeof IMPERSONAL} */ job) => clone(await IMPERSONAL[job](idp)),
    refusal: (/** @type {keyof typeof AMBIENT} */ name, /** @type {any} */ tokens) => refusal(idp, name, tokens),
    members: async () => members(idp),
    close: async () => idp.dispose(),
  };
}

/** The same, each as a request of its own to a Worker whose client stands at module scope. */
async function inWorkerd() {
  const worker = await startWorker(`
    import { IdpClient } from "wasm-oidc";
    import { IMPERSONAL, PERSONAL, members, refusal } from "./tests/isolation/methods.mjs";
    const idp = IdpClient.createSync(${JSON.stringify(options())});
    const doors = {
      personal: ({ job, asked }) => PERSONAL[job](idp, asked),
      impersonal: ({ job }) => IMPERSONAL[job](idp),
      refusal: ({ job, asked }) => refusal(idp, job, asked),
      members: () => members(idp),
    };
    export default {
      async fetch(request) {
        try {
          return Response.json((await doors[new URL(request.url).pathname.slice(1)](await request.json())) ?? null);
        } catch (error) {
          return new Response(error.stack, { status: 500 });
        }
      },
    };`);
  const door = (/** @type {string} */ name) => async (/** @type {string} */ job, /** @type {any} */ asked) => {
    const answer = await worker.ask(name, { job, asked }).answer;
    assert.equal(answer?.failed, undefined, answer?.text);
    return answer;
  };
  return {
    personal: door("personal"),
    impersonal: door("impersonal"),
    refusal: door("refusal"),
    members: () => door("members")("", {}),
    close: () => worker.dispose(),
  };
}

for (const [host, start] of Object.entries({ Node: inNode, workerd: inWorkerd })) {
  describe(`in ${host}`, () => {
    /** @type {Awaited<ReturnType<typeof inNode>>} */
    let server;
    before(async () => {
      server = /** @type {any} */ (await start());
    });
    after(() => server?.close());

    test("every public member is one person's, nobody's, or needs a session [X38]", async () => {
      const known = [AMBIENT, IMPERSONAL, PERSONAL].flatMap((kind) => Object.keys(kind));
      const unknown = (await server.members()).filter((/** @type {string} */ name) => !known.includes(name));
      assert.deepEqual(unknown, [], "say in methods.mjs which it is");
    });

    test("50 interleaved requests of 10 people through every method answer each with what is theirs [X38]", async () => {
      const jobs = Object.keys(PERSONAL);
      /** What the requests of a person have in common. @type {Map<string, object>} */
      const shared = new Map();
      await Promise.all(
        Array.from({ length: REQUESTS_AT_A_TIME }, async (_, at) => {
          const user = USERS[at % USERS.length];
          for (let turn = 0; turn < jobs.length; turn += 1) {
            // Each person begins with another one, and asks for it five times at once.
            const job = jobs[((at % USERS.length) + turn) % jobs.length];
            const told = await server.personal(job, await askedOf(user, job, shared));
            const text = spelledOut(JSON.stringify(told));
            const named = new Set(text.match(/user\dperson/g));
            assert.deepEqual([...named], [user], `${job} of ${user}: ${text}`);
          }
        }),
      );
      const twice = provider.sendings().filter((times) => times > 1);
      assert.deepEqual(twice, [], "refresh tokens that were sent more than once");
    });

    test("what says nothing of a person still says nothing", async () => {
      for (const job of /** @type {(keyof typeof IMPERSONAL)[]} */ (Object.keys(IMPERSONAL))) {
        const told = JSON.stringify(await server.impersonal(job));
        assert.doesNotMatch(told ?? "", /user\dperson|a-secret-of-the-tests/, job);
      }
      const [agent, isAuthenticated] = [await server.impersonal("agent"), await server.impersonal("isAuthenticated")];
      assert.deepEqual([agent, isAuthenticated], [null, false]);
    });

    test("every method that would need a session says so and names the ways out [X38]", async () => {
      for (const name of /** @type {(keyof typeof AMBIENT)[]} */ (Object.keys(AMBIENT))) {
        const told = await server.refusal(name, provider.tokensOf(USERS[0]));
        assert.equal(told.code, "no_ambient_session", `${name}: ${JSON.stringify(told)}`);
        assert.equal(told.kind, "ConfigurationError");
        for (const way of ["an agent", "exchangeCode", "createSessionHandler", "single-user"]) {
          assert.ok(told.message?.includes(way), `${name} does not name ${way}: ${told.message}`);
        }
      }
    });
  });
}

/**
 * What a request of a person comes with.
 *
 * @param {string} user
 * @param {string} job
 * @param {Map<string, object>} shared tokens that all requests of the person have, for the job of renewing them
 */
async function askedOf(user, job, shared) {
  const key = `${user} ${job}`;
  if (job === "refresh" && !shared.has(key)) shared.set(key, provider.tokensOf(user));
  const tokens = shared.get(key) ?? provider.tokensOf(user);
  const asked = { user, issuer: provider.issuer, tokens, logoutToken: provider.logoutToken(user), callback: "", auth: {} };
  if (job !== "exchangeCode") return asked;
  // The `state` is of the client's issuer, id and redirect URI: whichever of its instances made it.
  begins ??= IdpClient.createSync(options());
  const auth = await begins.createAuthorizationRequest({ loginHint: user });
  return { ...asked, callback: provider.authorize(auth.url, user), auth };
}

/** A text with what the tokens in it say. @param {string} text */
function spelledOut(text) {
  return text.replace(/eyJ[\w-]+/g, (part) => Buffer.from(part, "base64url").toString());
}
