// @ts-check
// What a check says of what it saw: plain JavaScript, since no test framework runs in every runtime.

/** @param {unknown} actual @param {unknown} expected both plain data @param {string} [what] */
export function equal(actual, expected, what = "it") {
  const [is, shouldBe] = [written(actual), written(expected)];
  if (is !== shouldBe) throw new Error(`${what} is ${is}, and should be ${shouldBe}`);
}

/** @param {unknown} condition @param {string} what */
export function holds(condition, what) {
  if (condition !== true) throw new Error(`it does not hold that ${what}`);
}

/**
 * What is refused: a call that throws or rejects with this class and this code, which says how to go on.
 *
 * @param {typeof import("wasm-oidc")} wasmOidc
 * @param {() => unknown} work
 * @param {string} name of the class
 * @param {string} code
 * @returns {Promise<any>} the error
 */
export async function refused(wasmOidc, work, name, code) {
  let came;
  try {
    came = await work();
  } catch (error) {
    const { OAuthError, isOAuthError } = wasmOidc;
    const known = /** @type {any} */ (error);
    equal([known.name, known.code], [name, code], `what came of it (${known.message})`);
    const isOfClass = error instanceof OAuthError && error instanceof /** @type {any} */ (wasmOidc)[name];
    holds(isOfClass && error instanceof Error && isOAuthError(error), `${name} is a class of the package`);
    holds(["retry", "reauthenticate", "fix", "stop"].includes(known.recovery), "an error says how to go on");
    return error;
  }
  throw new Error(`${name} ${code} was expected, and ${written(came)} came`);
}

/** With the members of objects in order, so that only what they hold counts. @param {unknown} value */
function written(value) {
  return JSON.stringify(value, (_, part) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : (part ?? (part === undefined ? "(undefined)" : null)),
  );
}
