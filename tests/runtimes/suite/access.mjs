// @ts-check
// What an agent may do: the table of tests/fixtures/access.json, which Rust and the plain rules answer too.
import { equal, holds, refused } from "./expect.mjs";

/** @typedef {import("../here.mjs").World} World */

const ISSUER = "https://idp.example.com";

/** @param {object} part */
const encoded = (part) => btoa(JSON.stringify(part)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** An agent of claims that are written down here. @param {World} world @param {object} claims @param {object} [more] */
async function agentWith({ wasmOidc }, claims, more) {
  const idp = await wasmOidc.IdpClient.create({
    metadata: { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/jwks` },
    clientId: "suite",
    fetch: () => Promise.reject(new TypeError("fetch failed")),
  });
  const now = Math.floor(Date.now() / 1000);
  const idToken = { iss: ISSUER, aud: "suite", sub: "usr_1", iat: now, exp: now + 600, ...claims };
  return idp.createAgent(
    {
      access_token: "secret-access",
      token_type: "Bearer",
      issued_at: now,
      expires_at: now + 600,
      // Nobody looks at the signature: it was verified before.
      id_token: `${encoded({ alg: "RS256" })}.${encoded(idToken)}.c2VjcmV0`,
      version: 1,
      ...more,
    },
    { verify: "claims", autoRefresh: false },
  );
}

/** Scopes that an ID token in ASCII can carry: `btoa` takes no others. @param {string[]} scopes */
const isAscii = (scopes) => scopes.every((scope) => typeof scope !== "string" || /^[\0-~]*$/.test(scope));

/** @type {import("../here.mjs").Check[]} */
export const checks = [
  {
    name: "an agent, many questions at once and the bare function answer as the table says",
    async run(world) {
      let asked = 0;
      for (const { case: name, scopes, isOwner, isAdmin, questions } of world.setting.access) {
        for (const { action, resource, grantedBy } of questions) {
          equal(world.wasmOidc.hasAccess(scopes, action, resource), grantedBy !== null, `${name}: ${action} on ${resource}`);
          asked += 1;
        }
        if (!isAscii(scopes)) continue;
        const agent = await agentWith(world, { organizations: [{ id: "org_xxx", scopes }] });
        const expected = questions.map((/** @type {any} */ { grantedBy }) => grantedBy !== null);
        equal(agent.checkMany(questions), expected, name);
        equal(questions.map((/** @type {any} */ { action, resource }) => agent.hasAccessIn("org_xxx", action, resource)), expected, name);
        equal(questions.some((/** @type {any} */ { action, resource }) => agent.hasAccessIn("org_other", action, resource)), false, name);
        equal([agent.isOwnerOf("org_xxx"), agent.isAdminOf("org_xxx"), agent.isMemberOf("org_other")], [isOwner, isAdmin, false], name);
      }
      holds(asked > 50, "the table has questions");
    },
  },
  {
    name: "what is not granted says what was needed and what there is",
    async run(world) {
      const agent = await agentWith(world, { organizations: [{ id: "org_x", scopes: ["projects:read"] }] });
      agent.requireAccess("read", "projects", "org_x");
      const error = await refused(
        world.wasmOidc, () => agent.requireAccess("write", "projects", "org_x"), "InsufficientScopeError", "insufficient_scope",
      );
      equal([error.required, error.granted], [{ action: "write", resource: "projects", organization: "org_x" }, ["projects:read"]]);
    },
  },
  {
    name: "scopes of the token count for machines, which have no organizations",
    async run(world) {
      const machine = await agentWith(world, { sub: "agt_1" }, { scope: "users:read" });
      equal([machine.type, machine.hasAccess("read", "users"), machine.hasAccess("write", "users")], ["agent", true, false]);
      const member = await agentWith(world, { organizations: [] }, { scope: "users:read" });
      equal(member.hasAccess("read", "users"), false);
    },
  },
];
