// @ts-check
// What an app can hand in as its fetch function: honest, careless and hostile ones. Each keeps what was done to it in
// `seen`, so that a test can ask.

/** @typedef {{ request: Request | undefined, pulls: number, cancelled: boolean }} Seen */
/** @typedef {((request: Request) => unknown) & { seen: Seen }} Fetch */

/**
 * @param {(request: Request, seen: Seen) => unknown} answer
 * @returns {Fetch}
 */
function fake(answer) {
  /** @type {Seen} */
  const seen = { request: undefined, pulls: 0, cancelled: false };
  const fetch = (/** @type {Request} */ request) => {
    seen.request = request;
    return answer(request, seen);
  };
  return Object.assign(fetch, { seen });
}

/**
 * A response whose body comes from `pull`, one call a chunk.
 *
 * @param {Seen} seen
 * @param {(controller: ReadableStreamDefaultController, pulls: number) => any} pull
 * @param {() => any} [cancel]
 */
function streaming(seen, pull, cancel) {
  return new Response(
    new ReadableStream(
      {
        pull: (controller) => pull(controller, ++seen.pulls),
        cancel() {
          seen.cancelled = true;
          return cancel?.();
        },
      },
      { highWaterMark: 0 },
    ),
  );
}

/** @param {number} milliseconds */
const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * A real `Response`; no body for an empty text.
 *
 * @param {number} status
 * @param {string} headers a JSON object
 * @param {string} body
 */
export const answering = (status, headers, body) =>
  fake(async () => new Response(body === "" ? null : body, { status, headers: JSON.parse(headers) }));

/** Answers with what arrived, as JSON. */
export const echoing = () =>
  fake(async (request) =>
    Response.json({
      method: request.method,
      url: request.url,
      redirect: request.redirect,
      accept: request.headers.get("accept"),
      body: await request.text(),
    }),
  );

/** What a browser makes of a redirect that it was told not to follow. */
export const redirectedOpaquely = () =>
  fake(async () => Object.defineProperties(new Response(null), { status: { value: 0 }, type: { value: "opaqueredirect" } }));

/** @type {Record<string, (seen: Seen) => Response>} */
const STREAMS = {
  "three chunks": (seen) =>
    streaming(seen, (controller, pulls) => {
      if (pulls > 3) controller.close();
      else controller.enqueue(new TextEncoder().encode(`${pulls} `));
    }),
  "kilobytes without end": (seen) => streaming(seen, (controller) => controller.enqueue(new Uint8Array(1024))),
  "empty chunks without end": (seen) => streaming(seen, (controller) => controller.enqueue(new Uint8Array(0))),
  "a drop now and then": (seen) =>
    streaming(seen, async (controller) => {
      await after(5);
      controller.enqueue(new Uint8Array(1));
    }),
  "a stop after one byte": (seen) =>
    streaming(seen, (controller, pulls) => (pulls === 1 ? controller.enqueue(new Uint8Array(1)) : new Promise(() => {}))),
  "an error after one byte": (seen) =>
    streaming(seen, (controller, pulls) => {
      if (pulls === 1) controller.enqueue(new Uint8Array(1));
      else controller.error(new TypeError("the connection was reset"));
    }),
  "kilobytes, and cancelling fails": (seen) =>
    streaming(
      seen,
      (controller) => controller.enqueue(new Uint8Array(1024)),
      () => Promise.reject(new Error("it cannot be cancelled")),
    ),
  "a stream of text": (seen) => bytes(seen, "text"),
  "a stream of numbers": (seen) => bytes(seen, 7),
  "a stream of nothing": (seen) => bytes(seen, undefined),
};

/**
 * A body that a stream of the platform would refuse to be: `Response` takes any stream and looks at it when it is read.
 *
 * @param {Seen} seen
 * @param {unknown} chunk
 */
const bytes = (seen, chunk) => streaming(seen, (controller) => controller.enqueue(chunk));

/** @param {string} name of {@link STREAMS} */
export const streamingFetch = (name) => fake(async (_, seen) => STREAMS[name](seen));

/** Never settles, and does not listen to its signal. */
export const silent = () => fake(() => new Promise(() => {}));

/** Settles only when it is aborted, as the real one does. */
export const patient = () =>
  fake(({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));

const trap = () => {
  throw new Error("a getter that throws");
};
const responseLike = { status: 200, headers: new Headers(), body: null };

/** @type {Record<string, () => unknown>} */
const HOSTILE = {
  "throws an error": () => {
    throw new Error("no fetch today");
  },
  "throws a string": () => {
    throw "no fetch today";
  },
  "throws nothing": () => {
    throw undefined;
  },
  "rejects with a string": () => Promise.reject("no fetch today"),
  "rejects with nothing": () => Promise.reject(),
  "rejects with a symbol": () => Promise.reject(Symbol("no fetch today")),
  "rejects with an object without prototype": () => Promise.reject(Object.create(null)),
  "rejects with an error whose message is a number": () => Promise.reject(Object.assign(new Error(), { message: 7 })),
  "rejects with an error whose message throws": () =>
    Promise.reject(Object.defineProperty(new Error(), "message", { get: trap })),
  "returns undefined": () => undefined,
  "returns null": () => null,
  "returns a number": () => 200,
  "returns a string": () => "{}",
  "returns an empty object": () => ({}),
  "returns a thenable that throws": () => ({ then: trap }),
  "returns a proxy that throws": () => Promise.resolve({ ...responseLike, then: undefined }).then(() => hostileProxy()),
  "answers with a Request": () => new Request("https://idp.example/"),
  "answers with an error response": () => Response.error(),
  "answers with a status that is text": () => ({ ...responseLike, status: "200" }),
  "answers with a status that is no number": () => ({ ...responseLike, status: NaN }),
  "answers with a negative status": () => ({ ...responseLike, status: -200 }),
  "answers with a status of no standard": () => ({ ...responseLike, status: 65_736 }),
  "answers with a status that throws": () => Object.defineProperty({ ...responseLike }, "status", { get: trap }),
  "answers without headers": () => ({ status: 200, body: null }),
  "answers with headers that are text": () => ({ ...responseLike, headers: "content-type: text/html" }),
  "answers with headers that nothing can hold": () => ({ ...responseLike, headers: { "no name": "\r\n" } }),
  "answers with headers that throw": () => ({ ...responseLike, headers: { [Symbol.iterator]: trap } }),
  "answers without a body": () => ({ status: 200, headers: new Headers() }),
  "answers with a body that is text": () => ({ ...responseLike, body: "{}" }),
  "answers with a body without a reader": () => ({ ...responseLike, body: {} }),
  "answers with a reader that is no function": () => ({ ...responseLike, body: { getReader: "reader" } }),
  "answers with a reader that throws": () => ({ ...responseLike, body: { getReader: trap } }),
  "answers with a reader of nothing": () => ({ ...responseLike, body: { getReader: () => undefined } }),
  "answers with a read that throws": () => ({ ...responseLike, body: { getReader: () => ({ read: trap, cancel: trap }) } }),
  "answers with a read of a plain value": () => ({ ...responseLike, body: { getReader: () => ({ read: () => 7 }) } }),
  "answers with a body that somebody reads": () => {
    const response = new Response("{}");
    response.body?.getReader();
    return response;
  },
  "answers with a body that was read": async () => {
    const response = new Response("{}");
    await response.text();
    return response;
  },
};

function hostileProxy() {
  // A promise asks what it resolves with for `then`: nothing else can be read.
  return new Proxy({}, { get: (_, name) => (name === "then" ? undefined : trap()) });
}

/** The names that {@link hostile} knows. */
export const hostileNames = () => Object.keys(HOSTILE);

/** @param {string} name of {@link HOSTILE} */
export const hostile = (name) => fake(HOSTILE[name]);

/** The `Request` of a host that has no cache of responses and refuses the option for it. */
export const RequestWithoutCache = class extends Request {
  /** @param {string} url @param {RequestInit} init */
  constructor(url, init) {
    if (init.cache !== undefined) throw new TypeError("The 'cache' field is not implemented.");
    super(url, init);
  }
};
