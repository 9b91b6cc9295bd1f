// @ts-check
// Where sessions are kept in a browser: Web Storage, and IndexedDB encrypted. What is lost, blocked or full ends in a
// typed error of the store, and never in a client that cannot be used.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestProvider } from "../op/provider.mjs";
import { appIn } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ value?: any, error?: { name: string, code: string, message: string, recovery: string } }} Outcome */

const inTab = useBrowser();
/** @type {Awaited<ReturnType<typeof startPages>>} */
let pages;
/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
before(async () => {
  pages = await startPages();
  provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
});
after(async () => {
  await provider?.close();
  await pages?.close();
});

const appOf = (/** @type {Page} */ page) => appIn(page, { url: pages.url, issuer: provider.issuer });

/**
 * Calls methods of a store of the package in the page, one after the other; the outcome of the last.
 *
 * @param {Page} page
 * @param {[factory: string, ...args: unknown[]]} made
 * @param {...[method: string, ...args: unknown[]]} calls
 * @returns {Promise<Outcome>}
 */
function ask(page, made, ...calls) {
  return page.evaluate(
    async ([[factory, ...args], ...steps]) => {
      const wasmOidc = await import(/** @type {any} */ ("/pkg/browser.js"));
      // One object for each, as an app would have it.
      const stores = (globalThis.stores ??= {});
      const store = (stores[JSON.stringify([factory, args])] ??= wasmOidc[factory](...args));
      let value;
      try {
        for (const [method, ...given] of steps) value = await store[method](...given);
        return { value };
      } catch (error) {
        if (!(error instanceof wasmOidc.StorageError)) throw error;
        const { name, code, message, recovery } = error;
        return { error: { name, code, message, recovery } };
      }
    },
    /** @type {any} */ ([made, ...calls]),
  );
}

/** @param {Outcome} outcome @param {string} code @param {RegExp} says */
function assertFailed({ value, error }, code, says) {
  assert.ok(error, `expected ${code}, got ${JSON.stringify(value)}`);
  assert.deepEqual([error.name, error.code], ["StorageError", code]);
  assert.equal(error.recovery, code === "key_lost" ? "reauthenticate" : "retry");
  assert.match(error.message, says);
}

/** A getter that throws, as where the user blocked storage. @param {Page} page @param {string} name */
const block = (page, name) =>
  page.addInitScript((member) => {
    Object.defineProperty(window, member, {
      get() {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  }, name);

/**
 * Does something to the rows of the database behind the package's back.
 *
 * @param {Page} page
 * @param {string} work `count keys`, `drop key`, `other key`, `move record`, or `rows`
 * @param {string} [name] of the database
 * @returns {Promise<any>}
 */
function behind(page, work, name = "wasm-oidc") {
  return page.evaluate(
    async ([what, database]) => {
      const settled = (/** @type {IDBRequest} */ request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const other = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      const db = await settled(indexedDB.open(database));
      try {
        const transaction = db.transaction(["keys", "records"], "readwrite");
        const [keys, records] = ["keys", "records"].map((store) => transaction.objectStore(store));
        if (what === "count keys") return await settled(keys.count());
        if (what === "drop key") return await settled(keys.clear());
        if (what === "other key") return await settled(keys.put(other, (await settled(keys.getAllKeys()))[0]));
        if (what === "move record") return await settled(records.put(await settled(records.get("a")), "b"));
        const [key] = await settled(keys.getAll());
        const rows = await settled(records.getAll());
        return {
          extractable: key.extractable,
          algorithm: { ...key.algorithm },
          exported: await crypto.subtle.exportKey("raw", key).catch((error) => error.name),
          ivs: rows.map(({ iv }) => [...iv]),
          texts: rows.map(({ ciphertext }) => new TextDecoder("latin1").decode(ciphertext)),
          members: rows.flatMap((row) => Object.keys(row)),
        };
      } finally {
        db.close();
      }
    },
    /** @type {const} */ ([work, name]),
  );
}

describe("Web Storage", () => {
  for (const kind of ["session", "local"]) {
    it(`of the kind "${kind}" keeps over a reload, and clears what is its own`, () =>
      inTab(async ({ page }) => {
        const app = appOf(page);
        const made = /** @type {[string, string]} */ (["webStorage", kind]);
        await app.open();
        await page.evaluate((name) => {
          const storage = globalThis[`${name}Storage`];
          for (const key of ["cart", "wasm-oidc-of-another", "length", "wasm-oidc:refresh:x"]) storage.setItem(key, "kept");
        }, kind);
        await ask(page, made, ["save", "wasm-oidc:session:a", "1"]);
        await app.open();
        assert.equal((await ask(page, made, ["load", "wasm-oidc:session:a"])).value, "1");
        await ask(page, made, ["save", "mine", "2"], ["save", "mine too", "3"], ["delete", "mine too"]);
        assert.deepEqual((await ask(page, made, ["list"])).value.sort(), ["mine", "wasm-oidc:session:a"]);
        assert.deepEqual((await ask(page, made, ["list", "wasm-oidc:"])).value, ["wasm-oidc:session:a"]);
        assert.equal((await ask(page, made, ["exists", "mine"])).value, true);
        await ask(page, made, ["clear"]);
        assert.equal((await ask(page, made, ["exists", "mine"])).value, false);
        assert.equal((await ask(page, made, ["load", "mine"])).value, null);
        const left = await page.evaluate((name) => {
          const storage = globalThis[`${name}Storage`];
          return Array.from({ length: storage.length }, (_, index) => storage.key(index));
        }, kind);
        assert.deepEqual(left.sort(), ["cart", "length", "wasm-oidc-of-another", "wasm-oidc:refresh:x"]);
      }));
  }

  it("that is blocked, missing or full is a StorageError", () =>
    inTab(async ({ page }) => {
      await block(page, "sessionStorage");
      await page.addInitScript(() => {
        const { localStorage } = window;
        Object.defineProperty(window, "localStorage", { get: () => (globalThis.hasStorage ? localStorage : null) });
      });
      await appOf(page).open();
      for (const call of /** @type {[string, ...unknown[]][]} */ ([["load", "a"], ["save", "a", "1"], ["delete", "a"], ["exists", "a"], ["list"], ["clear"]])) {
        assertFailed(await ask(page, ["webStorage", "session"], call), "storage_unavailable", /sessionStorage .*Access is denied/);
        assertFailed(await ask(page, ["webStorage", "local"], call), "storage_unavailable", /localStorage .*none here/);
      }
      await page.evaluate(() => void (globalThis.hasStorage = true));
      const full = ask(page, ["webStorage", "local"], ["save", "a", "canary".repeat(2 << 20)]);
      assertFailed(await full, "storage_unavailable", /quota/);
      assert.doesNotMatch((await full).error?.message ?? "", /canary/);
    }));
});

describe("the encrypted storage", () => {
  const made = /** @type {[string]} */ (["encryptedStorage"]);

  it("keeps over a reload what nobody can read in the database, under a key that cannot be exported [X27]", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.open();
      await ask(page, made, ["save", "a", "canary ✓"], ["save", "b", "canary ✓"]);
      await app.open();
      assert.equal((await ask(page, made, ["load", "a"])).value, "canary ✓");
      assert.equal((await ask(page, made, ["load", "other"])).value, null);
      const first = await behind(page, "rows");
      assert.deepEqual([first.extractable, first.exported], [false, "InvalidAccessError"]);
      assert.deepEqual(first.algorithm, { name: "AES-GCM", length: 256 });
      assert.deepEqual([...new Set(first.members)].sort(), ["ciphertext", "iv"]);
      await ask(page, made, ["save", "a", "canary ✓"]);
      const second = await behind(page, "rows");
      // Each save has a nonce of its own, even of the same text.
      const nonces = [...first.ivs, second.ivs[0]].map(String);
      assert.equal(new Set(nonces).size, 3);
      assert.ok([...first.ivs, ...second.ivs].every((iv) => iv.length === 12));
      for (const text of [...first.texts, ...second.texts]) assert.doesNotMatch(text, /canary/);
    }));

  it("lists, forgets and clears its own", () =>
    inTab(async ({ page }) => {
      await appOf(page).open();
      await page.evaluate(() => localStorage.setItem("cart", "3 apples"));
      await ask(page, made, ["save", "a:1", "1"], ["save", "a:2", ""], ["save", "b", "3"], ["delete", "b"]);
      assert.deepEqual((await ask(page, made, ["list", "a:"])).value, ["a:1", "a:2"]);
      assert.equal((await ask(page, made, ["load", "a:2"])).value, "");
      assert.equal((await ask(page, made, ["exists", "a:2"])).value, true);
      assert.equal((await ask(page, made, ["exists", "b"])).value, false);
      const elsewhere = /** @type {[string, object]} */ (["encryptedStorage", { name: "another" }]);
      await ask(page, elsewhere, ["save", "a:1", "elsewhere"]);
      await ask(page, made, ["clear"]);
      assert.deepEqual((await ask(page, made, ["list"])).value, []);
      assert.equal((await ask(page, elsewhere, ["load", "a:1"])).value, "elsewhere");
      assert.equal(await page.evaluate(() => localStorage.getItem("cart")), "3 apples");
    }));

  it("has one key for two tabs that begin at once", () =>
    inTab(async ({ page, context }) => {
      const tabs = [page, await context.newPage()];
      for (const tab of tabs) await appOf(tab).open();
      const names = Array.from({ length: 12 }, (_, index) => `race-${index}`);
      const storage = (/** @type {string} */ name) => /** @type {[string, object]} */ (["encryptedStorage", { name }]);
      await Promise.all(
        names.flatMap((name) => tabs.map((tab, index) => ask(tab, storage(name), ["save", `of ${index}`, `by ${index}`]))),
      );
      for (const name of names) {
        assert.equal(await behind(page, "count keys", name), 1);
        for (const tab of tabs) {
          for (const index of [0, 1]) {
            assert.deepEqual(await ask(tab, storage(name), ["load", `of ${index}`]), { value: `by ${index}` }, name);
          }
        }
      }
    }));

  for (const [what, work, key] of [
    ["is gone", "drop key", "a"],
    ["is another one", "other key", "a"],
    ["was not made for this name", "move record", "b"],
  ]) {
    it(`whose key ${what} deletes what it cannot read, says key_lost once, and goes on`, () =>
      inTab(async ({ page }) => {
        await appOf(page).open();
        await ask(page, made, ["save", "a", "canary"]);
        await behind(page, work);
        assertFailed(await ask(page, made, ["load", key]), "key_lost", /deleted/);
        assert.deepEqual(await ask(page, made, ["load", key]), { value: null });
        assert.deepEqual(await ask(page, made, ["save", key, "again"], ["load", key]), { value: "again" });
      }));
  }

  it("is there again after its database was deleted or cleared under it", () =>
    inTab(async ({ page, context }) => {
      await appOf(page).open();
      await ask(page, made, ["save", "a", "1"]);
      const deleted = await page.evaluate(
        () =>
          new Promise((resolve) => {
            const request = indexedDB.deleteDatabase("wasm-oidc");
            request.onsuccess = () => resolve("deleted");
            request.onblocked = () => resolve("blocked");
          }),
      );
      assert.equal(deleted, "deleted", "a page that uses it is in nobody's way");
      assert.deepEqual(await ask(page, made, ["load", "a"]), { value: null });
      assert.deepEqual(await ask(page, made, ["save", "a", "2"], ["load", "a"]), { value: "2" });
      const session = await context.newCDPSession(page);
      await session.send("Storage.clearDataForOrigin", { origin: pages.url, storageTypes: "indexeddb" });
      assert.deepEqual(await ask(page, made, ["load", "a"]), { value: null });
      assert.deepEqual(await ask(page, made, ["save", "a", "3"], ["load", "a"]), { value: "3" });
    }));

  it("whose connection is closed under it opens another one, once", () =>
    inTab(async ({ page }) => {
      await page.addInitScript(() => {
        const { transaction } = IDBDatabase.prototype;
        globalThis.closed = 0;
        IDBDatabase.prototype.transaction = function (...args) {
          if (globalThis.closing > 0) {
            globalThis.closing -= 1;
            this.close();
          }
          return transaction.apply(this, args);
        };
      });
      await appOf(page).open();
      const closing = (/** @type {number} */ times) => page.evaluate((count) => void (globalThis.closing = count), times);
      await ask(page, made, ["save", "a", "1"]);
      await closing(1);
      assert.deepEqual(await ask(page, made, ["load", "a"]), { value: "1" });
      await closing(2);
      assertFailed(await ask(page, made, ["load", "a"]), "storage_unavailable", /IndexedDB/);
      assert.deepEqual(await ask(page, made, ["load", "a"]), { value: "1" });
    }));

  it("that is blocked, missing or of a newer version is a StorageError", () =>
    inTab(async ({ page, context }) => {
      await appOf(page).open();
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            const request = indexedDB.open("wasm-oidc", 7);
            request.onsuccess = () => resolve(request.result.close());
          }),
      );
      assertFailed(await ask(page, made, ["load", "a"]), "storage_unavailable", /version/);
      const blocked = await context.newPage();
      await block(blocked, "indexedDB");
      await appOf(blocked).open();
      const without = await context.newPage();
      await without.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
      await appOf(without).open();
      for (const call of /** @type {[string, ...unknown[]][]} */ ([["load", "a"], ["save", "a", "1"], ["delete", "a"], ["exists", "a"], ["list"], ["clear"]])) {
        assertFailed(await ask(blocked, made, call), "storage_unavailable", /IndexedDB .*Access is denied/);
        assertFailed(await ask(without, made, call), "storage_unavailable", /IndexedDB/);
      }
    }));

  it("that never answers, because somebody else is in the way, is given up", () =>
    inTab(async ({ page, context }) => {
      await appOf(page).open();
      // A connection that ignores who wants to delete the database holds up everybody who comes after.
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            const request = indexedDB.open("wasm-oidc");
            request.onsuccess = () => {
              globalThis.kept = request.result;
              indexedDB.deleteDatabase("wasm-oidc").onblocked = resolve;
            };
          }),
      );
      const waiting = await context.newPage();
      await waiting.clock.install();
      await appOf(waiting).open();
      const asked = ask(waiting, made, ["load", "a"]);
      await waiting.waitForFunction(() => "stores" in globalThis);
      await waiting.clock.runFor(9000);
      assertFailed(await asked, "storage_unavailable", /within 8 seconds/);
      await page.evaluate(() => globalThis.kept.close());
      assert.deepEqual(await ask(waiting, made, ["load", "a"]), { value: null });
    }));

  for (const full of ["throws", "aborts"]) {
    it(`that is full, which ${full}, is a StorageError and keeps what was there`, () =>
      inTab(async ({ page }) => {
        await appOf(page).open();
        await ask(page, made, ["save", "a", "before"]);
        await page.evaluate((how) => {
          const { put } = IDBObjectStore.prototype;
          IDBObjectStore.prototype.put = function (...args) {
            if (how === "throws") throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
            const request = put.apply(this, args);
            this.transaction.abort();
            return request;
          };
        }, full);
        const saved = await ask(page, made, ["save", "a", "canary"]);
        assertFailed(saved, "storage_unavailable", full === "throws" ? /IndexedDB .*quota/ : /IndexedDB .*aborted/);
        assert.doesNotMatch(saved.error?.message ?? "", /canary/);
        assert.deepEqual(await ask(page, made, ["load", "a"]), { value: "before" });
      }));
  }
});

describe("a client", () => {
  /** Everything that is stored of sessions as readable text. @param {Page} page */
  const readable = async (page) => (await appOf(page).stored()).filter(([key]) => key.startsWith("wasm-oidc:session:"));

  for (const storage of ["local", "encrypted"]) {
    it(`with the storage "${storage}" is signed in after a reload, and in a new tab`, () =>
      inTab(async ({ page, context }) => {
        const app = appOf(page);
        await app.start("/", { storage });
        await app.call("handleRedirectCallback", await app.callback());
        await app.start("/", { storage });
        assert.equal((await app.call("getAgent")).value.id, "usr_ada");
        const tab = await context.newPage();
        await appOf(tab).start("/", { storage });
        assert.equal((await appOf(tab).call("getAgent")).value.id, "usr_ada");
        assert.equal((await readable(page)).length, storage === "local" ? 1 : 0);
        const { value: token } = await app.call("getAccessToken");
        if (storage === "encrypted") {
          for (const text of (await behind(page, "rows")).texts) assert.ok(!text.includes(token));
        }
        await app.call("signOut", { redirect: false });
        await app.start("/", { storage });
        assert.equal((await app.call("getAgent")).value, null);
        assert.deepEqual(await app.events(), []);
      }));
  }

  for (const [storage, place] of [["local", "localStorage"], ["encrypted", "indexedDB"]]) {
    it(`with the storage "${storage}" signs in where that is blocked, with one warning, as long as the page lives`, () =>
      inTab(async ({ page }) => {
        await block(page, place);
        const app = appOf(page);
        await app.start("/", { storage });
        assert.equal((await app.call("handleRedirectCallback", await app.callback())).value.agent.id, "usr_ada");
        assert.equal((await app.call("getAgent")).value.id, "usr_ada");
        const warnings = (await app.events()).filter(({ type }) => type === "warning");
        assert.deepEqual(warnings.map(({ reason }) => reason), ["storage_unavailable"]);
      }));
  }

  it("whose key is lost is signed out, and what nobody can read is gone", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      const storage = "encrypted";
      await app.start("/", { storage });
      await app.call("handleRedirectCallback", await app.callback());
      await behind(page, "drop key");
      await app.start("/", { storage });
      assert.equal((await app.call("getAgent")).value, null);
      assert.deepEqual((await ask(page, ["encryptedStorage"], ["list"])).value, []);
    }));

  it("beside another one of another name touches only its own", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      const one = { storage: "local", name: "one" };
      const other = { storage: "local", name: "other" };
      await app.start("/", one);
      await app.call("handleRedirectCallback", await app.callback());
      await app.start("/", other);
      assert.equal((await app.call("getAgent")).value, null);
      assert.equal((await app.call("handleRedirectCallback", await app.callback({}, "ben"))).value.agent.id, "usr_ben");
      assert.equal((await readable(page)).length, 2);
      await app.call("signOut", { redirect: false });
      assert.equal((await readable(page)).length, 1);
      await app.start("/", one);
      assert.equal((await app.call("getAgent")).value.id, "usr_ada");
    }));

  it("shows where it keeps sessions in the app's word", () =>
    inTab(async ({ page }) => {
      const app = appOf(page);
      await app.open();
      const shown = await page.evaluate(
        async ([issuer, redirectUri]) => {
          const { IdpClient, encryptedStorage } = await import(/** @type {any} */ ("/pkg/browser.js"));
          const kept = new Map();
          const own = {
            load: async (/** @type {string} */ key) => kept.get(key),
            save: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
            delete: (/** @type {string} */ key) => kept.delete(key),
          };
          const words = [own, encryptedStorage(), "encrypted", "local", undefined].map(async (storage) => {
            const idp = await IdpClient.create({ issuer, redirectUri, clientId: "test", storage });
            return [idp.storage, idp.options.storage];
          });
          return Promise.all(words);
        },
        /** @type {const} */ ([provider.issuer, `${pages.url}/callback`]),
      );
      assert.deepEqual(shown, [
        ["custom", "custom"],
        ["custom", "custom"],
        ["encrypted", "encrypted"],
        ["local", "local"],
        ["memory", undefined],
      ]);
    }));
});
