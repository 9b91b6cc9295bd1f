// `npm run runtimes`: the suite of the public API in Node 20 and 22, Deno, Bun, workerd, Chromium, Firefox and WebKit, and
// a table of what came of it. Ends with 1 where a check has failed or did not run.
//
// `npm run runtimes -- deno webkit` runs only those whose names contain one of these words.

import { buildPackage } from "./build.mjs";
import { BUILDS } from "./builds.mjs";
import { GaveUp, ifStarted, say } from "./run.mjs";
import { setUp } from "./set-up.mjs";

await ifStarted(import.meta.url, async () => {
  Object.assign(process.env, await setUp({ browser: true }));
  // Not at the top: set-up has to have installed what they import.
  const [{ HOSTS }, { runInEach }, { table }] = await Promise.all([
    import("../tests/runtimes/hosts/index.mjs"),
    import("../tests/runtimes/run.mjs"),
    import("../tests/runtimes/table.mjs"),
  ]);
  const words = process.argv.slice(2).map((word) => word.toLowerCase());
  const chosen = Object.keys(HOSTS).filter((name) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)));
  if (chosen.length === 0) throw new GaveUp(`no runtime is called like ${words.join(" or ")}: there are ${Object.keys(HOSTS).join(", ")}`);

  await buildPackage(BUILDS.package);
  say(`running the suite in ${chosen.join(", ")}`);
  const reports = await runInEach(chosen, (runtime) => say(`done with ${runtime}`));
  const { text, failures } = table(reports);
  console.log(`\n${text}\n`);
  for (const failure of failures) console.log(`FAILED  ${failure}\n`);
  if (failures.length > 0) throw new GaveUp(`${failures.length} checks have failed`);
  say("every check passes in every runtime that can have it");
});
