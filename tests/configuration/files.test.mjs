// @ts-check
// Sessions in files that a configuration names, in Node: made by nothing but the name.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { IdpClient } from "wasm-oidc";

import { signInWithoutBrowser, startTestProvider } from "../op/provider.mjs";

const REDIRECT_URI = "http://127.0.0.1/callback";

/** @type {Awaited<ReturnType<typeof startTestProvider>>} */
let provider;
let folder = "";
before(async () => {
  provider = await startTestProvider({ redirectUris: [REDIRECT_URI] });
  folder = await mkdtemp(join(tmpdir(), "configuration-"));
});
after(async () => {
  await provider?.close();
  await rm(folder, { recursive: true });
});

/** @param {object} storage @param {object} [options] */
const client = (storage, options) => IdpClient.fromConfig(null, {
  config: {
    ...storage,
    providers: { ours: { issuer: provider.issuer, client_id: "test-spa", redirect_uri: REDIRECT_URI, session: "single-user" } },
  },
  ...options,
});

/** @param {IdpClient} idp */
async function signIn(idp) {
  const auth = await idp.createAuthorizationRequest();
  await idp.adopt(await idp.exchangeCode(await signInWithoutBrowser(auth.url, "ada"), auth));
}

test("a CA bundle of a configuration is read when something is asked, and one without certificates is told", async () => {
  const path = join(folder, "ca.pem");
  await writeFile(path, "no certificate");
  const idp = await client({}, { ssl_ca_bundle: path });
  await assert.rejects(idp.discover({ force: true }), (/** @type {any} */ error) => {
    return [error, error.cause, error.cause?.cause].some((one) => String(one?.message).includes(path));
  });
  const own = await client({}, { ssl_ca_bundle: path, fetch });
  assert.equal((await own.discover()).issuer, provider.issuer);
});

describe("a configuration that names a file", () => {
  test("keeps the session for the next client, readable by its owner alone", async () => {
    const storage = { storage: { kind: "file", path: "${FOLDER}/tokens.json" } };
    const options = { env: { FOLDER: folder } };
    await signIn(await client(storage, options));
    assert.equal((await client(storage, options)).agent?.id, "usr_ada");
    assert.equal((await stat(join(folder, "tokens.json"))).mode & 0o777, 0o600);
  });

  test("may name it in a section beside, and by the home folder", async (t) => {
    const { HOME } = process.env;
    process.env.HOME = folder;
    t.after(() => (process.env.HOME = HOME));
    const storage = { token_storage: "file", file: { path: "~/.config/kstlib/tokens.json" } };
    await signIn(await client(storage));
    assert.ok((await readFile(join(folder, ".config/kstlib/tokens.json"), "utf8")).includes("access_token"));
  });

  test("encrypts it under a passphrase that a reference stands for", async () => {
    const path = join(folder, "tokens.sealed");
    const storage = { storage: { kind: "encryptedFile", path, passphrase: "vault://tokens" } };
    /** @type {{ resolveSecret: (reference: string) => Promise<string> }} */
    const options = { resolveSecret: async (reference) => `${reference} is a long passphrase` };
    await signIn(await client(storage, options));
    assert.ok(!(await readFile(path, "utf8")).includes("access_token"));
    assert.equal((await client(storage, options)).agent?.id, "usr_ada");
  });
});
