// @ts-check
// The program that gets a token for the API of the examples.
import assert from "node:assert/strict";
import { it } from "node:test";
import { createVerifier } from "wasm-oidc/edge";
import { startSetting, begin } from "./examples.mjs";
import { Visitor } from "./visitor.mjs";

it("a program in a terminal gets a token that the API takes", async () => {
  const setting = await startSetting();
  const { child, ended, output } = begin("node --env-file=www-example/demo.env www-example/token.mjs", setting.env);
  try {
    while (!/Sign in at \S+\n/.test(output())) {
      assert.equal(child.exitCode, null, output());
      await new Promise((resolve) => child.stderr.once("data", resolve));
    }
    const [, url] = /Sign in at (\S+)/.exec(output()) ?? [];
    assert.equal((await new Visitor().open(url, "ben")).status, 200);
    assert.equal((await ended)[0], 0, output());
    const token = output().trim().split("\n").at(-1);
    const verifier = createVerifier({ issuer: setting.issuer, audience: `${setting.origin}/api` });
    const request = new Request(`${setting.origin}/api/tasks`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await verifier.verify(request)).id, "usr_ben");
  } finally {
    child.kill();
  }
});
