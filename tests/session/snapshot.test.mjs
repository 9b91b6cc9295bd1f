// What an app shows of its session: one object that says everything, and the order in which everybody is told.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { IdpClient, isOAuthError } from "wasm-oidc";

import { startTestProvider } from "../op/provider.mjs";
import { REDIRECT_URI, makeClient } from "./client.mjs";

/** @typedef {import("wasm-oidc").Snapshot} Snapshot */
/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
/** @type {IdpClient} */
let idp;
/** @type {import("./client.mjs").SignedIn["instead"]} */
let instead;
/** @type {() => Promise<void>} */
let signIn;
/** What subscribers, listeners and callers were told, in order. */
/** @type {string[]} */
let told;
/** @type {unknown[]} */
let reported;

before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
});
after(() => provider?.close());

beforeEach(async () => {
  [told, reported] = [[], []];
  globalThis.reportError = (error) => void reported.push(error);
  ({ idp, instead, signIn } = await makeClient(provider));
  for (const type of /** @type {const} */ (["signedin", "refreshed", "refreshfailed", "expired", "signedout", "warning"])) {
    idp.on(type, ({ detail }) => void told.push(`${type} ${detail.agent?.id}`));
  }
});
afterEach(() => {
  idp.dispose();
  Reflect.deleteProperty(globalThis, "reportError");
});

const refused = async () => Response.json({ error: "invalid_grant" }, { status: 400 });
const down = async () => new Response("down", { status: 503 });

/** @param {Snapshot} snapshot */
function shown({ status, agent, isRefreshing, error }) {
  return [status, agent?.id, isRefreshing && "refreshing", error?.code].filter(Boolean).join(" ");
}

/** Subscribes, and forgets what was told so far. */
function follow() {
  const stop = idp.subscribe((snapshot) => void told.push(shown(snapshot)));
  told.length = 0;
  return stop;
}

test("a snapshot is frozen, and the same object until something changes", async () => {
  const first = idp.snapshot;
  assert.ok(Object.isFrozen(first));
  assert.deepEqual(first, { status: "signed-out", agent: null, isRefreshing: false, error: null });
  await idp.getAgent();
  await idp.discover();
  assert.equal(idp.snapshot, first);
  await signIn();
  const second = idp.snapshot;
  assert.deepEqual(second, { status: "signed-in", agent: idp.agent, isRefreshing: false, error: null });
  await idp.getAccessToken();
  assert.equal(idp.snapshot, second);
  await idp.refresh();
  assert.notEqual(idp.snapshot, second);
});

test("a subscriber is called at once, after each change with what idp.snapshot is, and never after its end", async () => {
  /** @type {Snapshot[]} */
  const seen = [];
  const stop = idp.subscribe((snapshot) => {
    assert.equal(snapshot, idp.snapshot);
    seen.push(snapshot);
  });
  assert.deepEqual(seen, [idp.snapshot]);
  await signIn();
  await idp.refresh();
  assert.equal(new Set(seen).size, seen.length, "no snapshot is told twice");
  assert.deepEqual(seen.map(shown), [
    "signed-out", "loading", "signed-in usr_ada", "signed-in usr_ada refreshing", "signed-in usr_ada",
  ]);
  stop();
  stop();
  await idp.signOut({ redirect: false });
  assert.equal(seen.length, 5);
  assert.deepEqual(reported, []);
});

test("the same function subscribed twice is two subscriptions, and what is no function is an error", () => {
  let calls = 0;
  const count = () => void (calls += 1);
  const stops = [idp.subscribe(count), idp.subscribe(count)];
  stops.forEach((stop) => stop());
  assert.equal(calls, 2);
  assert.throws(() => idp.subscribe(/** @type {any} */ ({})), { name: "ConfigurationError", code: "invalid_option" });
});

test("everybody is told in order: snapshot, subscribers, event, and the caller last", async () => {
  follow();
  await signIn().then(() => told.push("caller"));
  assert.deepEqual(told, ["loading", "signed-in usr_ada", "signedin usr_ada", "caller"]);
  told.length = 0;
  await Promise.all([1, 2].map((at) => idp.refresh().then(() => told.push(`caller ${at}`))));
  assert.deepEqual(told, ["signed-in usr_ada refreshing", "signed-in usr_ada", "refreshed usr_ada", "caller 1", "caller 2"]);
  told.length = 0;
  await idp.signOut({ redirect: false }).then(() => told.push("caller"));
  assert.deepEqual(told, ["signed-out", "signedout usr_ada", "caller"]);
});

test("a callback that fails was loading, and the caller is told last that nobody is signed in", async () => {
  follow();
  instead.token = refused;
  await signIn().catch(() => told.push("caller"));
  assert.deepEqual(told, ["loading", "signed-out", "caller"]);
});

test("somebody who is signed in stays so while another sign-in is under way", async () => {
  await signIn();
  const seen = new Set();
  idp.subscribe(({ status }) => seen.add(status));
  await signIn();
  assert.deepEqual([...seen], ["signed-in"]);
});

test("the error is that of the last refresh, until one succeeds", async () => {
  await signIn();
  follow();
  instead.token = down;
  const error = await idp.refresh().catch((thrown) => thrown);
  assert.deepEqual([isOAuthError(error), idp.snapshot.error?.code], [true, error.code]);
  assert.equal(idp.snapshot.status, "signed-in");
  instead.token = undefined;
  await idp.refresh().catch(() => {});
  if (idp.snapshot.error !== null) {
    // A failure that passes is followed by a pause, in which nothing is asked.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await idp.refresh();
  }
  assert.equal(idp.snapshot.error, null);
  assert.equal(told[0], "signed-in usr_ada refreshing");
  assert.match(told[1], /^signed-in usr_ada \w+$/);
});

test("the event of an end says who it was, and the error of an end that was asked for is none", async () => {
  await signIn();
  const { agent } = idp;
  /** @type {any} */
  let detail;
  idp.on("signedout", (event) => void (detail = event.detail));
  await idp.signOut({ redirect: false });
  assert.deepEqual([detail.agent, detail.reason, idp.agent, idp.snapshot.error], [agent, "signed_out", null, null]);
  assert.throws(() => detail.agent.tokens, { code: "signed_out" });
});

test("a listener may call and await every method, also a refresh in the listener of a refresh", async () => {
  await signIn();
  const inner = new Promise((resolve) => {
    const stop = idp.on("refreshed", async () => {
      stop();
      await idp.refresh();
      resolve(await idp.getAccessToken());
    });
  });
  const inSubscriber = new Promise((resolve) => {
    const stop = idp.subscribe(({ isRefreshing }) => {
      if (!isRefreshing) return;
      queueMicrotask(() => stop());
      resolve(idp.getAgent());
    });
  });
  await idp.refresh();
  assert.equal(await inner, idp.agent?.tokens.access_token);
  assert.equal(/** @type {any} */ (await inSubscriber).id, "usr_ada");
});

test("what a subscriber or a listener throws is reported, and stops nobody", async () => {
  const [one, two, three] = [new Error("one"), new Error("two"), new Error("three")];
  const throws = (/** @type {unknown} */ error) => () => {
    throw error;
  };
  const stop = idp.subscribe(throws(one));
  idp.on("signedin", throws(two));
  idp.on("signedin", throws(three));
  follow();
  await signIn();
  assert.deepEqual(reported, [one, one, one, two, three]);
  assert.deepEqual(told, ["loading", "signed-in usr_ada", "signedin usr_ada"]);
  stop();
});

test("a subscriber that ends the session lets every other see every change in order", async () => {
  await signIn();
  idp.subscribe(({ isRefreshing }) => {
    if (isRefreshing) idp.dispose();
  });
  follow();
  await assert.rejects(idp.refresh());
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(told.slice(0, 2), ["signed-in usr_ada refreshing", "signed-out refreshing"]);
  assert.equal(told.at(-1), "signed-out");
});

test("the internal event of a refresh reaches no listener", async () => {
  await signIn();
  let calls = 0;
  idp.addEventListener("statechanged", () => void (calls += 1));
  await idp.refresh();
  assert.equal(calls, 0);
});

test("who subscribes right after a change sees it at once, and nobody sees an older snapshot after a newer one", async () => {
  await signIn();
  /** @type {string[]} */
  const seen = [];
  idp.subscribe(({ isRefreshing }) => {
    if (!isRefreshing) return;
    idp.dispose();
    idp.subscribe((snapshot) => void seen.push(`new ${snapshot.status}`));
  });
  idp.subscribe((snapshot) => void seen.push(`old ${snapshot.status}`));
  seen.length = 0;
  await assert.rejects(idp.refresh());
  assert.equal(seen[0], "new signed-out");
  const old = seen.filter((line) => line.startsWith("old"));
  assert.equal(old[0], "old signed-in");
  assert.ok(old.slice(1).length > 0 && old.slice(1).every((line) => line === "old signed-out"));
});

test("a subscription that another subscriber ends is not told any more", async () => {
  let calls = 0;
  /** @type {() => void} */
  let stop = () => {};
  idp.subscribe(() => stop());
  stop = idp.subscribe(() => void (calls += 1));
  await signIn();
  assert.equal(calls, 1);
});
