// @ts-check
// What the provider remembers, in memory: the adapter interface of node-oidc-provider, one store for each provider.

/** @returns a class for the provider's `adapter` setting; two providers never share what they know. */
export function memoryStore() {
  /** @type {Map<string, {payload: Record<string, any>, expiresAt: number}>} */
  const records = new Map();

  return class MemoryStore {
    /** @param {string} model */
    constructor(model) {
      this.model = model;
    }

    /** @param {string} id @param {Record<string, any>} payload @param {number} [expiresIn] seconds; absent: kept */
    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
      records.set(`${this.model}:${id}`, { payload, expiresAt });
    }

    /** @param {string} id */
    async find(id) {
      const record = records.get(`${this.model}:${id}`);
      return record && record.expiresAt > Date.now() ? record.payload : undefined;
    }

    /** @param {string} uid */
    async findByUid(uid) {
      return this.#first((payload) => payload.uid === uid);
    }

    /** @param {string} userCode */
    async findByUserCode(userCode) {
      return this.#first((payload) => payload.userCode === userCode);
    }

    /** @param {string} id */
    async consume(id) {
      const payload = await this.find(id);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    }

    /** @param {string} id */
    async destroy(id) {
      records.delete(`${this.model}:${id}`);
    }

    /** @param {string} grantId */
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of records) {
        if (payload.grantId === grantId) records.delete(key);
      }
    }

    /** @param {(payload: Record<string, any>) => boolean} wanted */
    #first(wanted) {
      for (const [key, { payload, expiresAt }] of records) {
        if (key.startsWith(`${this.model}:`) && expiresAt > Date.now() && wanted(payload)) return payload;
      }
      return undefined;
    }
  };
}
