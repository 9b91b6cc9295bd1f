// What happens around a trap, told as plain values: runs in every host, is judged in traps.test.mjs.
//
// `runtime` is pkg-template/runtime.js with the build that has src/bindings/traps.rs.

/** The ways in which the wasm can die. */
export const TRAPS = ["trap_panic", "trap_recursion", "trap_stack", "trap_memory"];

/** @typedef {typeof import("../../pkg-template/runtime.js")} Runtime */

/** The trap comes while one call waits for ever and another for a promise of JavaScript. */
export async function trapWhileOthersAreInFlight(/** @type {Runtime} */ runtime, /** @type {string} */ trap) {
  const instance = runtime.acquire();
  const gate = makeGate();
  let reports = 0;
  const forEver = outcome(instance.callAsync((glue) => glue.pending()));
  const gated = outcome(instance.callAsync((glue) => glue.call_after(gate.promise, () => (reports += 1))));
  let deaths = 0;
  instance.onDeath(() => (deaths += 1));

  const thrown = attempt(() => instance.call((glue) => glue[trap]()));
  // As a closure does that the event loop calls: past `call`, straight into the glue.
  let stragglers = 0;
  const straggling = attempt(() => instance.glue.calls_twice(() => (stragglers += 1)));
  const inFlight = [await forEver, await gated];
  const afterwards = [attempt(() => instance.call((glue) => glue.catches(() => {})))];
  afterwards.push(await outcome(instance.callAsync((glue) => glue.pending())));
  instance.onDeath(() => (deaths += 1));

  const fresh = runtime.acquire();
  gate.open();
  await settled();
  return {
    thrown, inFlight, afterwards, deaths, dead: instance.dead,
    lateReports: reports,
    straggling, stragglers,
    replaced: fresh !== instance && !fresh.dead,
    fresh: await worksAsBefore(fresh),
  };
}

/** The trap comes in a promise reaction: nobody is on the stack who could catch it. */
export async function trapInAPromiseReaction(/** @type {Runtime} */ runtime) {
  const instance = runtime.acquire();
  const gate = makeGate();
  const forEver = outcome(instance.callAsync((glue) => glue.pending()));
  const panicking = outcome(instance.callAsync((glue) => glue.panic_after(gate.promise)));
  gate.open();
  return { inFlight: [await forEver, await panicking], dead: instance.dead, fresh: await worksAsBefore(runtime.acquire()) };
}

/** A function of the app that is called by the wasm calls back into it, meets the trap, and swallows it. */
export async function trapSwallowedByACallback(/** @type {Runtime} */ runtime) {
  const instance = runtime.acquire();
  let calls = 0;
  const swallow = () => {
    calls += 1;
    attempt(() => instance.call((glue) => glue.trap_panic()));
  };
  const thrown = attempt(() => instance.call((glue) => glue.calls_twice(swallow)));
  return { thrown, calls, dead: instance.dead, fresh: await worksAsBefore(runtime.acquire()) };
}

/** A function of the app throws; that is no trap. */
export async function exceptionOfACallback(/** @type {Runtime} */ runtime) {
  const instance = runtime.acquire();
  const own = new TypeError("the app's own");
  const throwing = () => {
    throw own;
  };
  let passed;
  try {
    instance.call((glue) => glue.passes_through({ call: throwing }));
  } catch (error) {
    passed = error;
  }
  return {
    caught: instance.call((glue) => glue.catches(throwing)),
    passedUnchanged: passed === own,
    dead: instance.dead,
    same: runtime.acquire() === instance,
  };
}

/** A closure of a dead instance runs while the new one is at work: with shared glue it would write into its memory. */
export async function lateClosuresOfADeadInstance(/** @type {Runtime} */ runtime) {
  const reports = [];
  const gates = [];
  for (let life = 0; life < 5; life += 1) {
    const instance = runtime.acquire();
    const gate = makeGate();
    gates.push(gate);
    outcome(instance.callAsync((glue) => glue.call_after(gate.promise, () => reports.push(life))));
    attempt(() => instance.call((glue) => glue.trap_panic()));
  }
  const last = runtime.acquire();
  const gate = makeGate();
  const waiting = outcome(last.callAsync((glue) => glue.call_after(gate.promise, () => reports.push("last"))));
  for (const { open } of [...gates, gate]) open();
  const answered = await waiting;
  await settled();
  return { reports, answered, dead: last.dead };
}

async function worksAsBefore(/** @type {import("../../pkg-template/runtime.js").Instance} */ instance) {
  let reports = 0;
  const answered = await outcome(
    instance.callAsync((glue) => glue.call_after(Promise.resolve(), () => (reports += 1))),
  );
  return { answered, reports, caught: instance.call((glue) => glue.catches(() => {})) };
}

function makeGate() {
  let open = () => {};
  const promise = new Promise((resolve) => {
    open = () => resolve(undefined);
  });
  return { promise, open };
}

/** Long enough for every promise reaction and timer that is due. */
function settled() {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function outcome(/** @type {Promise<unknown>} */ promise) {
  return promise.then(() => "resolved", describe);
}

function attempt(/** @type {() => unknown} */ act) {
  try {
    act();
    return "returned";
  } catch (error) {
    return describe(error);
  }
}

/** What an app can see of an error, and the name of what the engine threw. */
function describe(/** @type {any} */ error) {
  const { name, code, recovery, cause } = error;
  return { name, code, recovery, isError: error instanceof Error, cause: cause?.name };
}
