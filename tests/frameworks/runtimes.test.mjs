// @ts-check
// The examples that run in Deno and in Bun.
import { describeExample, run } from "./examples.mjs";

describeExample("the example with Deno", (setting) =>
  run("deno run --allow-net --allow-env --allow-read --env-file=www-example/demo.env www-example/deno/main.mjs", setting),
);
describeExample("the example with Bun", (setting) => run("bun --env-file=www-example/demo.env www-example/bun/server.mjs", setting));
