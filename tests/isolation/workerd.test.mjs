// @ts-check
// One client at module scope of a Worker: requests at the same time share what is under way without waiting for each other's
// promises, and take over what a request that is gone left behind.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { CLIENT, startProvider } from "./provider.mjs";
import { soon, startWorker } from "./worker.mjs";

const DISCOVERY = "/.well-known/openid-configuration";

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;
before(async () => {
  provider = await startProvider();
  worker = await startWorker(script());
});
after(async () => {
  await worker?.dispose();
  await provider?.close();
});
// As in an isolate that has just started.
beforeEach(async () => assert.equal(await worker.ask("afresh").answer, null));

const script = () => `
  import { waitUntil } from "cloudflare:workers";
  import { IdpClient } from "wasm-oidc";
  const options = ${JSON.stringify({ issuer: provider.issuer, ...CLIENT, apiOrigins: [provider.issuer] })};
  const byHand = { verify: "claims", autoRefresh: false };
  let idp = IdpClient.createSync(options);
  let kept = {};
  let stored = [];
  const jobs = {
    afresh({ waits }) {
      idp.dispose();
      idp = IdpClient.createSync({ ...options, ...(waits && { waitUntil }) });
      [kept, stored] = [{}, []];
    },
    async discover() {
      return (await idp.discover()).issuer;
    },
    async createAgent({ tokens }) {
      return (await idp.createAgent(tokens)).id;
    },
    async exchangeCode({ callback, auth }) {
      return (await idp.exchangeCode(callback, auth)).id;
    },
    async refresh({ tokens }) {
      const agent = await idp.createAgent(tokens, { ...byHand, onRefresh: async (tokens) => store(tokens) });
      return (await idp.refresh(agent)).tokens.refresh_token;
    },
    // An agent that the requests of a person share.
    async agentFetch({ tokens, user }) {
      const onRefresh = async (tokens) => store(tokens);
      const agent = (kept[user] ??= await idp.createAgent(tokens, { verify: "claims", onRefresh }));
      return (await (await agent.fetch(options.issuer + "/api")).json()).sub;
    },
    async userInfo({ tokens }) {
      return (await idp.getUserInfo(await idp.createAgent(tokens, byHand))).sub;
    },
    async machine() {
      return (await idp.clientCredentials(["a"])).tokens.access_token;
    },
    async device({ user }) {
      const device = await idp.deviceAuthorization({ scopes: ["openid", user] });
      return (await device.agent).id;
    },
    stored: () => stored,
  };
  // Storing is I/O of the request that does it.
  async function store(tokens) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    stored.push(tokens.refresh_token);
  }
  export default {
    async fetch(request) {
      const [job, ends] = new URL(request.url).pathname.slice(1).split("/");
      const done = Promise.resolve(jobs[job](await request.json()));
      if (ends !== undefined) {
        // The answer ends the request, and with it whatever is under way.
        done.catch(() => {});
        if (ends === "waits") await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 1000))]);
        return Response.json("gone");
      }
      return Response.json((await done.catch(({ name, code, message }) => ({ name, code, message }))) ?? null);
    },
  };`;

/** How many requests came for a path. @param {string} path @param {string} [grant] */
const count = (path, grant) => provider.requests.filter((seen) => seen.path === path && (grant ?? seen.grant) === seen.grant).length;

/** What is asked for, and which answer of the provider is waited for meanwhile. */
const JOBS = {
  "a discovery": { path: DISCOVERY, job: "discover", values: () => ({}), tells: () => provider.issuer },
  "the keys": { path: "/keys", job: "createAgent", values: () => ({ tokens: provider.tokensOf("u1") }), tells: () => "u1" },
  "a machine's token": { path: "/token", job: "machine", values: () => ({}), tells: (/** @type {string} */ first) => first },
  "a refresh": {
    path: "/token", job: "refresh", values: () => ({ tokens: provider.tokensOf("u2") }), tells: (/** @type {string} */ first) => first,
  },
  "a refresh of an agent that requests share": {
    path: "/token", job: "agentFetch", values: () => ({ tokens: expired("u3"), user: "u3" }), tells: () => "u3",
  },
};

/** @param {string} user */
function expired(user) {
  const tokens = provider.tokensOf(user);
  return { ...tokens, issued_at: tokens.issued_at - 3600, expires_at: tokens.issued_at - 60 };
}

describe("requests at the same time share", () => {
  for (const [name, { path, job, values, tells }] of Object.entries(JOBS)) {
    test(`${name}, which the provider takes its time for`, async () => {
      const asked = values();
      const before = count(path);
      const hold = provider.hold(path);
      const first = worker.ask(job, asked);
      await hold.arrived;
      const others = Array.from({ length: 8 }, () => worker.ask(job, asked));
      // Long enough for workerd to see that somebody waits for nothing of their own.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      hold.release();
      const answers = await Promise.all([first, ...others].map(({ answer }) => soon(answer)));
      assert.deepEqual(new Set(answers), new Set([tells(answers[0])]));
      assert.equal(typeof answers[0], "string", JSON.stringify(answers[0]));
      assert.equal(count(path), before + 1);
    });
  }

  test("nothing of each other's sign-ins", async () => {
    const users = ["u4", "u5", "u6"];
    const auths = await Promise.all(users.map(() => begin()));
    await worker.ask("afresh").answer;
    const hold = provider.hold("/keys");
    const asked = users.map((user, at) =>
      worker.ask("exchangeCode", { callback: provider.authorize(auths[at].url, user), auth: auths[at] }));
    await hold.arrived;
    await new Promise((resolve) => setTimeout(resolve, 500));
    hold.release();
    assert.deepEqual(await Promise.all(asked.map(({ answer }) => soon(answer))), users);
  });
});

/** A sign-in that begins elsewhere. */
async function begin() {
  const { IdpClient } = await import("wasm-oidc");
  return IdpClient.createSync({ issuer: provider.issuer, ...CLIENT }).createAuthorizationRequest();
}

describe("a request that is gone in the middle", () => {
  for (const name of /** @type {const} */ (["a discovery", "the keys", "a machine's token"])) {
    test(`leaves ${name} to those who wait and to those who come`, async () => {
      const { path, job, values } = JOBS[name];
      const asked = values();
      const hold = provider.hold(path);
      const waiting = worker.ask(`${job}/waits`, asked);
      await hold.arrived;
      const other = worker.ask(job, asked);
      assert.equal(await waiting.answer, "gone");
      await new Promise((resolve) => setTimeout(resolve, 300));
      hold.release();
      const late = worker.ask(job, asked);
      for (const answer of await Promise.all([soon(other.answer), soon(late.answer)])) {
        assert.equal(typeof answer, "string", JSON.stringify(answer));
        assert.notEqual(answer, "no answer");
      }
    });
  }

  test("is no reason to send its refresh token again before that counts as lost", async () => {
    const asked = { tokens: provider.tokensOf("u7") };
    const hold = provider.hold("/token");
    const gone = worker.ask("refresh/waits", asked);
    await hold.arrived;
    assert.equal(await gone.answer, "gone");
    const other = worker.ask("refresh", asked);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    hold.release();
    assert.equal(provider.sendings().at(-1), 1);
    other.leave();
  });

  test("has its refresh ended and stored for it where the app gave `waitUntil`", async () => {
    await worker.ask("afresh", { waits: true }).answer;
    const asked = { tokens: provider.tokensOf("u8") };
    const hold = provider.hold("/token");
    const gone = worker.ask("refresh/waits", asked);
    await hold.arrived;
    assert.equal(await gone.answer, "gone");
    const other = worker.ask("refresh", asked);
    await new Promise((resolve) => setTimeout(resolve, 500));
    hold.release();
    const renewed = await soon(other.answer);
    assert.match(renewed, /^rt-u8-/);
    assert.deepEqual(await storedOf(2), [renewed, renewed]);
    assert.equal(provider.sendings().at(-1), 1);
  });
});

/** What was stored, once it is so much. @param {number} many */
async function storedOf(many) {
  for (let tries = 0; ; tries += 1) {
    const stored = await worker.ask("stored").answer;
    if (stored.length >= many || tries > 100) return stored;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("a connection that its client breaks off leaves others their answers", async () => {
  const hold = provider.hold(DISCOVERY);
  const first = worker.ask("discover");
  await hold.arrived;
  const second = worker.ask("discover");
  first.leave();
  await new Promise((resolve) => setTimeout(resolve, 300));
  hold.release();
  assert.equal(await soon(second.answer), provider.issuer);
});

test("requests one after the other sign in on devices, each with a signal of its own", async () => {
  for (const user of ["u1", "u2"]) assert.equal(await soon(worker.ask("device", { user }).answer), user);
});

test("userinfo of ten people at the same time is each one's own", async () => {
  provider.dawdle(30);
  const users = Array.from({ length: 10 }, (_, at) => `u${at}`);
  const asked = users.map((user) => worker.ask("userInfo", { tokens: provider.tokensOf(user) }));
  assert.deepEqual(await Promise.all(asked.map(({ answer }) => soon(answer))), users);
  provider.dawdle(0);
});
