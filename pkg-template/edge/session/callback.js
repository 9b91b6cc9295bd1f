// @ts-check
// The route `callback`: the authorization response becomes a session, once (RFC 6749 4.1.2, RFC 9700 4.2.4). It comes in
// the query, or as a form that the provider's page posts (OAuth 2.0 Form Post Response Mode).

import { toError } from "../../errors.js";
import { pageTo, redirect } from "./answers.js";
import { seconds, using } from "./kept-sessions.js";
import { fingerprint } from "./seal.js";

/** How long a store says that a response was redeemed, in seconds: a transaction lives no longer. */
const REMEMBERED_SECONDS = 600;

/** How many responses this process remembers that it is redeeming or has redeemed. */
const MOST_REMEMBERED = 2048;

export class Callback {
  #parts;
  /** Of this process, in plain values: the cookie that says so comes with the first answer. @type {Set<string>} */
  #redeemed = new Set();

  /** @param {import("./handler.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {Request} request
   * @param {string} response the parameters, as a query or a form has them
   * @param {(cookie: string) => void} set told the `Set-Cookie` that go with whatever is answered, errors too
   * @returns {Promise<Response>}
   */
  async handle(request, response, set) {
    const { settings, client, jar, transactions, sessions, renewal } = this.#parts;
    const cookies = jar.read(request);
    const parameters = new URLSearchParams(response);
    const [state, code] = [parameters.get("state"), parameters.get("code") ?? ""];
    if (state === null) throw refused("state_missing", "the authorization response has no `state`");
    const found = await transactions.find(state, cookies);
    if (found === undefined) throw refused("transaction_not_found", "this browser has begun no such sign-in, or too long ago");
    const { name, transaction } = found;
    if ("used" in transaction) return this.#again(transaction, code, cookies);
    await this.#once(state);
    set(await transactions.use(name, code, transaction.returnTo));

    const agent = await client().exchangeCode(`?${response}`, transaction.auth);
    const { tokens } = agent;
    let held;
    try {
      renewal.requirePossible(tokens);
      held = await sessions.begin({ tokens, ...factsOf(agent, transaction.auth.issuer) });
      for (const cookie of await sessions.write(held, cookies)) set(cookie);
    } catch (error) {
      // Nobody will use them.
      await renewal.revoke(tokens).catch(() => {});
      if (held !== undefined) await sessions.end(held).catch(() => {});
      throw error;
    }
    const before = await sessions.load(cookies).catch(() => undefined);
    if (before !== undefined) await sessions.end(before);
    // Its cookie may not come along, by `SameSite`.
    if (transaction.replaces !== undefined && transaction.replaces !== before?.name) await sessions.end({ name: transaction.replaces });
    settings.log({ type: "signedin", agent });
    return settings.sameSite === "strict" ? pageTo(transaction.returnTo, []) : redirect(transaction.returnTo);
  }

  /**
   * The same response once more: a reload, the back button.
   *
   * @param {import("./transaction.js").Used} transaction
   * @param {string} code
   * @param {import("./cookies.js").Cookies} cookies
   */
  async #again({ used, returnTo }, code, cookies) {
    if (used !== (await fingerprint(code))) throw refused("state_mismatch", "another response for this sign-in came before");
    if ((await this.#parts.sessions.load(cookies)) !== undefined) return redirect(returnTo);
    throw handledBefore();
  }

  /**
   * Two requests with one response, at once: the second sends nothing. Of two processes only a store with locks knows.
   *
   * @param {string} state
   */
  async #once(state) {
    const name = await fingerprint(state);
    if (this.#redeemed.has(name)) throw handledBefore();
    this.#redeemed.add(name);
    await this.#onceInStore(`wasm-oidc:redeemed:${name}`);
    for (const old of this.#redeemed) {
      if (this.#redeemed.size <= MOST_REMEMBERED) break;
      this.#redeemed.delete(old);
    }
  }

  /** @param {string} key */
  async #onceInStore(key) {
    const { store } = this.#parts;
    if (store?.lock === undefined) return;
    const once = async () => {
      if ((await store.load(key)) != null) throw handledBefore();
      await store.save(key, "redeemed", { expiresAt: seconds() + REMEMBERED_SECONDS });
    };
    await using("lock", () => store.lock?.(key, once));
  }
}

/**
 * What a logout token of the provider's may name.
 *
 * @param {import("../../index.d.ts").Agent} agent
 * @param {string | undefined} issuer
 */
function factsOf({ id, claims: { iss, sid, iat } }, issuer = "") {
  return {
    issuer: typeof iss === "string" ? iss : issuer,
    subject: id,
    ...(typeof sid === "string" && { providerSession: sid }),
    issuedAt: typeof iat === "number" ? iat : seconds(),
  };
}

function handledBefore() {
  return refused("callback_already_handled", "this authorization response was handled before");
}

/**
 * @param {string} code
 * @param {string} message
 */
function refused(code, message) {
  return toError({ class: "CallbackError", code, message: `${message}: sign in again`, recovery: "reauthenticate" });
}
