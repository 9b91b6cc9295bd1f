// @ts-check
// The table of the hostile provider, row by row, on the packed package; and what two other libraries do with the same
// rows. `WRITE_TABLE=1` writes docs/hostile-provider.md.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { rows } from "../op/table.mjs";
import { emptyProject } from "../package/project.mjs";
import { DOCUMENT, PEERS, decided, expectation, printed, readDocument, written } from "./document.mjs";
import { tryOauth4webapi } from "./oauth4webapi.mjs";
import { tryOidcClientTs } from "./oidc-client-ts.mjs";
import { attempt } from "./ours.mjs";
import { startWorld } from "./world.mjs";

/** @typedef {import("../op/table.mjs").Row} Row */

/** What each flow asks the provider for, in the order of the alphabet, when nothing goes wrong. @type {Record<string, string[]>} */
const COMPLETE = {
  "sign-in": ["authorize", "discovery", "jwks", "return", "token"],
  userinfo: ["authorize", "discovery", "jwks", "return", "token", "userinfo"],
  refresh: ["authorize", "discovery", "jwks", "return", "token", "token"],
  twice: ["authorize", "authorize", "discovery", "jwks", "jwks", "return", "return", "token", "token"],
  "same code": ["authorize", "discovery", "jwks", "return", "token"],
  "another code": ["authorize", "discovery", "jwks", "return", "token"],
  "front-channel": ["authorize", "discovery", "jwks", "return", "token"],
  // What looks at logout tokens is a wasm of its own, which asks for itself.
  "logout-token": ["discovery", "discovery", "jwks"],
  "sign-out": ["authorize", "discovery", "end_session", "jwks", "return", "revocation", "revocation", "token"],
};

/** What another library is asked for in its column. @type {Record<string, typeof tryOidcClientTs>} */
const attempts = { "oidc-client-ts": tryOidcClientTs, oauth4webapi: tryOauth4webapi };

/** Where what is refused comes after a sign-in that is right. */
const SIGNED_IN_FIRST = ["userinfo", "refresh", "another code", "twice", "front-channel"];

describe("a provider that lies", () => {
  /** @type {Awaited<ReturnType<typeof emptyProject>>} */
  let project;
  /** @type {Awaited<ReturnType<typeof startWorld>>} */
  let world;
  /** @type {any} */
  let wasmOidc;
  /** @type {import("./document.mjs").Line[]} */
  const lines = [];

  before(async () => {
    project = await emptyProject();
    world = await startWorld();
    const resolve = createRequire(join(project.folder, "index.js")).resolve;
    wasmOidc = await import(pathToFileURL(resolve("wasm-oidc")).href);
  });
  after(async () => {
    console.log(`\nfault | module | injected | expected | seen | ${PEERS.join(" | ")}\n${printed(lines)}\n`);
    await world?.close();
    await project?.remove();
  });

  for (const row of rows) {
    const ids = row.ids ? ` [${row.ids.join(", ")}]` : "";
    it(`${row.fault}: ${row.says}: ${expectation(row)}${ids}`, async () => {
      world.hostile.reset();
      world.issued.length = 0;
      const ours = await attempt(wasmOidc, world, row);
      const seen = world.hostile.seen(row.fault);
      const kept = [...ours.stored].flat().join("\n");
      // Before the others sign in, too.
      const issued = [...world.issued];
      lines.push({ row, seen: ours.seen, peers: await observe(row) });

      assert.equal(ours.seen, expectation(row), ours.error?.stack);
      assert.deepEqual(seen.filter((endpoint) => endpoint === "trap" || endpoint === "elsewhere"), []);
      assert.equal(/** @type {any} */ ({}).polluted, undefined);
      if (ours.seen === "accepted") assertDone(row, seen, kept, issued);
      else if (!SIGNED_IN_FIRST.includes(row.flow ?? "")) assertNothingKept(row, ours, seen, kept, issued);
      else if (row.flow === "refresh") assertEnded(row, ours, kept, issued);
      else assert.equal(ours.idp.isAuthenticated, true);
      ours.idp.dispose();
    });
  }

  it("is written down in docs/hostile-provider.md as it is", () => {
    if (process.env.WRITE_TABLE === "1") {
      mkdirSync(new URL(".", DOCUMENT), { recursive: true });
      writeFileSync(DOCUMENT, written(lines, Object.fromEntries(PEERS.map((peer) => [peer, versionOf(peer)]))));
    }
    assert.deepEqual(
      readDocument().map((columns) => columns.join(" | ")),
      rows.map((row) => decided(row).join(" | ")),
    );
  });

  it("names each fault once, and no module that the suite has not", () => {
    const names = rows.map(({ fault }) => fault);
    assert.equal(new Set(names).size, names.length);
    for (const module of rows.flatMap(({ modules }) => modules ?? [])) {
      assert.match(module, /^(oidcc-client-test|fapi2-security-profile-final-client-test-|fapi1-advanced-final-client-test-)/);
    }
  });

  /** The reference columns: observed, not judged. @param {Row} row */
  async function observe(row) {
    /** @type {Record<string, string>} */
    const peers = {};
    for (const peer of PEERS) {
      world.hostile.reset();
      const reason = row.peers?.[peer];
      peers[peer] = reason ? `n/a: ${reason}` : await attempts[peer](world, row);
      assert.match(peers[peer], /^(accepted$|not ours$|refused: .|no end within |n\/a: .)/);
    }
    return peers;
  }

  /**
   * Accepted: no request too many, and the session is in the store.
   *
   * @param {Row} row @param {string[]} seen @param {string} kept @param {string[]} issued
   */
  function assertDone(row, seen, kept, issued) {
    const flow = row.flow ?? "sign-in";
    assert.deepEqual([...seen].sort(), row.seen ? ["authorize", "discovery", "return", ...row.seen].sort() : COMPLETE[flow]);
    if (flow === "sign-out" || flow === "front-channel") return assert.doesNotMatch(kept, /wasm-oidc:session:/);
    if (flow === "logout-token") return assert.match(kept, /^wasm-oidc:logout-token:/);
    // The search that finds nothing where a row is refused does find tokens where there are any.
    assert.ok(issued.slice(-3).some((token) => kept.includes(token)), "the tokens are in the store");
  }

  /**
   * Refused, or left alone: no request after the one that was refused, no session, no token anywhere.
   *
   * @param {Row} row @param {import("./ours.mjs").OurOutcome} ours @param {string[]} seen @param {string} kept
   * @param {string[]} issued
   */
  function assertNothingKept(row, { error, idp, events }, seen, kept, issued) {
    if (row.flow === "sign-out") return assert.doesNotMatch(kept, /wasm-oidc:session:/);
    if (row.flow === "logout-token" && !row.twice) assert.equal(kept, "");
    assert.equal(seen.includes("userinfo"), false);
    if (row.chapter === "callback") assert.deepEqual(seen, ["discovery", "authorize", "return"]);
    if (row.chapter === "discovery") assert.equal(seen.includes("token"), false);
    assert.ok(seen.filter((endpoint) => endpoint === "token").length <= 1, "a code is sent once");
    assert.doesNotMatch(kept, /wasm-oidc:session:/);
    assert.equal(idp.isAuthenticated, false);
    assert.deepEqual(events, []);
    const said = error === undefined ? "" : [error.message, JSON.stringify(error), String(error.cause)].join("\n");
    // A token that a row made short is in many texts.
    const secrets = issued.filter((token) => token.length > 20);
    assert.deepEqual(secrets.filter((secret) => kept.includes(secret) || said.includes(secret)), []);
  }

  /**
   * A refreshed set that is provably wrong ends the session and is wiped; one that only the clock is against does not.
   *
   * @param {Row} row @param {import("./ours.mjs").OurOutcome} ours @param {string} kept @param {string[]} issued
   */
  function assertEnded(row, { idp, events }, kept, issued) {
    assert.equal(idp.isAuthenticated, row.keeps ?? false);
    assert.equal(events.includes("signedout"), !row.keeps);
    assert.equal(/wasm-oidc:session:/.test(kept) && /access_token/.test(kept), row.keeps ?? false);
    const [access, , id] = issued.slice(-3);
    assert.deepEqual([access, id].filter((token) => kept.includes(token)), []);
  }
});

/** @param {string} name of a package */
function versionOf(name) {
  const url = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")).version;
}
