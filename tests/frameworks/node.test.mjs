// @ts-check
// The examples that run in Node.
import { describeExample, run } from "./examples.mjs";

describeExample("the example with node:http", (setting) => run("node --env-file=www-example/demo.env www-example/node-http/server.mjs", setting));
describeExample("the example with Express", (setting) => run("node --env-file=www-example/demo.env www-example/express/server.mjs", setting));
describeExample("the example with Fastify", (setting) => run("node --env-file=www-example/demo.env www-example/fastify/server.mjs", setting));
describeExample("the example with Hono", (setting) => run("node --env-file=www-example/demo.env www-example/hono/server.mjs", setting));
