// A trap leaves no promise pending, no closure that reaches a living instance, and no client that is broken for good:
// a panic, a full call stack, a full stack in memory and no memory at all, in Node, in Chromium and in workerd.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import * as hosts from "./hosts.mjs";
import { TRAPS } from "./scenarios.mjs";

const WORKS = { answered: "resolved", reports: 1, caught: false };

/** What the engine throws for each; everything else about the error is the same. */
const CAUSES = {
  trap_panic: ["RuntimeError"],
  trap_recursion: ["RangeError", "InternalError"],
  trap_stack: ["RuntimeError"],
  trap_memory: ["RuntimeError"],
};

for (const [name, start] of Object.entries({ Node: hosts.node, Chromium: hosts.page, workerd: hosts.worker })) {
  describe(`in ${name}`, () => {
    /** @type {Awaited<ReturnType<typeof hosts.node>>} */
    let host;
    before(async () => {
      host = await start();
    });
    after(() => host?.close());

    for (const trap of TRAPS) {
      test(`${trap} rejects what is in flight, and the next call starts afresh`, async () => {
        const told = await host.run("trapWhileOthersAreInFlight", trap);
        assert.ok(CAUSES[trap].includes(told.thrown.cause), `cause: ${told.thrown.cause}`);
        for (const error of [told.thrown, ...told.inFlight, ...told.afterwards]) {
          assert.deepEqual(error, {
            name: "PanicError", code: "panicked", recovery: "retry", isError: true, cause: told.thrown.cause,
          });
        }
        assert.equal(told.dead, true);
        assert.equal(told.deaths, 2, "those who listen are told once each, however late they come");
        assert.equal(told.lateReports, 0, "a closure of the dead instance did its work");
        assert.deepEqual([told.straggling, told.stragglers], ["returned", 0], "a late closure ran in the dead instance");
        assert.equal(told.replaced, true);
        assert.deepEqual(told.fresh, WORKS);
        assert.deepEqual(host.uncaught(), []);
      });
    }

    test("a trap in a promise reaction rejects what is in flight and is no uncaught error", async () => {
      const told = await host.run("trapInAPromiseReaction");
      assert.deepEqual(told.inFlight.map(({ name: kind }) => kind), ["PanicError", "PanicError"]);
      assert.equal(told.dead, true);
      assert.deepEqual(told.fresh, WORKS);
      assert.deepEqual(host.uncaught(), []);
    });

    test("a trap that a callback swallows still ends the call that called the callback", async () => {
      const told = await host.run("trapSwallowedByACallback");
      assert.equal(told.thrown.name, "PanicError");
      assert.equal(told.calls, 1, "the dead instance went on");
      assert.equal(told.dead, true);
      assert.deepEqual(told.fresh, WORKS);
    });

    test("an exception of a callback passes through unchanged and ends nothing", async () => {
      assert.deepEqual(await host.run("exceptionOfACallback"), {
        caught: true, passedUnchanged: true, dead: false, same: true,
      });
    });

    test("closures of five dead instances do nothing to the living one", async () => {
      assert.deepEqual(await host.run("lateClosuresOfADeadInstance"), {
        reports: ["last"], answered: "resolved", dead: false,
      });
      assert.deepEqual(host.uncaught(), []);
    });
  });
}

test("the memory of an instance that died is wiped", async () => {
  const host = await hosts.node();
  const { acquire } = await import(new URL("../../target/pkg-traps/runtime.js", import.meta.url).href);
  const Original = WebAssembly.Instance;
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  WebAssembly.Instance = class extends Original {
    constructor(/** @type {ConstructorParameters<typeof Original>} */ ...args) {
      super(...args);
      memories.push(/** @type {WebAssembly.Memory} */ (this.exports.memory));
    }
  };
  try {
    assert.throws(() => acquire().call((glue) => glue.trap_panic()), { name: "PanicError" });
    const seen = acquire();
    const [memory] = memories;
    const isWiped = () => new Uint8Array(memory.buffer).every((byte) => byte === 0);
    assert.equal(isWiped(), false);
    assert.throws(() => seen.call((glue) => glue.trap_panic()), { name: "PanicError" });
    await Promise.resolve();
    assert.equal(isWiped(), true);
  } finally {
    WebAssembly.Instance = Original;
    await host.close();
  }
});
