// The suite of the public API, unchanged in every runtime. `npm run runtimes` shows the same as a table.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { UNCAUGHT } from "./here.mjs";
import { HOSTS } from "./hosts/index.mjs";
import { AT_ONCE, outcomes, runIn } from "./run.mjs";
import { startSetting } from "./setting.mjs";
import { CHECKS } from "./suite/index.mjs";
import { table } from "./table.mjs";

describe("the suite of the public API", { concurrency: AT_ONCE }, () => {
  /** @type {import("./setting.mjs").Started} */
  let started;
  before(async () => {
    started = await startSetting();
  });
  after(() => started?.close());

  for (const runtime of Object.keys(HOSTS)) {
    it(`passes in ${runtime}`, async () => {
      const report = await runIn(runtime, started);
      assert.deepEqual([...report.outcomes.keys()], [...CHECKS.map(({ name }) => name), UNCAUGHT]);
      assert.deepEqual(table([report]).failures, []);
      assert.match(report.version, /^\d+\.\d+/);
    });
  }
});

describe("a check of the suite", () => {
  const WHERE = /** @type {const} */ ({ runtime: "Chromium", kind: "page" });

  it("has a name of its own, and a reason for each runtime that it leaves out", () => {
    assert.equal(new Set(CHECKS.map(({ name }) => name)).size, CHECKS.length);
    for (const { name, cannot, leaves, again } of CHECKS) {
      for (const [where, reason] of Object.entries(cannot ?? {})) {
        assert.ok(["page", "process", "worker", ...Object.keys(HOSTS)].includes(where), `${name}: ${where}`);
        assert.ok(String(reason).length > 10, name);
      }
      if (leaves) assert.ok(again, `${name} comes back`);
    }
  });

  it("that did not run, did not go on, or failed in a later life has failed", () => {
    const nothing = { first: {}, second: {}, leaving: {}, back: {} };
    const [twice] = CHECKS.filter(({ again, leaves, cannot }) => again && !leaves && !cannot);
    const [leaving] = CHECKS.filter(({ leaves }) => leaves);
    const missing = outcomes(WHERE, nothing, []);
    for (const { name, cannot } of CHECKS) {
      const expected = cannot?.page === undefined ? { passed: false, message: leaving.name === name ? "it did not go on" : "it did not run" } : { cannot: cannot.page };
      assert.deepEqual(missing.get(name), expected);
    }
    const passed = { [twice.name]: { passed: true } };
    const failed = { [twice.name]: { passed: false, message: "no" } };
    assert.deepEqual(outcomes(WHERE, { ...nothing, first: passed }, []).get(twice.name), { passed: false, message: "it did not go on" });
    assert.deepEqual(outcomes(WHERE, { ...nothing, first: passed, second: failed }, []).get(twice.name), { passed: false, message: "no" });
    assert.deepEqual(outcomes(WHERE, { ...nothing, first: passed, second: passed }, []).get(twice.name), { passed: true });
    assert.deepEqual(outcomes(WHERE, nothing, ["an error"]).get(UNCAUGHT), { passed: false, message: "an error" });
    assert.equal(table([{ runtime: "x", kind: "page", version: "1", outcomes: missing }]).failures.length, CHECKS.filter(({ cannot }) => !cannot?.page).length);
  });
});
