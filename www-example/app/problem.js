// @ts-check
// An error as the page tells it: what happened, its class and code, and what can be done.
import { element, make } from "./dom.js";

/** What each `recovery` of an OAuthError means for the person in front of the page. */
const advice = {
  retry: "This can pass by itself. Try again.",
  reauthenticate: "Sign in again to go on.",
  fix: "Trying again will not help: the configuration of this app or of the provider has to change.",
  stop: "This sign-in was refused and nothing of it was kept. Do not repeat it unless you know why.",
};

/**
 * @param {any} error of wasm-oidc, or any other
 * @param {{retry: () => void, signIn: () => void}} ways
 */
export function showProblem(error, { retry, signIn }) {
  const recovery = /** @type {keyof typeof advice | undefined} */ (error?.recovery in advice ? error.recovery : undefined);
  const way = { retry: ["Try again", retry], reauthenticate: ["Sign in again", signIn] }[String(recovery)];
  const button = way && make("button.quiet", { type: "button" }, /** @type {string} */ (way[0]));
  button?.addEventListener("click", /** @type {() => void} */ (way?.[1]));

  element("problem").replaceChildren(
    make("h2", { "data-testid": "problem-message" }, error?.message ?? String(error)),
    make("p", { "data-testid": "problem-advice" }, recovery ? advice[recovery] : "This is not an error that the example expected."),
    make(
      "p.kind",
      {},
      make("code", { "data-testid": "problem-class" }, error?.name ?? "Error"),
      ...(error?.code ? [" ", make("code", { "data-testid": "problem-code" }, String(error.code))] : []),
    ),
    ...(button ? [button] : []),
  );
  element("problem").hidden = false;
  if (!recovery) console.error(error);
}

export function hideProblem() {
  element("problem").hidden = true;
}
