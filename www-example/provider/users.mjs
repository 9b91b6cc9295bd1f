// @ts-check
// The people who can sign in to the demo provider, with the memberships that its `organizations` claim lists.

/**
 * @typedef {object} Organization one membership, as the claim carries it
 * @property {string} id
 * @property {string} title
 * @property {string[]} scopes `resource:action`, or a role such as `owner`
 * @property {number} joined_at Unix seconds
 *
 * @typedef {object} User
 * @property {string} sub
 * @property {string} login what is typed into the login form
 * @property {string} password shown on the login page: this provider guards nothing
 * @property {string} about one line for the login page
 * @property {string} name
 * @property {string} email
 * @property {boolean} email_verified
 * @property {Organization[]} organizations
 */

/** @type {User[]} */
export const demoUsers = [
  {
    sub: "usr_ada",
    login: "ada",
    password: "notes-1843",
    about: "Owns Analytical Engines",
    name: "Ada Lovelace",
    email: "ada@example.com",
    email_verified: true,
    organizations: [
      {
        id: "org_engines",
        title: "Analytical Engines",
        scopes: ["owner", "admin", "projects:**", "users:*", "billing:read"],
        joined_at: 1_651_363_200,
      },
      {
        id: "org_society",
        title: "Royal Society",
        scopes: ["member", "library:read"],
        joined_at: 1_688_169_600,
      },
    ],
  },
  {
    sub: "usr_ben",
    login: "ben",
    password: "kite-1752",
    about: "Reads tasks, little else",
    name: "Ben Franklin",
    email: "ben@example.com",
    email_verified: true,
    organizations: [
      {
        id: "org_engines",
        title: "Analytical Engines",
        scopes: ["member", "projects.tasks:read"],
        joined_at: 1_717_200_000,
      },
    ],
  },
];
