// @ts-check
// One refresh however many isolates ask for it, and the stores behind sessions at the edge.

export { durableObjectCoordinator, durableObjectStorage } from "./durable-object.js";
export { kvStorage } from "./kv-storage.js";
export { lockingCoordinator } from "./locking-coordinator.js";
export { redisLock } from "./redis-lock.js";
export { redisReplayStore } from "./redis-replays.js";
export { SessionObject } from "./session-object.js";
export { sessionIndex } from "./session-index.js";
export { sessionStore } from "./session-store.js";
export { unstorageStorage } from "./unstorage-storage.js";
