// @ts-check
// Where sessions are kept: each kind that the runtime has outlives a reload or a new process, but for memory.
import { equal, holds } from "./expect.mjs";
import { person, told } from "./people.mjs";

/** @typedef {import("../here.mjs").World} World */

const NO_SESSION_STORAGE = "only a page has a sessionStorage that outlives its load";
const NO_LOCAL_STORAGE = "only pages have a localStorage that this client uses: a program has fileStorage";
const NO_INDEXED_DB = "only pages have IndexedDB";
const NO_FILES = "only processes have files";

/**
 * Signs in, starts anew, and finds the session without asking anybody.
 *
 * @param {string} kind @param {(world: World) => any} storageOf
 * @param {Record<string, string>} [cannot]
 * @returns {import("../here.mjs").Check}
 */
const outlives = (kind, storageOf, cannot) => ({
  name: `a session in ${kind} outlives a new start, and is gone after the sign-out`,
  cannot,
  async run(world) {
    const { idp, signIn } = await person(world, { storage: storageOf(world), name: kind });
    const came = /** @type {any} */ (await signIn());
    equal(came.agent.id, "usr_ada");
    return { issuedAt: came.agent.tokens.issued_at };
  },
  async again(world, kept) {
    const make = () => person(world, { storage: storageOf(world), name: kind });
    const { idp, asked } = await make();
    equal([idp.agent?.id, idp.isAuthenticated, asked()], ["usr_ada", true, 0]);
    equal((await idp.getTokens())?.issued_at, kept.issuedAt);
    await idp.refresh();
    equal(asked(), 1);
    await idp.signOut({ redirect: false });
    idp.dispose();
    const after = await make();
    equal([after.idp.agent, after.idp.isAuthenticated], [null, false]);
    after.idp.dispose();
  },
});

/** A store of the app's own, at a server. @param {World} world @returns {import("wasm-oidc").TokenStorage} */
function remoteStorage({ setting }) {
  const at = (/** @type {string} */ key) => `${setting.runtime} ${key}`;
  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();
  return {
    load: async (key) => JSON.parse(await told(setting, "/load", { key: at(key) })),
    save: (key, value) => told(setting, "/save", { key: at(key), value }),
    delete: (key) => told(setting, "/save", { key: at(key), value: null }),
    lock(_, run) {
      const next = turn.then(() => run());
      turn = next.catch(() => {});
      return next;
    },
  };
}

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "a session in memory is shared by clients of one store, and forgotten by a new start",
    async run(world) {
      const storage = world.wasmOidc.memoryStorage();
      const { idp, signIn } = await person(world, { storage });
      await signIn();
      const other = await person(world, { storage });
      equal([other.idp.agent?.id, other.asked()], ["usr_ada", 0]);
      holds((await storage.list()).length > 0, "the store lists its keys");
      for (const one of [idp, other.idp]) one.dispose();
      await person(world).then(({ signIn }) => signIn());
    },
    async again(world) {
      const { idp } = await person(world);
      equal([idp.storage, idp.agent], ["memory", null]);
      idp.dispose();
    },
  },
  outlives("sessionStorage", () => "session", { process: NO_SESSION_STORAGE, worker: NO_SESSION_STORAGE }),
  outlives("localStorage", () => "local", { process: NO_LOCAL_STORAGE, worker: NO_LOCAL_STORAGE }),
  outlives("encrypted IndexedDB", () => "encrypted", { process: NO_INDEXED_DB, worker: NO_INDEXED_DB }),
  outlives("a store of the app's own", remoteStorage),
  outlives("a file", ({ host }) => host.fileStorage?.("session"), { page: NO_FILES, worker: NO_FILES }),
  outlives("an encrypted file", ({ host }) => host.encryptedFileStorage?.("sealed"), { page: NO_FILES, worker: NO_FILES }),
  {
    name: "where a store is not there, memory takes its place, with a warning",
    cannot: { page: "a page has all of them" },
    async run(world) {
      for (const storage of ["session", "local", "encrypted"]) {
        const { idp, signIn } = await person(world, { storage });
        /** @type {unknown[]} */
        const reasons = [];
        idp.on("warning", ({ detail }) => reasons.push(detail.reason));
        await signIn();
        equal([idp.agent?.id, reasons.includes("storage_unavailable")], ["usr_ada", true], storage);
        await idp.clear();
        idp.dispose();
      }
    },
  },
];
