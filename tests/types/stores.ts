// What an app writes in TypeScript about coordinators and stores compiles, and what it must not write does not.

import type { ClientOptions, LogoutToken, TokenSet, TokenStorage } from "wasm-oidc";
import {
  SessionObject, createSessionHandler, createVerifier, durableObjectCoordinator, durableObjectStorage, kvStorage, lockingCoordinator,
  redisLock, redisReplayStore, sessionIndex, sessionStore, unstorageStorage,
  type KvNamespace, type Lock, type ObjectNamespace, type RedisClient, type RefreshCoordinator, type SessionIndex, type SessionStore,
  type UnstorageStorage,
} from "wasm-oidc/edge";

interface Env {
  SESSIONS: ObjectNamespace;
  KV: KvNamespace;
  ISSUER: string;
}

export class Sessions extends SessionObject {
  override options(env: Env): ClientOptions {
    return { issuer: env.ISSUER, clientId: "app" };
  }
}

export async function worker(env: Env, tokens: TokenSet, token: LogoutToken): Promise<void> {
  void createVerifier({ issuer: env.ISSUER, audience: "api", keyStore: kvStorage(env.KV), dpop: { replayStore: durableObjectStorage(env.SESSIONS) } });
  const strong: TokenStorage = durableObjectStorage(env.SESSIONS, { holdSeconds: 5 });
  const coordinators: RefreshCoordinator[] = [
    durableObjectCoordinator(env.SESSIONS, { waitSeconds: 10 }),
    lockingCoordinator(strong, { leaseSeconds: 30 }),
  ];
  const session = { id: "of 22 characters or more", tokens, expiresAt: 1_800_000_000 };
  const renewed: TokenSet = await coordinators[0]!.renew(session, async (old) => old, { discard: (late) => late.access_token });
  const known: TokenSet | null = await coordinators[1]!.end(session);
  console.log(renewed.scope, known?.scope);
  const index: SessionIndex = sessionIndex(strong);
  const sessions: SessionStore = sessionStore(kvStorage(env.KV, { prefix: "ours" }), { index });
  void createSessionHandler({
    client: { issuer: env.ISSUER, clientId: "app", clientSecret: "secret" },
    publicOrigin: "https://app.example.com",
    secrets: "of 32 characters or more, made by chance",
    store: kvStorage(env.KV),
    coordinator: coordinators[0]!,
    index,
  });
  const facts = { id: session.id, issuer: env.ISSUER, subject: "usr_ada", issuedAt: 1_700_000_000, expiresAt: session.expiresAt };
  await sessions.begin(facts);
  await sessions.save(session.id, "text", { expiresAt: session.expiresAt });
  console.log(await sessions.load(session.id), await index.isOver(session.id), await sessions.endBy(token));
  await sessions.end({ id: session.id, expiresAt: session.expiresAt });
  // @ts-expect-error: a session has tokens
  await coordinators[0]!.renew({ id: session.id }, async (old) => old);
  // @ts-expect-error: Cloudflare KV has no locks
  void kvStorage(env.KV).lock;
}

export async function server(client: RedisClient, storage: UnstorageStorage): Promise<void> {
  const lock: Lock = redisLock(client, { holdSeconds: 5, waitSeconds: 10, prefix: "ours:" });
  const store = unstorageStorage(storage, { lock, prefix: "ours" });
  console.log(await store.lock("name", async () => 1), await store.list("prefix"));
  void lockingCoordinator(store);
  void createVerifier({ issuer: "https://idp.example.com", audience: "api", dpop: { replayStore: redisReplayStore(client) } });
  // @ts-expect-error: no lock was given
  void unstorageStorage(storage).lock;
}
