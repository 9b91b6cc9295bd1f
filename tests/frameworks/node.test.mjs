// @ts-check
// The examples that run in Node.
import { asReadmeSays, describeExample } from "./examples.mjs";

for (const framework of ["node:http", "Express", "Fastify", "Hono"]) describeExample(`the example with ${framework}`, asReadmeSays(framework));
