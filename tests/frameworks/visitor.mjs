// @ts-check
// Somebody with a browser, without one: keeps cookies, follows redirects, says where a request comes from as browsers do
// (Fetch Metadata), and types into the demo provider's login form. Over node:http, since `fetch` says that of its own.
import { request as send } from "node:http";
import { demoUsers } from "../op/provider.mjs";

/** @typedef {{url: string, status: number, headers: import("node:http").IncomingHttpHeaders, text: string}} Answer */

export class Visitor {
  /** By name: cookies know no ports, and everything here is on one host. @type {Map<string, string>} */
  cookies = new Map();

  /**
   * One request.
   *
   * @param {string} url
   * @param {{method?: string, headers?: Record<string, string>, body?: string}} [options]
   * @returns {Promise<Answer>}
   */
  async ask(url, { method = "GET", headers = {}, body } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await exchange(url, { method, headers: { ...headers, ...(cookie && { cookie }) } }, body);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      if (value && !/;\s*max-age=0/i.test(attributes)) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }

  /**
   * Goes to a page, through redirects and, where the provider asks, its login form.
   *
   * @param {string} url
   * @param {import("../op/provider.mjs").Login} [login]
   * @returns {Promise<Answer>} the page, at which the way ends
   */
  async open(url, login) {
    const headers = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none" };
    let answer = await this.ask(url, { headers });
    for (let step = 0; step < 12; step += 1) {
      const { location } = answer.headers;
      const password = demoUsers.find((user) => user.login === login)?.password;
      if (location !== undefined) {
        answer = await this.ask(new URL(location, answer.url).href, { headers });
      } else if (new URL(answer.url).pathname.startsWith("/interaction/") && login !== undefined && password !== undefined) {
        const body = new URLSearchParams({ login, password }).toString();
        const form = { ...headers, "content-type": "application/x-www-form-urlencoded" };
        answer = await this.ask(answer.url, { method: "POST", headers: form, body });
      } else {
        return answer;
      }
    }
    throw new Error(`no end of the way from ${url} in 12 steps`);
  }

  /** As a script of the app's page posts. @param {string} url */
  post(url) {
    const { origin } = new URL(url);
    const metadata = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin" };
    return this.ask(url, { method: "POST", headers: { origin, "x-wasm-oidc": "1", ...metadata } });
  }
}

/**
 * @param {string} url
 * @param {import("node:http").RequestOptions} options
 * @param {string} [body]
 * @returns {Promise<Answer>}
 */
export function exchange(url, options, body) {
  return new Promise((resolve, reject) => {
    const request = send(url, { ...options, agent: false }, async (response) => {
      let text = "";
      for await (const part of response.setEncoding("utf8")) text += part;
      resolve({ url, status: response.statusCode ?? 0, headers: response.headers, text });
    });
    request.on("error", reject);
    request.end(body);
  });
}
