// @ts-check
// The examples that run in Deno and in Bun.
import { asReadmeSays, describeExample } from "./examples.mjs";

for (const runtime of ["Deno", "Bun"]) describeExample(`the example with ${runtime}`, asReadmeSays(runtime));
