// @ts-check
// The package in a page that does nothing by itself: the tests call `app`, and what comes back is plain data.
import { IdpClient, OAuthError, isOAuthError } from "/pkg/browser.js";

/** The client that was made last. @type {IdpClient | undefined} */
let idp;

/** @type {IdpClient[]} */
const clients = [];

/** @type {object[]} */
const events = [];

/** @type {string[]} */
const opened = [];

const eventTypes = ["signedin", "refreshed", "refreshfailed", "signedout", "warning"];

/** Whether the page was last shown as it had been left: HTML, "persisted" of `pageshow`. */
let wasKeptAlive = false;
addEventListener("pageshow", ({ persisted }) => (wasKeptAlive = persisted));

globalThis.app = {
  events,
  wasKeptAlive: () => wasKeptAlive,
  /** URLs that the client would have navigated to. */
  opened,

  /** The client itself, for tests that bring code of their own. */
  get client() {
    return idp;
  },

  /** Makes the client; `collectUrls` keeps it from leaving the page. */
  create: ({ collectUrls = false, ...options }) =>
    outcome(async () => {
      idp = await IdpClient.create({ ...options, ...(collectUrls && { openUrl: (url) => opened.push(url) }) });
      clients.push(idp);
      for (const type of eventTypes) {
        idp.on(type, ({ detail: { agent, error, ...rest } }) => {
          events.push({ type, agent: agent?.id ?? null, ...rest, ...(error && { error: facts(error) }) });
        });
      }
    }),

  /** Calls a method of the client. */
  call: (method, ...args) => outcome(() => idp[method](...args)),

  /** Calls a method several times at once, and says too whether all came to the same agent object. */
  async callAtOnce(times, method, ...args) {
    const results = await Promise.all(Array.from({ length: times }, () => idp[method](...args)));
    return { ids: results.map(({ agent }) => agent.id), isOneAgent: new Set(results.map(({ agent }) => agent)).size === 1 };
  },

  /** Calls a method of every client of this page at once. */
  callEach: (method, ...args) => Promise.all(clients.map((client) => outcome(() => client[method](...args)))),

  /** Who is signed in, without asking anybody. */
  signedIn: () => ({ id: idp.agent?.id ?? null, isAuthenticated: idp.isAuthenticated }),

  tokens: () => idp.agent.tokens,

  /** Calls an API many times at once. @returns the statuses, or what went wrong */
  fetchAtOnce(times, url) {
    const one = () => idp.fetch(url).then(({ status }) => status, (error) => `${error.name} ${error.code}`);
    return Promise.all(Array.from({ length: times }, one));
  },

  /** Calls a method with a window that the page opened. */
  callWithWindow: (method, options) => outcome(() => idp[method]({ ...options, popup: window.open("", "_blank", "popup") })),

  /** Calls a method whose signal is aborted after so many milliseconds, or before. */
  callAborted: (method, options, milliseconds) => {
    const signal = milliseconds === 0 ? AbortSignal.abort() : new AbortController();
    if (milliseconds > 0) setTimeout(() => signal.abort(), milliseconds);
    return outcome(() => idp[method]({ ...options, signal: signal.signal ?? signal }));
  },

  /** Calls a method in the user's next click; `clicked` is what it came to. */
  onClick(method, ...args) {
    addEventListener("click", () => (globalThis.app.clicked = outcome(() => idp[method](...args))), { once: true });
  },

  /** Calls `signInSilent` with each of these options at once, and counts the frames. */
  async silentlyAtOnce(all) {
    let mostFrames = 0;
    const count = () => (mostFrames = Math.max(mostFrames, document.querySelectorAll("iframe").length));
    const observer = new MutationObserver(count);
    observer.observe(document.documentElement, { childList: true, subtree: true });
    const agents = await Promise.all(all.map((options) => idp.signInSilent(options)));
    observer.disconnect();
    return { mostFrames, isOneAgent: new Set(agents).size === 1 };
  },
};

/** What a call came to: `{value}` or `{error}`. */
async function outcome(work) {
  try {
    return { value: plain(await work()) };
  } catch (error) {
    return { error: facts(error) };
  }
}

function plain(value) {
  if (value && typeof value === "object" && "agent" in value) return { ...value, agent: plain(value.agent) };
  if (value && typeof value === "object" && "hasAccess" in value) return { id: value.id, email: value.email, name: value.claims.name };
  return value;
}

function facts(error) {
  const { name, code, message, recovery, expected, actual, appState, status } = error;
  const told = { name, code, message, recovery, expected, actual, appState, status };
  // Everything that a log could show of it, causes included.
  const causes = [];
  for (let at = error; at instanceof Error; at = at.cause) causes.push(String(at), at.stack ?? "", JSON.stringify(at));
  return { ...told, isOAuthError: isOAuthError(error) && error instanceof OAuthError, text: causes.join("\n") };
}
