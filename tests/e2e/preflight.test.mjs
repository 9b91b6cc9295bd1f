// @ts-check
// A preflight in a page: what CORS lets it see, what it hides, and what it refuses, told apart from a provider that is not
// there.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestProvider } from "../op/provider.mjs";
import { notable, startBare, stepOf } from "../tools/bare.mjs";
import { appIn } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPages } from "./pages.mjs";

/** What Chromium says in the console of a request that is answered with a refusal, and of one that is not answered. */
const REFUSED = /the server responded with a status of 40[01]/;
const BY_CORS = /blocked by CORS policy/;
const NO_ANSWER = /net::ERR_(?:FAILED|CONNECTION_REFUSED)/;

describe("a preflight in a page", () => {
  const inTab = useBrowser();
  /** @type {Awaited<ReturnType<typeof startPages>>} */
  let pages;
  /** @type {(() => Promise<unknown>)[]} */
  const endings = [];
  before(async () => {
    pages = await startPages();
    endings.push(() => pages.close());
  });
  after(() => Promise.all(endings.map((end) => end())));

  /** @param {Parameters<typeof startBare>[0]} [change] @param {Parameters<typeof startBare>[1]} [options] */
  async function bare(change, options) {
    const server = await startBare(change, options);
    endings.push(() => server.close());
    return server;
  }

  /**
   * @param {import("playwright-core").Page} page
   * @param {string} issuer
   * @returns {Promise<import("wasm-oidc").PreflightReport>}
   */
  async function look(page, issuer, options = {}) {
    const app = appIn(page, { url: pages.url, issuer });
    await app.open();
    // A client whose discovery fails is one that can be asked why.
    assert.equal((await app.create(options)).error, undefined);
    const { value, error } = await app.call("preflight");
    assert.equal(error, undefined);
    return value;
  }

  it("finds the real provider fit, and names the headers that it hides from this origin", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(REFUSED);
      const provider = await startTestProvider({ redirectUris: [`${pages.url}/callback`] });
      endings.push(() => provider.close());
      const report = await look(page, provider.issuer);
      assert.equal(report.ok, true, JSON.stringify(report, null, 2));
      assert.deepEqual(notable(report), ["clock: skipped", "exposed_headers: warning headers_hidden"]);
      assert.match(stepOf(report, "clock").message, /^unknown: CORS hides/);
      const { hidden, headerLine } = stepOf(report, "exposed_headers").details;
      assert.deepEqual(hidden, ["Date"]);
      assert.equal(headerLine, "Access-Control-Expose-Headers: Retry-After, WWW-Authenticate, DPoP-Nonce, Date");
      for (const name of ["cors_discovery", "cors_key_set", "cors_token", "cors_userinfo"]) {
        assert.equal(stepOf(report, name).status, "success", name);
      }
    }));

  it("measures the clock of a provider that shows Date, and needs no header line", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(REFUSED);
      const { issuer, asked } = await bare();
      const report = await look(page, issuer);
      assert.deepEqual(notable(report), []);
      assert.ok(Math.abs(Number(stepOf(report, "clock").details.differenceSeconds)) <= 2);
      assert.deepEqual(stepOf(report, "exposed_headers").details.hidden, []);
      // The browser itself asked before it sent the token along.
      assert.ok(asked.some(({ method, path }) => method === "OPTIONS" && path === "/me"));
      assert.ok(asked.every(({ headers }) => headers.cookie === undefined));
    }));

  it("tells a provider that CORS keeps from this page from one that is not there", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(BY_CORS, NO_ANSWER);
      const closed = await bare(undefined, { headers: {} });
      const refused = await look(page, closed.issuer);
      assert.equal(stepOf(refused, "reachability").status, "success");
      assert.equal(stepOf(refused, "discovery").status, "skipped");
      const { status, details } = stepOf(refused, "cors_discovery");
      assert.deepEqual([status, details.findings.map(({ code }) => code)], ["failure", ["cors_refused"]]);
      assert.ok(details.findings[0].remedy.includes(`"Access-Control-Allow-Origin: ${pages.url}"`));

      const gone = await startBare();
      await gone.close();
      const silent = await look(page, gone.issuer);
      assert.deepEqual(stepOf(silent, "reachability").details.findings.map(({ code }) => code), ["unreachable"]);
      assert.equal(stepOf(silent, "cors_discovery").status, "skipped");
    }));

  it("names the one endpoint that does not let this page read its answer", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(BY_CORS, NO_ANSWER, REFUSED);
      const other = { "access-control-allow-origin": "https://other.example.com" };
      const { issuer } = await bare((answers) => {
        answers["/token"].headers = other;
      });
      const report = await look(page, issuer);
      assert.deepEqual(notable(report), ["token_endpoint: skipped", "cors_token: failure cors_refused"]);
      assert.equal(report.ok, false);
    }));

  it("names an endpoint that does not take a token from this page", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(BY_CORS, NO_ANSWER, REFUSED);
      const { issuer } = await bare(undefined, {
        headers: { "access-control-allow-origin": "*", "access-control-expose-headers": "Date" },
      });
      const report = await look(page, issuer);
      const { status, details } = stepOf(report, "cors_userinfo");
      assert.deepEqual([status, details.findings.map(({ code }) => code)], ["failure", ["cors_refused"]]);
      assert.match(details.findings[0].remedy, /Access-Control-Allow-Headers: Authorization/);
    }));

  it("says that a redirect URI on another origin than the page cannot work", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(REFUSED);
      const { issuer } = await bare();
      const report = await look(page, issuer, { redirectUri: `${pages.url.replace("127.0.0.1", "localhost")}/callback` });
      const { findings } = stepOf(report, "configuration").details;
      assert.deepEqual(findings.map(({ code }) => code), ["redirect_uri_other_origin"]);
      assert.match(findings[0].message, /"localhost", "127\.0\.0\.1" and other ports are other origins/);
    }));

  it("sees that a policy of the page keeps it from the provider", () =>
    inTab(async ({ page, expectErrors }) => {
      expectErrors(/Content Security Policy/);
      const { issuer, asked } = await bare();
      pages.setHeaders({ "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" });
      try {
        const report = await look(page, issuer);
        const { findings } = stepOf(report, "reachability").details;
        assert.deepEqual(findings.map(({ code }) => code), ["unreachable"]);
        assert.match(findings[0].remedy, /`connect-src`/);
        assert.deepEqual(asked, []);
      } finally {
        pages.setHeaders({});
      }
    }));
});
