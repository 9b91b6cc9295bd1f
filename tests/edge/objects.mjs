// @ts-check
// Three Workers, each an isolate of its own, bound to one namespace of Durable Objects in a fourth: in real workerd.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { Miniflare } from "miniflare";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const COORDINATION = '"../../pkg/edge/coordination';

export const EDGES = ["edge-a", "edge-b", "edge-c"];

/** A Worker that renews what it is asked to, in the way that it is asked. */
const EDGE = `
import { IdpClient } from "wasm-oidc";
import { durableObjectCoordinator, durableObjectStorage, kvStorage, lockingCoordinator } from "wasm-oidc/edge";
import { requireSession } from ${COORDINATION}/session-name.js";

const plain = ({ name, code, recovery, message }) => ({ error: { name, code, recovery, message } });

export default {
  async fetch(request, env) {
    const { way, session, options, key, text, ...values } = await request.json();
    const storage = durableObjectStorage(env.SESSIONS, { holdSeconds: 1 });
    const idp = () => IdpClient.createSync(env.CLIENT);
    const refresh = async (tokens) =>
      (await idp().refresh(await idp().createAgent(tokens, { verify: "claims", autoRefresh: false }))).tokens;
    try {
      switch (way) {
        case "object": return Response.json(await durableObjectCoordinator(env.SESSIONS, options).renew(session, refresh));
        case "end": return Response.json(await durableObjectCoordinator(env.SESSIONS).end(session));
        case "lock": return Response.json(await lockingCoordinator(storage, options).renew(session, refresh));
        case "load": return Response.json(await storage.load(key));
        case "save": return Response.json((await storage.save(key, text, values)) ?? null);
        case "delete": return Response.json((await storage.delete(key)) ?? null);
        case "add": return Response.json(await storage.add(key, values.expiresAt));
        case "increment":
          await storage.lock("lock", async () => {
            const count = Number(await storage.load("count"));
            await new Promise((resolve) => setTimeout(resolve, values.milliseconds));
            await storage.save("count", String(count + 1));
          });
          return Response.json(null);
        case "leave": {
          // The other Worker's request is cancelled, as that of a browser that goes away.
          const leaving = new AbortController();
          const asked = env.OTHER.fetch("http://worker/", { method: "POST", body: JSON.stringify(values.call), signal: leaving.signal });
          fetch(values.when).then(() => leaving.abort());
          return await asked.then(() => Response.json("answered"), () => Response.json("left"));
        }
        case "kv": {
          const kv = kvStorage(env.KV, { prefix: "ours:" });
          await kv.save("a/b?c", "text", { expiresAt: Date.now() / 1000 + 2 });
          await kv.save("long".repeat(500), "of a long key");
          await kv.save("stays", "for ever");
          const before = [await kv.load("a/b?c"), await kv.load("long".repeat(500)), await kv.load("stays"), await kv.load("none")];
          await new Promise((resolve) => setTimeout(resolve, 2100));
          const after = await kv.load("a/b?c");
          await kv.delete("stays");
          return Response.json({ before, after, names: await kv.list("st"), deleted: await kv.load("stays") });
        }
        default: {
          // What the test does with an object itself.
          const name = session ? await requireSession(session.id) : "key:" + key;
          const stub = env.SESSIONS.get(env.SESSIONS.idFromName(name));
          return Response.json(await (await stub.fetch("https://test/", { headers: { test: way } })).json());
        }
      }
    } catch (thrown) {
      return Response.json(plain(thrown), { status: 500 });
    }
  },
};`;

/** The Worker of the objects. Their isolate outlives each of them: what it counts is not theirs. */
const OBJECTS = `
import { SessionObject } from "wasm-oidc/edge";

/** Where the next refresh ends with the object's life. */
let crash = "nowhere";

export class Sessions extends SessionObject {
  constructor(state, env) {
    super(state, env);
    this.state = state;
  }
  options(env) {
    return env.CLIENT;
  }
  async refresh(tokens) {
    if (crash === "before") this.#crash();
    const renewed = await super.refresh(tokens);
    if (crash === "after") this.#crash();
    return renewed;
  }
  #crash() {
    crash = "nowhere";
    this.state.abort("the object was evicted");
  }
  async fetch(request) {
    const asked = request.headers.get("test");
    if (asked === null) return super.fetch(request);
    if (asked === "EVICT") this.state.abort("the object was evicted");
    return Response.json([...(await this.state.storage.list()).keys()]);
  }
}
export default {
  async fetch(request) {
    crash = await request.text();
    return new Response();
  },
};`;

/** @param {string} source */
async function bundled(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: HERE, sourcefile: "worker.mjs" },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    outdir: "/worker",
    write: false,
  });
  const isScript = (/** @type {string} */ path) => path.endsWith(".js");
  return outputFiles
    .sort((one, other) => Number(isScript(other.path)) - Number(isScript(one.path)))
    .map(({ path, contents }) => ({ type: /** @type {const} */ (isScript(path) ? "ESModule" : "CompiledWasm"), path, contents }));
}

/**
 * @param {object} client options of the client in each of them
 */
export async function startWorkers(client) {
  const [edge, objects] = await Promise.all([bundled(EDGE), bundled(OBJECTS)]);
  const common = { compatibilityDate: "2026-01-01", modulesRoot: "/worker" };
  const bindings = { CLIENT: client };
  const miniflare = new Miniflare({
    workers: [
      ...EDGES.map((name) => ({
        ...common,
        name,
        modules: edge,
        bindings,
        kvNamespaces: { KV: "kv" },
        serviceBindings: { OTHER: EDGES[1] },
        durableObjects: { SESSIONS: { className: "Sessions", scriptName: "objects" } },
      })),
      { ...common, name: "objects", modules: objects, bindings, durableObjects: { SESSIONS: { className: "Sessions", useSQLite: true } } },
    ],
  });
  await miniflare.ready;
  const workers = await Promise.all(EDGES.map((name) => miniflare.getWorker(name)));
  /**
   * @param {any} call
   * @param {{ at?: number }} [options] `at`: which of the Workers
   */
  const ask = async (call, { at = 0 } = {}) => {
    const response = await workers[at % workers.length].fetch("http://worker/", { method: "POST", body: JSON.stringify(call) });
    return /** @type {Promise<any>} */ (response.json());
  };
  return {
    ask,
    /** @param {"before" | "after"} where */
    crashNext: async (where) => void (await (await miniflare.getWorker("objects")).fetch("http://worker/", { method: "POST", body: where })),
    dispose: () => miniflare.dispose(),
  };
}
